"""An XMP sidecar that is uploaded is read with the image that its name is of, as in a folder."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from contents import Uploader, repr_digest
from images import draw
from test_reading_sidecars import BESIDE, LOCATOR, OWN, newest, readings, reasons, said, xmp
from world import World, a_while_later

from app.assets.surrounding_tasks import look_around_all_that_was_left, look_around_what_was_left
from app.kit.jobs import bind
from app.readings.tasks import read_what_was_left

SMALL = (8, 8)  # nothing to be compared
NO_PATHS = ("/e.jpg", "f//e.jpg")
SEEN = "SELECT companion_kinds, container_kinds FROM surroundings WHERE asset_id = :id"
FILES = {  # in the order in which they are sent
    "one box/a.jpg": draw(1, size=SMALL),
    "one box/a.xmp": xmp(also='photoshop:SidecarForExtension="JPG"'),
    "two box/a.jpg.xmp": xmp(),
    "two box/a.jpg": draw(2, size=SMALL),
    "other/a.jpg": draw(3, size=SMALL),
    "b.jpg": draw(4, {"description": OWN}, size=SMALL),
    "b.xmp": xmp(),
    "b.jpg.xmp": xmp(also='photoshop:SidecarForExtension="CR2"'),
    "g_recto.jpg": draw(5, size=SMALL),
    "g_verso.jpg": draw(6, size=SMALL),
} | dict.fromkeys(NO_PATHS, draw(7, size=SMALL))


@pytest.fixture(scope="module")
def someone(server: object, town: World) -> Iterator[Uploader]:
    with server.client(town.urls("catalogue_api")) as http:  # type: ignore[attr-defined]
        yield Uploader.of(town, http)


@pytest.fixture(scope="module")
def files(town: World, someone: Uploader) -> dict[str, UUID]:
    """Send everything and let it be read: these are not changed again."""
    ids = {name: sent(someone, name, content) for name, content in FILES.items()}
    town.work()
    return ids


def sent(someone: Uploader, name: str, content: bytes, **headers: str) -> UUID:
    """Register a copy by its name in its system and send its content."""
    asset_id = someone.registers(source_identifier=name, original_name=name.rpartition("/")[2])
    assert someone.sends(asset_id, content, **headers).status_code == 201
    return asset_id


def codes(someone: Uploader, asset_id: UUID) -> set[str]:
    found: list[str] = someone.sees(asset_id, "/eligibility")["reasons"]
    return {code for code in found if code.startswith(("companion", "container"))}


@pytest.mark.parametrize("place", [("one box", "a.xmp"), ("two box", "a.jpg.xmp")])
def test_an_uploaded_sidecar_is_read_with_its_image_whichever_came_first(
    town: World, someone: Uploader, files: dict[str, UUID], place: tuple[str, str]
) -> None:
    box, name = place
    image, sidecar = files[f"{box}/a.jpg"], files[f"{box}/{name}"]
    assert said(newest(town, image)) == [(BESIDE, f"sidecar:{name} {LOCATOR}", True, False)]
    assert reasons(newest(town, image)) == [(f"{box}/{name}".replace(" ", "%20"), None)]
    assert town.find(SEEN, id=image) == town.find(SEEN, id=sidecar) == [(["sidecar"], [])]
    assert reasons(newest(town, sidecar)) == []
    [tie] = someone.sees(image)["relationships"]
    assert (tie["type"], tie["kind"], tie["asset_id"]) == ("has_sibling", "sidecar", str(sidecar))
    assert codes(someone, image) == codes(someone, sidecar) == {"companion:sidecar"}


def test_one_of_another_folder_is_not(
    town: World, someone: Uploader, files: dict[str, UUID]
) -> None:
    other = files["other/a.jpg"]
    assert said(newest(town, other)) == []
    assert town.find(SEEN, id=other) == [([], [])]
    assert codes(someone, other) == set()


def test_the_rules_are_those_of_a_folder(town: World, files: dict[str, UUID]) -> None:
    found = newest(town, files["b.jpg"])
    assert [(value, picked, rival) for value, _, picked, rival in said(found)] == [
        (OWN, True, False),
        (BESIDE, False, True),
    ]
    assert [why for _, why in reasons(found)] == ["of_another_file", None]


@pytest.mark.parametrize("name", NO_PATHS)
def test_an_identifier_that_is_no_path_has_no_neighbours(
    town: World, someone: Uploader, files: dict[str, UUID], name: str
) -> None:
    assert town.find(SEEN, id=files[name]) == [([], [])]
    assert codes(someone, files[name]) == set()


def test_other_companions_that_are_sent_stay_together_too(
    someone: Uploader, files: dict[str, UUID]
) -> None:
    pair = files["g_recto.jpg"], files["g_verso.jpg"]
    for one, other in (pair, pair[::-1]):
        [beside] = someone.sees(one, "/surroundings")["companions"]
        assert (beside["kind"], beside["asset_id"]) == ("sides", str(other))
        assert codes(someone, one) == {"companion:sides"}


def test_a_sidecar_that_was_set_aside_or_withdrawn_is_read_no_more(
    town: World, someone: Uploader
) -> None:
    image = sent(someone, "c.jpg", draw(8, size=SMALL))
    town.work()
    assert said(newest(town, image)) == []
    sent(someone, "c.xmp", xmp(), Repr_Digest=repr_digest(b"other bytes"))
    mistaken = sent(someone, "c.jpg.xmp", xmp())
    town.work()
    assert said(newest(town, image)) != []
    withdraw = f"/v1/assets/{mistaken}/withdraw"
    as_it_stands = {"If-Match": f'"{someone.sees(mistaken)["provenance_version"]}"'}
    headers = someone.headers | as_it_stands
    answer = someone.http.post(withdraw, json={"reason": "a mistake"}, headers=headers)
    assert answer.status_code < 300, answer.text
    bind(town.worker)
    town.find("UPDATE surroundings SET looked_at = now() - interval '21 hours'")
    with a_while_later():
        look_around_all_that_was_left()
    town.work()
    assert town.find(SEEN, id=image) == [([], [])]
    assert said(newest(town, image)) == []


def test_a_look_that_was_lost_is_made_up_for(town: World, someone: Uploader) -> None:
    image = sent(someone, "d.jpg", draw(9, size=SMALL))
    sent(someone, "d.xmp", xmp())
    assert "container:unknown" in codes(someone, image)
    town.lose_jobs()
    bind(town.worker)
    with a_while_later():
        look_around_what_was_left()
    assert town.find(SEEN, id=image) == [(["sidecar"], [])]
    with a_while_later():
        read_what_was_left()
    town.work()
    assert said(newest(town, image)) == [(BESIDE, f"sidecar:d.xmp {LOCATOR}", True, False)]
    assert len(readings(town, image)) == 1
