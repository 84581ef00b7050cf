"""A bucket scanned and scanned again by the command line: new, changed, missing, out of reach."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx2
import pytest
from badstore import Asked, complaint, serving_badly
from buckets import reading_buckets
from images import draw
from shelf import Shelf
from swift import Swift
from typer.testing import CliRunner
from working import until, working
from world import World

from app.catalogue.missing import Looked, look
from app.cli import app
from app.cli.scanning_buckets import Prefix

BUCKET = "scanned-photographs"
TOLD = ("registered", "already_there", "moved", "changed", "missing", "refused")
LISTING = """<?xml version='1.0'?><ListBucketResult><IsTruncated>{more}</IsTruncated>
<NextContinuationToken>{at}</NextContinuationToken><Contents><Key>{prefix}{at}.jpg</Key><Size>5</Size>
<ETag>"mark"</ETag></Contents></ListBucketResult>"""


@pytest.fixture(scope="module", autouse=True)
def _at_work(town: World, swift: Swift) -> Iterator[None]:
    swift.a_bucket(BUCKET)
    surroundings = swift.settings() | {"CATALOGUE_ALLOWED_BUCKETS": BUCKET}
    with reading_buckets(swift.settings(), BUCKET), working(town, "scans", None, **surroundings):
        yield


class Scanned(Shelf):
    """A prefix that is scanned by the command that people use."""

    def again(self, where: str = "", exit_code: int = 0) -> dict[str, Any]:
        """Scan it, and say what is not nought."""
        done = self.scan(where)
        assert done.exit_code == exit_code, done.output
        told: dict[str, Any] = json.loads(done.stdout)
        assert told["state"] == "done"
        found = {key: told[key] for key in TOLD if told[key]}
        return found | ({"left_out": told["keys_left_out"]} if told["keys_left_out"] else {})

    def scan(self, where: str = "") -> Any:  # noqa: ANN401 - typer does not name it
        """Run the command."""
        key = self.registrar["Authorization"].removeprefix("Bearer ")
        given = ["--key", key, "--url", str(self.api.base_url), "--source-system", self.code]
        options = ["--legal-status", "undetermined", "--json"]
        return CliRunner().invoke(app, ["scan", where or self.uri, *given, *options])

    def lay(self, key: str, number: int) -> None:
        """Put a picture."""
        self.swift.put(BUCKET, self.prefix + key, draw(number))

    def remove(self, key: str) -> None:
        """Remove an object."""
        self.swift.remove(BUCKET, self.prefix + key)

    def ids(self) -> dict[str, UUID]:
        """Return the assets by where they lie."""
        page = self.api.get(
            "/v1/assets", params={"source_system": self.code}, headers=self.registrar
        )
        return {one["location"]: UUID(one["asset_id"]) for one in page.json()["items"]}

    def hashed(self, asset_id: UUID, times: int = 1) -> bool:
        """Tell whether so many fingerprints of it are there."""
        found = self.town.find("SELECT id FROM fingerprints WHERE asset_id = :id", id=asset_id)
        return len(found) == times

    def seen(self, asset_id: UUID) -> list[str]:
        """Return the states in which it was sighted."""
        asked = "SELECT state FROM sightings WHERE asset_id = :id ORDER BY ordinal"
        return [row.state for row in self.town.find(asked, id=asset_id)]


@pytest.fixture
def scanned(town: World, town_api: httpx2.Client, swift: Swift) -> Scanned:
    """Return a prefix of four pictures, scanned, read and hashed."""
    made = Scanned(town, town_api, swift, town.a_department(), BUCKET)
    assert made.added().status_code == 201
    for number, key in enumerate(("a.jpg", "b.jpg", "box/c 一.jpg", "box/d.jpg"), start=600):
        made.lay(key, number)
    assert made.again() == {"registered": 4}
    until(lambda: all(made.hashed(one) for one in made.ids().values()))
    return made


def test_nothing_happened_and_nothing_is_told(scanned: Scanned, swift: Swift) -> None:
    before = swift.state(BUCKET)
    assert scanned.again() == {"already_there": 4}
    assert [scanned.seen(one) for one in scanned.ids().values()] == [[]] * 4
    assert swift.state(BUCKET) == before


def test_new_changed_and_missing_objects_are_told_apart(scanned: Scanned) -> None:
    before = scanned.ids()
    scanned.lay("b.jpg", 612)
    scanned.remove("a.jpg")
    scanned.lay("new.jpg", 613)
    assert scanned.again() == {"registered": 1, "already_there": 2, "changed": 1, "missing": 1}
    after = scanned.ids()
    assert after == before | {"new.jpg": after["new.jpg"]}
    assert scanned.seen(before["a.jpg"]) == ["missing"]
    assert scanned.seen(before["b.jpg"])[:1] == ["changed"]
    until(lambda: scanned.hashed(before["b.jpg"], 2))  # read again, and hashed again
    assert scanned.again() == {"already_there": 4, "missing": 1}
    assert scanned.seen(before["a.jpg"]) == ["missing"]


def test_a_renamed_object_is_a_missing_copy_and_a_new_one_with_the_same_bytes(
    scanned: Scanned, town: World
) -> None:
    before = scanned.ids()
    scanned.remove("a.jpg")
    scanned.lay("renamed.jpg", 600)
    assert scanned.again() == {"registered": 1, "already_there": 3, "missing": 1}
    until(lambda: scanned.hashed(scanned.ids()["renamed.jpg"]))
    digests = town.find(
        "SELECT DISTINCT sha256 FROM fingerprints WHERE asset_id IN (:old, :new)",
        old=before["a.jpg"],
        new=scanned.ids()["renamed.jpg"],
    )
    assert len(digests) == 1


def test_an_object_that_comes_back_is_there_again(scanned: Scanned) -> None:
    scanned.remove("a.jpg")
    assert scanned.again() == {"already_there": 3, "missing": 1}
    scanned.lay("a.jpg", 600)
    assert scanned.again() == {"already_there": 4}
    assert scanned.seen(scanned.ids()["a.jpg"])[:2] == ["missing", "present"]


def test_a_scan_of_a_prefix_says_nothing_of_the_others(scanned: Scanned) -> None:
    scanned.remove("a.jpg")
    scanned.remove("box/d.jpg")
    assert scanned.again(f"{scanned.uri}box") == {"already_there": 1, "missing": 1}
    assert scanned.seen(scanned.ids()["a.jpg"]) == []


def test_keys_that_no_location_can_say_are_told_and_the_rest_goes_on(scanned: Scanned) -> None:
    scanned.lay("two//slashes.jpg", 620)
    scanned.swift.put(BUCKET, f"{scanned.prefix}marker/", b"")
    told = scanned.again(exit_code=1)
    [sentence] = told.pop("left_out")
    assert (told, "two//slashes.jpg" in sentence) == ({"already_there": 4}, True)


@pytest.mark.parametrize(
    ("where", "said"),
    [
        (f"s3://{BUCKET}/elsewhere/", "nor does it lie beneath it"),
        ("s3://another-bucket/", "no bucket that this installation may read"),
        ("s3://UPPER/", "small letters"),
        (".", "is no prefix"),
    ],
)
def test_a_scan_that_cannot_begin_says_why(scanned: Scanned, where: str, said: str) -> None:
    done = scanned.scan(where)
    assert (done.exit_code, said in done.stderr) == (1, True)


def operations(scanned: Scanned) -> int:
    [[count]] = scanned.town.find("SELECT count(*) FROM operations")
    return int(count)


def nothing_changed(scanned: Scanned, before: int) -> bool:
    seen = [scanned.seen(one) for one in scanned.ids().values()]
    return operations(scanned) == before and seen == [[]] * 4


def test_a_bucket_that_may_not_be_listed_changes_nothing(scanned: Scanned, swift: Swift) -> None:
    before = operations(scanned)
    swift.let_read(BUCKET, "")
    done = scanned.scan()
    swift.let_read(BUCKET, "city:reader")
    assert (done.exit_code, "AccessDenied" in done.stderr) == (1, True)
    assert nothing_changed(scanned, before)


def page(asked: Asked, more: str) -> None:
    [prefix] = parse_qs(urlsplit(asked.path).query)["prefix"]
    asked.send(200, LISTING.format(more=more, at=asked.attempt, prefix=prefix).encode())


def silent_half_way(asked: Asked) -> None:
    (page(asked, "true") if asked.attempt < 3 else asked.complain(503, "SlowDown"))


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        (complaint(404, "NoSuchBucket"), "has no bucket"),
        (complaint(403, "AccessDenied"), "403 AccessDenied"),
        (complaint(503, "SlowDown"), "503 SlowDown"),
        (silent_half_way, "503 SlowDown"),
        (lambda asked: asked.send(307, Location="/elsewhere"), "is not followed"),
    ],
    ids=["no bucket", "no right", "an outage", "an outage half-way", "a redirect"],
)
def test_a_store_out_of_reach_changes_nothing(scanned: Scanned, behaviour: Any, said: str) -> None:  # noqa: ANN401
    before = operations(scanned)
    with serving_badly(behaviour) as store, reading_buckets(store.settings(), BUCKET):
        done = scanned.scan()
    assert (done.exit_code, said in done.stderr) == (1, True), done.output
    assert nothing_changed(scanned, before)


class Row:
    """What is asked of a row of assets that a scan did not see."""

    def __init__(self, number: int, path: str) -> None:
        self.id, self.path, self.token = UUID(int=number), path, 's3:5:1::"mark":bucket/p/one'


def looked(behaviour: Any, *paths: str, some_seen: bool = True) -> tuple[Looked, int]:  # noqa: ANN401
    rows: Any = [Row(number, path) for number, path in enumerate(paths, start=1)]
    told: dict[str, Any] = {"s3_silence_seconds": 0.4}
    with serving_badly(behaviour) as store, reading_buckets(store.settings(), BUCKET, **told):
        return look(f"s3://{BUCKET}/p/", rows, some_seen=some_seen), len(store.asked)


def each_its_own(asked: Asked) -> None:
    word = asked.store.asked[-1][1].rpartition("/")[2]
    if word == "there":
        asked.send(200, b"bytes", ETag='"mark"')
    elif word == "gone" and asked.command == "HEAD":
        asked.send(404)
    else:
        codes = {"gone": (404, "NoSuchKey"), "hidden": (403, "AccessDenied")}
        asked.complain(*codes.get(word, (404, "NoSuchBucket")))


def test_one_clear_no_is_told_from_a_key_that_is_hidden_and_a_bucket_that_went() -> None:
    found, _ = looked(each_its_own, "hidden", "gone", "there", "lost", "gone")
    assert [number.int for number, _ in found.gone] == [2, 5]
    assert (found.last, found.over) == (UUID(int=5), True)


def test_a_store_of_which_nothing_was_seen_may_be_another_one() -> None:
    found, _ = looked(each_its_own, "gone", some_seen=False)
    assert found.gone == []


def test_an_outage_ends_the_looking_at_once() -> None:
    found, asked = looked(complaint(503, "SlowDown"), *("gone",) * 50)
    assert (found, asked) == (Looked([], None, over=True), 3)


def test_looking_asks_for_no_bytes(scanned: Scanned) -> None:
    found, asked = looked(each_its_own, "there", "there")
    assert (found.gone, asked) == ([], 2)


def test_a_listing_is_forgotten_when_it_is_made_again(tmp_path: Path) -> None:
    once = lambda asked: page(asked, "false")  # noqa: E731
    told = reading_buckets
    with serving_badly(once) as store, told(store.settings(), BUCKET, scratch_dir=tmp_path):
        prefix = Prefix("system", f"s3://{BUCKET}/p/", "p")
        assert [prefix.count(), prefix.count()] == [1, 1]
        [(path, mark)] = prefix.seen(pytest.fail, pytest.fail)
        prefix.close()
    assert (path, mark) == (b"p/2.jpg", "s3list:5:%22mark%22")
