"""What travels together, what a package owns, and what lies twice under one address."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import UUID, uuid4

import httpx2
import pytest
from buckets import reading_buckets
from images import draw
from swift import Swift
from world import System, World, a_while_later

from app.assets.companions import companions_of, sides_in, starts_of
from app.assets.surrounding_tasks import look_around, look_around_what_was_left
from app.kit.jobs import bind
from app.kit.settings import Settings, settings
from app.storage.tokens import FileToken

SIDES = sides_in(Settings.model_fields["sides_pattern"].default)
SEEN = "SELECT companion_kinds, container_kinds FROM surroundings WHERE asset_id = :id"


def tied(name: str, *beside: str) -> list[tuple[str, str]]:
    found = companions_of(name.encode(), [one.encode() for one in beside], SIDES)
    return [(one.kind, one.name.decode()) for one in found]


@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [
        ("IMG_1.CR2", "IMG_1.JPG", "raw_jpeg"),
        ("IMG_1.dng", "img_1.HEIC", "raw_jpeg"),
        ("IMG_1.NEF", "IMG_1.xmp", "sidecar"),
        ("IMG_1.jpg", "IMG_1.jpg.xmp", "sidecar"),
        ("IMG_1.HEIC", "IMG_1.AAE", "sidecar"),
        ("IMG_1.HEIC", "IMG_1.MOV", "live_photo"),
        ("card 7 recto.tif", "card 7 verso.tif", "sides"),
        ("card-7_r.tif", "card-7_v.tif", "sides"),
        ("照片_正面.jpg", "照片_背面.jpg", "sides"),
        ("Card 7 RECTO.TIF", "Card 7 Verso.tif", "sides"),
        ("İ_RECTO.tif", "İ_Verso.tif", "sides"),
    ],
)
def test_what_travels_together_says_so_whoever_is_asked(one: str, other: str, kind: str) -> None:
    beside = (one, other, "IMG_10.JPG", "IMG_2.xmp", "notes.txt", "card 8 verso.tif")
    assert tied(one, *beside) == [(kind, other)]
    assert tied(other, *beside) == [(kind, one)]
    for name, found in ((one, other), (other, one)):  # a store that lists by beginnings finds it
        if name.rpartition(".")[0] == found.rpartition(".")[0] or kind == "sides":
            assert any(found.startswith(s.decode()) for s in starts_of(name.encode(), SIDES))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("IMG_1.jpg", "IMG_1.png"),
        ("IMG_1.jpg", "IMG_11.xmp"),
        ("IMG_1.xmp", "IMG_1.aae"),
        ("card 7 recto.tif", "card 7 recto.jpg"),
        ("card 7 recto.tif", "card 77 verso.tif"),
        (".xmp", "IMG_1.jpg"),
        ("recto.tif", "verso.tif"),
    ],
)
def test_what_does_not_travel_together(one: str, other: str) -> None:
    assert tied(one, one, other) == tied(other, one, other) == []


def test_a_name_that_is_no_text_has_companions_too() -> None:
    assert [c.name for c in companions_of(b"\xff.jpg", [b"\xff.xmp", b"\xfe.xmp"], SIDES)] == [
        b"\xff.xmp"
    ]
    assert b"\xff" in starts_of(b"\xff_recto.jpg", SIDES)


@pytest.mark.parametrize("sides", ["[ab]", "[AB]"])
def test_a_pattern_of_its_own_is_of_any_case_and_works_both_ways(sides: str) -> None:
    own = sides_in(rf"(?P<stem>\d+)(?P<side>{sides})")
    names = b"1234A.tif", b"1234b.tif", b"1234c.tif", b"1234.tif"
    for one, other in ((0, 1), (1, 0)):
        assert [c.name for c in companions_of(names[one], names, own)] == [names[other]]
        assert b"1234" in starts_of(names[one], own)


@pytest.fixture
def store(world: World) -> System:
    return world.a_source_system()


def placed(world: World, store: System, name: str, *others: str) -> UUID:
    """Put a picture and other files where they are named; register the picture alone."""
    for one in (name, *others):
        (store.folder / one).parent.mkdir(parents=True, exist_ok=True)
        (store.folder / one).write_bytes(b"")
    return world.an_asset(store, name=name)


def token_of(file: Path) -> str:
    return str(FileToken.of(file.stat()))


def seen(world: World, asset_id: UUID) -> list[tuple[Sequence[str], Sequence[str]]]:
    return [tuple(row) for row in world.find(SEEN, id=asset_id)]


def test_a_look_finds_companions_and_every_package_above(world: World, store: System) -> None:
    marks = ("box/bagit.txt", "box/data/0=ocfl_object_1.1", "box/data/1962/a.xmp")
    one = placed(world, store, "box/data/1962/a.jpg", *marks)
    alone = world.an_asset(store, name="data 1962.jpg")
    world.work()
    assert seen(world, one) == [(["sidecar"], ["bag", "ocfl"])]
    assert seen(world, alone) == [([], [])]
    [[companions, containers]] = world.find(
        "SELECT companions, containers FROM surroundings WHERE asset_id = :id", id=one
    )
    beside = {"kind": "sidecar", "location": "box/data/1962/a.xmp", "found_by": "a.*"}
    assert companions == [beside | {"byte_token": token_of(store.folder / beside["location"])}]
    assert [(c["kind"], c["folder"], c["marker"]) for c in containers] == [
        ("ocfl", "box/data", "0=ocfl_object_1.1"),
        ("bag", "box", "bagit.txt"),
    ]
    told = "SELECT count(*) FROM events WHERE kind = 'x:surroundings-seen' AND asset_id = :id"
    assert world.find(told, id=one) == [(1,)]
    assert world.find(told, id=alone) == [(0,)]


def test_a_marker_that_is_a_link_or_a_folder_makes_no_package(world: World, store: System) -> None:
    one = placed(world, store, "box/a.jpg", "elsewhere.txt")
    (store.folder / "box" / "bagit.txt").symlink_to(store.folder / "elsewhere.txt")
    (store.folder / "box" / "mets.xml").mkdir()
    world.work()
    assert seen(world, one) == [([], [])]


def test_a_package_above_the_root_counts(world: World) -> None:
    folder = world.folder / "bag" / "data"
    folder.mkdir(parents=True)
    (world.folder / "bag" / "bagit.txt").touch()
    one = world.an_asset(world.a_source_system(folder=folder))
    world.work()
    assert seen(world, one) == [([], ["bag"])]


def test_what_comes_later_is_found_and_told(world: World, store: System) -> None:
    one = placed(world, store, "a.jpg")
    world.work()
    bind(world.worker)
    (store.folder / "a.xmp").touch()
    look_around([one])
    look_around([one])
    assert seen(world, one) == [(["sidecar"], [])]
    assert world.find("SELECT reason FROM hindrances WHERE stage = 'surroundings'") == []
    (store.folder / "a.xmp").unlink()
    look_around([one])
    assert seen(world, one) == [([], [])]
    [[events]] = world.find("SELECT count(*) FROM events WHERE kind = 'x:surroundings-seen'")
    assert events == 2


def test_lost_looks_are_made_up_for(world: World, store: System) -> None:
    one = placed(world, store, "a.jpg", "a.xmp")
    world.lose_jobs()
    bind(world.worker)
    with a_while_later():
        look_around_what_was_left()
    assert seen(world, one) == [(["sidecar"], [])]


def test_where_nothing_answers_nothing_is_known(world: World, store: System) -> None:
    one = placed(world, store, "deep/a.jpg", "deep/a.xmp")
    away = store.folder.rename(store.folder.with_name("away"))
    bind(world.worker)
    look_around([one])
    assert seen(world, one) == []
    [[looks]] = world.find("SELECT looks FROM hindrances WHERE stage = 'surroundings'")
    assert looks == 1
    away.rename(store.folder)
    look_around([one])
    assert seen(world, one) == [(["sidecar"], [])]
    assert world.find("SELECT 1 FROM hindrances WHERE stage = 'surroundings'") == []


def test_the_pattern_of_sides_is_the_installations_own(
    world: World, store: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CATALOGUE_SIDES_PATTERN", r"(?P<stem>\d+)(?P<side>[ab])")
    settings.cache_clear()
    one = placed(world, store, "1234a.tif", "1234b.tif", "1234c.tif")
    world.work()
    assert seen(world, one) == [(["sides"], [])]
    settings.cache_clear()
    with pytest.raises(ValueError, match="groups"):
        Settings(sides_pattern="(?P<stem>.*)")


@pytest.fixture
def bucket(world: World, swift: Swift) -> Iterator[str]:
    name = f"surroundings-{uuid4().hex[:8]}"
    swift.a_bucket(name)
    with reading_buckets(swift.settings(), name):
        yield name


def test_a_bucket_is_looked_around_like_a_folder(world: World, swift: Swift, bucket: str) -> None:
    for key in ("box/bagit.txt", "box/data/a.xmp", "box/data/ab.xmp", "box/data/a/b.xmp"):
        swift.put(bucket, key, b"")
    swift.put(bucket, "box/data/a.jpg", draw(1))
    swift.put(bucket, "other/card_recto.jpg", draw(2))
    swift.put(bucket, "other/card_verso.jpg", draw(3))
    system = world.a_bucket_system(f"s3://{bucket}/")
    one = world.register_location(system, "box/data/a.jpg")
    two = world.register_location(system, "other/card_recto.jpg")
    world.work()
    assert seen(world, one) == [(["sidecar"], ["bag"])]
    assert seen(world, two) == [(["sides"], [])]


def shown(api: httpx2.Client, world: World, asset_id: UUID, department: str) -> dict[str, object]:
    headers = world.headers("cataloguer", department=department)
    answer = api.get(f"/v1/assets/{asset_id}/surroundings", headers=headers)
    found: dict[str, object] = answer.json()
    return found


def test_people_see_what_ties_an_image_and_how_it_was_found(
    world: World, store: System, api: httpx2.Client
) -> None:
    one = placed(world, store, "box/a.jpg", "box/mets.xml")
    other = placed(world, store, "box/a.xmp")
    before = shown(api, world, one, store.department)
    assert (before["looked_at"], before["companions"]) == (None, [])
    world.work()
    found = shown(api, world, one, store.department)
    assert found["looked_at"] is not None
    assert found["companions"] == [
        {
            "kind": "sidecar",
            "location": "box/a.xmp",
            "found_by": "a.*",
            "asset_id": str(other),
        }
    ]
    assert found["containers"] == [{"kind": "mets", "folder": "box", "marker": "mets.xml"}]
    assert found["same_object"] == []
    assert recorded(api, world, one, store.department) == [
        {
            "type": "is_part_of",
            "kind": "mets",
            "asset_id": None,
            "location": "box",
            "evidence": "mets.xml",
        },
        {
            "type": "has_sibling",
            "kind": "sidecar",
            "asset_id": str(other),
            "location": "box/a.xmp",
            "evidence": "a.*",
        },
    ]
    elsewhere = world.headers("cataloguer", department=world.a_department())
    path = f"/v1/assets/{one}/surroundings"
    assert api.get(path, headers=elsewhere).status_code == 404


def recorded(
    api: httpx2.Client, world: World, asset_id: UUID, department: str
) -> list[dict[str, object]]:
    """Return the relationships that an asset's record shows; it is tagged as it stands."""
    headers = world.headers("cataloguer", department=department)
    answer = api.get(f"/v1/assets/{asset_id}", headers=headers)
    again = headers | {"If-None-Match": answer.headers["ETag"]}
    assert api.get(f"/v1/assets/{asset_id}", headers=again).status_code == 304
    found: list[dict[str, object]] = answer.json()["relationships"]
    return found


