"""XMP sidecars: read beside their image, reconciled with it, and read again when they change."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from buckets import reading_buckets
from built import picture, tiff
from images import draw
from swift import Swift
from world import System, World, a_while_later

from app.assets.queries import whereabouts
from app.assets.surrounding_tasks import look_around, look_around_what_was_left
from app.assets.surroundings import sidecars_beside
from app.kit.clock import now
from app.kit.jobs import bind
from app.readings import openings, tasks
from app.readings.extractor import Extractor
from app.readings.parcels import InTurn
from app.readings.sidecars import MOST_BYTES
from app.storage.opening import open_located, prove_there
from app.storage.tokens import ByteToken

OWN, BESIDE = "A tram at the corner", "電車在街角"
LOCATOR = "XMP:XMP-dc:Description"
TOUCHED = 10**9
DATE = "date_created"


def xmp(caption: str = BESIDE, *, inside: str = "", before: str = "", also: str = "") -> bytes:
    """Write a sidecar that says what the picture shows."""
    return f"""{before}<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" {also}>
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{caption}</rdf:li></rdf:Alt></dc:description>
{inside}</rdf:Description></rdf:RDF></x:xmpmeta>
""".encode()


@pytest.fixture
def store(world: World) -> System:
    return world.a_source_system()


def placed(world: World, store: System, name: str, picture: bytes, **beside: bytes) -> UUID:
    """Put a picture and its sidecars where they belong; register the picture alone."""
    for other, content in beside.items():
        (store.folder / other).write_bytes(content)
    return world.an_asset(store, picture, name=name)


def readings(world: World, asset_id: UUID) -> list[dict[str, Any]]:
    rows = world.find(
        "SELECT to_jsonb(r) - 'raw' FROM readings r WHERE asset_id = :id ORDER BY ordinal",
        id=asset_id,
    )
    return [row[0] for row in rows]


def newest(world: World, asset_id: UUID) -> dict[str, Any]:
    return readings(world, asset_id)[-1]


def said(reading: dict[str, Any], field: str = "description") -> list[tuple[str, str, bool, bool]]:
    return [
        (one["value"], one["locator"], one["picked"], one.get("rival", False))
        for one in reading["statements"]
        if one["field"] == field
    ]


def reasons(reading: dict[str, Any]) -> list[tuple[str, str | None]]:
    return [(one["location"], one["reason"]) for one in reading["sidecars"]]


def record(world: World, asset_id: UUID) -> Any:  # noqa: ANN401 - a row
    [row] = world.find(
        "SELECT statements, description_answer, extracted_description FROM provenance_versions"
        " WHERE asset_id = :id ORDER BY version DESC LIMIT 1",
        id=asset_id,
    )
    return row


def conflict(world: World, asset_id: UUID) -> bool:
    return bool(record(world, asset_id)[1] & 256)


@pytest.mark.parametrize("sidecar", ["a.xmp", "a.jpg.xmp", "A.XMP"])
def test_a_sidecar_answers_where_its_image_is_silent(
    world: World, store: System, sidecar: str
) -> None:
    one = placed(world, store, "a.jpg", draw(1), **{sidecar: xmp()})
    world.work()
    reading = newest(world, one)
    assert said(reading) == [(BESIDE, f"sidecar:{sidecar} {LOCATOR}", True, False)]
    assert reading["outcome"] == "read"
    [beside] = reading["sidecars"]
    stat = (store.folder / sidecar).stat()
    assert beside["byte_token"].split(":")[2:4] == [str(stat.st_ino), str(stat.st_size)]
    assert record(world, one)[2] == BESIDE
    assert not conflict(world, one)


DECLARED = '<?xml version="1.0" encoding="UTF-16"?>\n'


@pytest.mark.parametrize(
    ("mark", "codec", "before"),
    [
        pytest.param(b"\xef\xbb\xbf", "utf-8", "", id="UTF-8 with a mark"),
        pytest.param(b"\xff\xfe", "utf-16-le", "", id="little end"),
        pytest.param(b"\xfe\xff", "utf-16-be", "", id="big end"),
        pytest.param(b"\xff\xfe", "utf-16-le", DECLARED, id="declared, little end"),
        pytest.param(b"\xfe\xff", "utf-16-be", DECLARED, id="declared, big end"),
        pytest.param(b"\xff\xfe\0\0", "utf-32-le", DECLARED.replace("16", "32"), id="UTF-32"),
    ],
)
def test_a_sidecar_is_read_in_every_encoding_of_unicode(
    world: World, store: System, mark: bytes, codec: str, before: str
) -> None:
    written = mark + xmp(before=before).decode().encode(codec)
    half_a_letter = b"\0" if codec.startswith("utf-16") else b""
    one = placed(world, store, "a.jpg", draw(1), **{"a.xmp": written + half_a_letter})
    world.work()
    assert said(newest(world, one))[0][0] == BESIDE


def test_an_images_own_words_go_first_and_what_differs_is_a_conflict(
    world: World, store: System
) -> None:
    one = placed(world, store, "a.jpg", draw(1, {"description": OWN}), **{"a.xmp": xmp()})
    world.work()
    assert said(newest(world, one)) == [
        (OWN, "EXIF:IFD0:ImageDescription", True, False),
        (BESIDE, f"sidecar:a.xmp {LOCATOR}", False, True),
    ]
    statements, _, shown = record(world, one)
    assert shown == OWN
    assert {s["value"] for s in statements if s["field"] == "description"} == {OWN, BESIDE}
    assert conflict(world, one)


def test_of_a_raw_file_the_sidecar_is_what_people_edited(world: World, store: System) -> None:
    body = tiff([(0x10E, OWN.encode()), *picture(48, 32)], magic=b"IIRO")
    one = placed(world, store, "a.orf", body, **{"a.xmp": xmp()})
    world.work()
    reading = newest(world, one)
    assert reading["format"] == "ORF"
    assert [(value, chosen) for value, _, chosen, _ in said(reading)] == [
        (BESIDE, True),
        (OWN, False),
    ]
    assert record(world, one)[2] == BESIDE
    assert conflict(world, one)


def test_sidecars_that_agree_are_no_conflict(world: World, store: System) -> None:
    both = {"a.xmp": xmp(OWN.upper()), "a.jpg.xmp": xmp(f" {OWN}")}
    one = placed(world, store, "a.jpg", draw(1, {"description": OWN}), **both)
    world.work()
    places = [place for _, place, _, _ in said(newest(world, one))]
    assert places[1:] == [f"sidecar:a.jpg.xmp {LOCATOR}", f"sidecar:a.xmp {LOCATOR}"]
    assert not conflict(world, one)


def test_two_sidecars_that_differ_are_a_conflict(world: World, store: System) -> None:
    both = {"a.xmp": xmp("One"), "a.jpg.xmp": xmp("Another")}
    one = placed(world, store, "a.jpg", draw(1), **both)
    world.work()
    assert record(world, one)[2] == "Another"  # it names the image whole
    assert conflict(world, one)


def test_a_clock_that_nobody_set_stands_behind_the_sidecars_date(
    world: World, store: System
) -> None:
    dated = xmp(inside="<photoshop:DateCreated>1967-05-02T10:11:12</photoshop:DateCreated>")
    picture = draw(1, {"taken": "2000:01:01 00:00:00"})
    one = placed(world, store, "a.jpg", picture, **{"a.xmp": dated})
    world.work()
    dates = {value: (chosen, rival) for value, _, chosen, rival in said(newest(world, one), DATE)}
    assert dates == {"1967-05-02T10:11:12": (True, False), "2000-01-01T00:00:00": (False, False)}


def look_again(world: World, asset_id: UUID) -> None:
    bind(world.worker)
    look_around([asset_id])
    world.work()


@pytest.fixture
def described(world: World, store: System) -> UUID:
    one = placed(world, store, "a.jpg", draw(1), **{"a.xmp": xmp()})
    world.work()
    return one


def test_a_changed_sidecar_opens_a_reading_that_says_what_changed(
    world: World, store: System, described: UUID, api: httpx2.Client
) -> None:
    (store.folder / "a.xmp").write_bytes(xmp("Edited"))
    look_again(world, described)
    assert said(newest(world, described))[0][0] == "Edited"
    assert record(world, described)[2] == "Edited"
    headers = world.headers("cataloguer", department=store.department)
    found = api.get(f"/v1/assets/{described}/readings/diff", headers=headers).json()
    [changed] = [one for one in found["differences"] if one["field"] == "description"]
    assert [one["value"] for one in changed["before"]] == [BESIDE]
    assert [one["value"] for one in changed["after"]] == ["Edited"]
    listed = api.get(f"/v1/assets/{described}/readings", headers=headers).json()["items"]
    assert [one["sidecars"][0]["location"] for one in listed[:2]] == ["a.xmp", "a.xmp"]


def test_a_vanished_sidecar_takes_its_words_along_and_history_keeps_them(
    world: World, store: System, described: UUID
) -> None:
    (store.folder / "a.xmp").unlink()
    look_again(world, described)
    assert (said(newest(world, described)), newest(world, described)["sidecars"]) == ([], [])
    assert said(readings(world, described)[-2])[0][0] == BESIDE


def test_a_sidecar_that_comes_later_is_read(world: World, store: System) -> None:
    one = placed(world, store, "a.jpg", draw(1))
    world.work()
    (store.folder / "a.xmp").write_bytes(xmp())
    look_again(world, one)
    assert [len(reading["sidecars"]) for reading in readings(world, one)] == [0, 1]


@pytest.mark.parametrize("known", [False, True], ids=["not known before", "known before"])
def test_a_sidecar_that_is_seen_while_its_image_is_read_is_not_missed(
    world: World, store: System, *, known: bool
) -> None:
    one = placed(world, store, "a.jpg", draw(1), **{"a.xmp": xmp()})
    world.lose_jobs()
    bind(world.worker)
    if known:
        look_around([one])
        world.lose_jobs()
    with world.api.transaction() as db:
        turn = InTurn(
            list(db.execute(whereabouts([one])).all()), beside := sidecars_beside(db, [one])
        )
    with tasks.warm_extractor() as reader:
        [parcel] = turn.parcels(reader)
    look_around([one])
    world.work()
    assert readings(world, one) == []
    tasks.record_parcel(parcel, beside, now())
    waiting = world.find("SELECT count(*) FROM procrastinate_jobs WHERE task_name LIKE '%sidecars'")
    assert [row[0] for row in waiting] == [0 if known else 1]
    world.work()
    assert said(newest(world, one))[0][0] == BESIDE
    assert len(readings(world, one)) == (1 if known else 2)


def test_looking_again_at_the_same_reads_nothing_anew(world: World, described: UUID) -> None:
    before = readings(world, described)
    look_again(world, described)
    bind(world.worker)
    tasks.read_files([described])
    world.work()
    assert readings(world, described) == before


def test_people_edit_sidecars_so_they_are_looked_at_each_night(
    world: World, store: System, described: UUID
) -> None:
    (store.folder / "a.xmp").write_bytes(xmp("Edited"))
    world.find(
        "UPDATE surroundings SET looked_at = looked_at - interval '21 hours'", "catalogue_owner"
    )
    bind(world.worker)
    with a_while_later():
        look_around_what_was_left()
    world.work()
    assert said(newest(world, described))[0][0] == "Edited"


def test_an_import_that_tells_of_an_image_again_notices_its_sidecar(
    world: World, store: System, described: UUID
) -> None:
    (store.folder / "a.xmp").write_bytes(xmp("Edited"))
    assert world.register_location(store.code, "a.jpg") == described
    world.work()
    assert said(newest(world, described))[0][0] == "Edited"
    world.register_location(store.code, "a.jpg")
    world.work()
    assert len(readings(world, described)) == 2


def test_lost_jobs_only_delay_a_sidecar(world: World, store: System) -> None:
    one = placed(world, store, "a.jpg", draw(1))
    world.work()
    (store.folder / "a.xmp").write_bytes(xmp())
    bind(world.worker)
    look_around([one])
    world.lose_jobs()
    with a_while_later():
        tasks.read_what_was_left()
    assert said(newest(world, one))[0][0] == BESIDE


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


def a_link(path: Path) -> None:
    secret = path.parent.parent / "secret.txt"
    secret.write_bytes(xmp("Secret"))
    path.symlink_to(secret)


def a_giant(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 30)


def another_kind(path: Path) -> None:
    path.write_bytes(draw(3, {"description": "Not a sidecar"}))


def nothing_at_all(path: Path) -> None:
    path.write_bytes(b"")


def for_another(path: Path) -> None:
    path.write_bytes(
        xmp(inside="<photoshop:SidecarForExtension>CR2</photoshop:SidecarForExtension>")
    )


HOSTILE: dict[str, tuple[Callable[[Path], None], str]] = {
    "a pipe": (a_pipe, "not_a_file"),
    "a link out of the root": (a_link, "not_a_file"),
    "a gigabyte": (a_giant, "too_large"),
    "a picture": (another_kind, "not_xmp"),
    "an empty file": (nothing_at_all, "empty_file"),
    "of another file": (for_another, "of_another_file"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_sidecar_that_cannot_be_read_costs_only_itself(
    world: World, store: System, what: str
) -> None:
    make, reason = HOSTILE[what]
    make(store.folder / "a.xmp")
    one = placed(world, store, "a.jpg", draw(1, {"description": OWN}), **{"a.jpg.xmp": xmp(OWN)})
    other = placed(world, store, "b.jpg", draw(2, {"description": "B"}), **{"b.xmp": xmp("B")})
    world.work()
    reading = newest(world, one)
    assert reasons(reading) == [("a.jpg.xmp", None), ("a.xmp", reason)]
    assert {value for value, _, _, _ in said(reading)} == {OWN}
    assert {value for value, _, _, _ in said(newest(world, other))} == {"B"}
    assert world.find("SELECT 1 FROM hindrances") == []


BOMB = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(12))
ENTITIES = {
    "XXE": ('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>', "&e;"),
    "a bomb of entities": (f'<!DOCTYPE x [<!ENTITY e0 "boom">{BOMB}]>', "&e12;"),
}


@pytest.mark.parametrize("what", ENTITIES)
def test_entities_are_never_followed(world: World, store: System, what: str) -> None:
    declared, used = ENTITIES[what]
    hostile = xmp(f"x{used}", before=f'<?xml version="1.0"?>{declared}')
    one = placed(world, store, "a.jpg", draw(1, {"description": OWN}), **{"a.xmp": hostile})
    world.work()
    texts = [value for value, _, _, _ in said(newest(world, one))]
    assert texts[0] == OWN
    assert all(len(text) < 100 and "root:" not in text for text in texts)


def test_a_sidecar_just_too_long_is_not_read(world: World, store: System) -> None:
    padded = xmp() + b" " * MOST_BYTES
    one = placed(world, store, "a.jpg", draw(1), **{"a.xmp": padded})
    world.work()
    assert reasons(newest(world, one)) == [("a.xmp", "too_large")]


def opening(store: System) -> openings.Opened:
    """Put a picture and its sidecar where they belong and open both."""
    (store.folder / "a.jpg").write_bytes(draw(1))
    (store.folder / "a.xmp").write_bytes(xmp())
    return openings.opened(store.folder.as_uri() + "/", "a.jpg", ["a.xmp"])


def test_a_sidecar_that_changes_while_it_is_read_says_nothing(store: System) -> None:
    one = opening(store)
    with one.held, Extractor() as reader:
        answers = reader.each(one.descriptors())
        next(answers)
        (store.folder / "a.xmp").write_bytes(xmp("Edited"))
        assert [beside.reason for beside in one.heard(answers)] == ["changed"]


def test_a_sidecar_that_is_too_long_is_not_even_opened(
    store: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[str] = []

    def noted(root: str, path: str) -> Any:  # noqa: ANN401 - as it opens
        taken.append(path)
        return open_located(root, path)

    monkeypatch.setattr("app.readings.openings.open_located", noted)
    with (store.folder / "b.xmp").open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    with ExitStack() as held:
        one = openings.open_beside(store.folder.as_uri() + "/", "b.xmp", held, among=0)
    assert (one.file, one.reason, taken) == (None, "too_large", [])


def test_a_sidecar_that_grows_before_it_is_opened_is_not_read(
    store: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    def grown(root: str, path: str) -> ByteToken:
        token = prove_there(root, path)
        with (store.folder / path).open("ab") as file:
            file.truncate(MOST_BYTES + 1)
        return token

    monkeypatch.setattr("app.readings.openings.prove_there", grown)
    one = opening(store)
    with one.held:
        assert [beside.silent().reason for beside in one.beside] == ["too_large"]


def test_of_names_that_differ_in_case_alone_a_few_are_read(world: World, store: System) -> None:
    names = ["a.xmp", "A.xmp", "a.XMP", "a.Xmp", "a.xMp", "a.jpg.xmp"]
    one = placed(world, store, "a.jpg", draw(1), **{name: xmp(name) for name in names})
    world.work()
    found = reasons(newest(world, one))
    assert found[0] == ("a.jpg.xmp", None)
    assert [reason for _, reason in found] == [None] * 4 + ["too_many"] * 2
    before = readings(world, one)
    look_again(world, one)
    tasks.read_all_that_was_left()
    assert readings(world, one) == before


def test_a_registered_sidecar_doubles_nothing(world: World, store: System) -> None:
    one = placed(world, store, "a.jpg", draw(1), **{"a.xmp": xmp()})
    itself = world.register_location(store.code, "a.xmp")
    world.work()
    assert len(said(newest(world, one))) == 1
    assert (newest(world, itself)["outcome"], newest(world, itself)["sidecars"]) == (
        *("unreadable", []),
    )


def test_a_reading_is_a_function_of_image_sidecar_and_its_name(world: World, store: System) -> None:
    elsewhere = world.a_source_system(store.department)
    both = {"a.xmp": xmp(), "a.jpg.xmp": xmp("Another")}
    ones = [placed(world, one, "a.jpg", draw(1), **both) for one in (store, elsewhere)]
    for number in range(3):
        placed(world, store, f"{number}.jpg", draw(number), **{f"{number}.xmp": xmp(str(number))})
    world.work()
    first, second = (newest(world, one) for one in ones)
    assert first["statements"] == second["statements"]
    [[raws]] = world.find(
        "SELECT count(DISTINCT raw) FROM readings WHERE asset_id = ANY(:ids) AND sidecars <> '[]'",
        ids=ones,
    )
    assert raws == 1


def test_nothing_at_the_source_is_touched(world: World, store: System) -> None:
    one = placed(world, store, "a.jpg", draw(1), **{"a.xmp": xmp()})
    for name in ("a.jpg", "a.xmp"):
        os.utime(store.folder / name, ns=(TOUCHED, TOUCHED))
    before = {path.name: path.stat() for path in store.folder.iterdir()}
    world.work()
    look_again(world, one)
    after = {path.name: path.stat() for path in store.folder.iterdir()}
    assert {name: (s.st_mtime_ns, s.st_ctime_ns, s.st_atime_ns) for name, s in after.items()} == {
        name: (s.st_mtime_ns, s.st_ctime_ns, s.st_atime_ns) for name, s in before.items()
    }


@pytest.fixture
def bucket(world: World, swift: Swift) -> Iterator[str]:
    name = f"sidecars-{uuid4().hex[:8]}"
    swift.a_bucket(name)
    with reading_buckets(swift.settings(), name):
        yield name


@pytest.mark.parametrize("sidecar", ["box/a.xmp", "box/a.jpg.xmp"])
def test_a_bucket_has_sidecars_like_a_folder(
    world: World, swift: Swift, bucket: str, sidecar: str
) -> None:
    swift.put(bucket, "box/a.jpg", draw(1, {"description": OWN}))
    swift.put(bucket, sidecar, xmp())
    system = world.a_bucket_system(f"s3://{bucket}/")
    one = world.register_location(system, "box/a.jpg")
    world.work()
    reading = newest(world, one)
    assert reasons(reading) == [(sidecar, None)]
    assert reading["sidecars"][0]["byte_token"].startswith("s3:")
    assert [value for value, _, _, _ in said(reading)] == [OWN, BESIDE]
    assert conflict(world, one)
    swift.put(bucket, sidecar, xmp(OWN))
    world.register_location(system, "box/a.jpg")  # told of again
    world.work()
    assert [value for value, _, _, _ in said(newest(world, one))] == [OWN, OWN]
    assert not conflict(world, one)
