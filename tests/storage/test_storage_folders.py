"""A folder of a bucket, asked for many names at once: a page or so, whatever stands between."""

import random
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, quote, urlsplit
from uuid import uuid4

import pytest
from badstore import Asked, BadStore, serving_badly
from buckets import reading_buckets

from app.assets.surroundings import Eyes, Place
from app.storage import listing
from app.storage.beside import names_in
from app.storage.errors import Unreachable

BUCKET = "one-large-folder"
ROOT = f"s3://{BUCKET}/"


def listing_of(keys: list[str], *, from_anywhere: bool = True) -> Callable[[Asked], None]:
    """List these as S3 does, or as a store does that does not know where to begin."""

    def answer(asked: Asked) -> None:
        said = {name: one for name, [one] in parse_qs(urlsplit(asked.path).query, True).items()}
        prefix, after = said["prefix"], said.get("start-after", "") if from_anywhere else ""
        names: dict[str, bool] = {}
        for key in sorted(key for key in keys if key.startswith(prefix) and key > after):
            inner, deeper, _ = key[len(prefix) :].partition("/")
            folded = bool(deeper) and "delimiter" in said
            names[f"{prefix}{inner}/" if folded else key] = folded
        some = list(names)[: int(said["max-keys"])]
        told = "".join(
            f"<CommonPrefixes><Prefix>{quote(one)}</Prefix></CommonPrefixes>"
            if names[one]
            else f"<Contents><Key>{quote(one)}</Key><Size>1</Size><ETag>e</ETag></Contents>"
            for one in some
        )
        more = "true" if len(names) > len(some) else "false"
        head = f"<EncodingType>url</EncodingType><IsTruncated>{more}</IsTruncated>"
        token = f"<NextContinuationToken>{len(some)}</NextContinuationToken>"
        asked.send(200, f"<ListBucketResult>{head}{token}{told}</ListBucketResult>".encode())

    return answer


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(listing, "PAGE", 50)
    return 50


def serving(keys: list[str], **how: bool) -> Iterator[BadStore]:
    with serving_badly(listing_of(keys, **how)) as store, reading_buckets(store.settings(), BUCKET):
        yield store


def beside(folder: tuple[bytes, ...], starts: list[bytes]) -> set[str]:
    return {name.decode() for name in names_in(ROOT, folder, starts)}


@pytest.mark.usefixtures("small_pages")
def test_names_that_lie_side_by_side_cost_a_page_and_not_one_each() -> None:
    keys = [f"box/{number:04}.{kind}" for number in range(400) for kind in ("jpg", "xmp")]
    keys += [f"box/{number:04}.d/below.jpg" for number in range(400)]
    for store in serving(keys):
        found = beside((b"box",), [b"%04d." % number for number in range(100, 200)])
        assert found == {
            f"{number:04}.{kind}" for number in range(100, 200) for kind in ("jpg", "xmp")
        }
        assert len(store.asked) <= 300 // 50 + 1


@pytest.mark.usefixtures("small_pages")
def test_names_far_apart_cost_one_page_each_and_what_lies_between_none() -> None:
    keys = [f"{number:05}.jpg" for number in range(5000)]
    for store in serving(keys):
        starts = [b"%05d." % number for number in range(0, 5000, 1000)]
        found = beside((), [*starts, b"bagit.txt"])
        assert {f"{number:05}.jpg" for number in range(0, 5000, 1000)} <= found
        assert len(found) == 5
        assert len(store.asked) == 6


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("from_anywhere", [True, False], ids=["S3's order", "no place to begin"])
def test_no_name_is_missed_whatever_the_names(from_anywhere: bool) -> None:
    drawn = random.Random(4711)  # noqa: S311
    letters = "ab0-/.~ \ue000香\U0001f4f7"
    keys = sorted({"".join(drawn.choices(letters, k=drawn.randint(1, 5))) for _ in range(600)})
    keys = [key for key in keys if "//" not in key and key[0] != "/"]
    for _ in serving(keys, from_anywhere=from_anywhere):
        for _ in range(8):
            starts = {"".join(drawn.choices(letters.replace("/", ""), k=2)) for _ in range(9)}
            starts -= {".."}
            found = beside((), [one.encode() for one in starts])
            direct = [key for key in keys if "/" not in key]
            assert found == {key for key in direct if key.startswith(tuple(starts))}


@pytest.mark.usefixtures("small_pages")
def test_of_names_that_all_begin_so_a_page_is_enough() -> None:
    for store in serving([f"scan{number:04}.jpg" for number in range(500)]):
        assert len(beside((), [b"scan", b"scan04"])) >= 50 + 50
        assert len(store.asked) == 2


def test_a_folder_that_does_not_answer_tells_nothing() -> None:
    refusing = lambda asked: asked.complain(403, "AccessDenied")  # noqa: E731
    told = reading_buckets
    with (
        serving_badly(refusing) as store,
        told(store.settings(), BUCKET),
        pytest.raises(Unreachable),
    ):
        names_in(ROOT, (b"box",), [b"a"])


def test_a_job_of_neighbours_is_looked_around_in_a_few_questions() -> None:
    keys = [f"box/{number:04}.{kind}" for number in range(400) for kind in ("nef", "jpg")]
    places = [Place(uuid4(), "d", ROOT, f"box/{number:04}.jpg", 1) for number in range(400)]
    for store in serving([*keys, "box/bagit.txt"]):
        eyes = Eyes(places)
        for place in places:
            around = eyes.look(place)
            assert [one.kind for one in around.companions] == ["raw_jpeg"]
            assert [one.kind for one in around.containers] == ["bag"]
        assert len(store.asked) <= 4