def linked(one: Path, other: Path) -> None:
    other.parent.mkdir(exist_ok=True)
    os.link(one, other)


def test_two_names_of_one_file_are_one_object(
    world: World, store: System, api: httpx2.Client
) -> None:
    first = world.an_asset(store, name="a.jpg")
    second_store = world.a_source_system(store.department)
    linked(store.folder / "a.jpg", second_store.folder / "b.jpg")
    second = world.register_location(second_store.code, "b.jpg")
    world.work()
    assert shown(api, world, first, store.department)["same_object"] == [str(second)]
    assert shown(api, world, second, store.department)["same_object"] == [str(first)]
    same = {"type": "same_object", "kind": None, "location": None, "evidence": "reading"}
    assert recorded(api, world, first, store.department) == [same | {"asset_id": str(second)}]
    assert recorded(api, world, second, store.department) == [same | {"asset_id": str(first)}]


def test_two_systems_over_one_folder_have_one_object(
    world: World, store: System, api: httpx2.Client
) -> None:
    first = world.an_asset(store, name="a.jpg")
    link = world.folder / "another way"
    link.symlink_to(store.folder)
    second = world.register_location(
        world.a_source_system(store.department, folder=link).code, "a.jpg"
    )
    world.work()
    assert shown(api, world, first, store.department)["same_object"] == [str(second)]


def test_one_key_in_two_systems_is_one_object(
    world: World, swift: Swift, bucket: str, api: httpx2.Client
) -> None:
    swift.put(bucket, "shelf/a.jpg", draw(1))
    department = world.a_department()
    whole = world.a_bucket_system(f"s3://{bucket}/", department)
    shelf = world.a_bucket_system(f"s3://{bucket}/shelf/", department)
    first = world.register_location(whole, "shelf/a.jpg")
    second = world.register_location(shelf, "a.jpg")
    world.work()
    assert shown(api, world, first, department)["same_object"] == [str(second)]
