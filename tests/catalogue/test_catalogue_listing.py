"""Listing assets: typed filters, keyset cursors, one's own department."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from images import draw
from world import System, World

Ask = Callable[..., Any]


class Places:
    """Two systems of one department and one of another; two images lie in each."""

    def __init__(self, world: World) -> None:
        mine = world.a_department("archive")
        self.first, self.second = world.a_source_system(mine), world.a_source_system(mine)
        self.theirs = world.a_source_system(world.a_department("museum"))
        self.assets = {
            system.code: [world.an_asset(system, draw(n)) for n in range(2)]
            for system in (self.first, self.second, self.theirs)
        }
        world.work()
        self.complete = self.assets[self.first.code][0]
        world.complete_record(self.complete)
        self.reader = world.headers("cataloguer", department=mine)
        self.auditor = world.headers("auditor")

    def of(self, *systems: System) -> list[str]:
        """Return the ids of some systems' assets, oldest first."""
        return [str(asset) for system in systems for asset in self.assets[system.code]]


@pytest.fixture(scope="module")
def places(town: World) -> Places:
    return Places(town)


@pytest.fixture
def ask(town_api: httpx2.Client, places: Places) -> Ask:
    def listed(headers: dict[str, str] | None = None, **asked: str | int) -> Any:  # noqa: ANN401
        found = town_api.get("/v1/assets", params=asked, headers=headers or places.auditor)
        return found.json()

    return listed


def ids(page: Any) -> list[str]:  # noqa: ANN401 - a page as JSON
    return [item["asset_id"] for item in page["items"]]


def test_every_asset_is_listed_to_the_whole_citys_auditor(ask: Ask, places: Places) -> None:
    page = ask()
    assert ids(page) == places.of(places.first, places.second, places.theirs)
    assert (page["next"], page["prev"]) == (None, None)


def test_a_department_lists_its_own(ask: Ask, places: Places) -> None:
    assert ids(ask(places.reader)) == places.of(places.first, places.second)
    assert ids(ask(places.reader, department="museum")) == []
    assert ids(ask(places.reader, source_system=places.theirs.code)) == []


@pytest.mark.parametrize("asked", ["department", "source_system"])
def test_a_list_is_narrowed_by_place(ask: Ask, places: Places, asked: str) -> None:
    value = {"department": "museum", "source_system": places.theirs.code}[asked]
    assert ids(ask(**{asked: value})) == places.of(places.theirs)
    assert ids(ask(**{asked: "nowhere"})) == []


def test_a_list_is_narrowed_by_what_is_missing(ask: Ask, places: Places) -> None:
    lacking = ids(ask(missing="creator"))
    assert str(places.complete) not in lacking
    assert len(lacking) == 5
    assert ask(missing="nonsense")["code"] == "malformed-request"
    mine = ask(places.reader, missing="creator", source_system=places.first.code)
    assert ids(mine) == places.of(places.first)[1:]


def test_a_list_is_narrowed_by_status(ask: Ask, places: Places) -> None:
    assert len(ids(ask(status="blocked_incomplete"))) == 5
    assert ids(ask(places.reader, status="blocked_incomplete", missing="title")) == []
    assert ask(status="deletable")["code"] == "malformed-request"


def test_cursors_lead_forth_and_back(ask: Ask, places: Places) -> None:
    every = places.of(places.first, places.second, places.theirs)
    first = ask(limit=4)
    second = ask(limit=4, cursor=first["next"])
    assert (ids(first), ids(second)) == (every[:4], every[4:])
    assert (first["prev"], second["next"]) == (None, None)
    assert ids(ask(limit=4, cursor=second["prev"])) == every[:4]


def test_a_cursor_belongs_to_its_filter_and_its_department(
    ask: Ask, places: Places, town: World
) -> None:
    cursor = ask(limit=1)["next"]
    for other in (
        {"department": "museum"},
        {"source_system": places.first.code},
        {"missing": "creator"},
        {"status": "blocked_incomplete"},
        {"headers": places.reader},
    ):
        answer = ask(limit=1, cursor=cursor, **other)
        assert (answer["status"], answer["code"]) == (400, "cursor-unknown"), other


@pytest.mark.parametrize(
    "spoil",
    [
        # Not the very last letter: some of its bits say nothing.
        lambda cursor: cursor[:-2] + ("A" if cursor[-2] != "A" else "B") + cursor[-1],
        lambda cursor: "A" + cursor[1:],
        lambda cursor: cursor.partition(".")[0],
        lambda cursor: "",
        lambda cursor: "檔",
        lambda cursor: ">i:1",
        lambda cursor: "." * 50,
    ],
    ids=["last letter", "first letter", "unsigned", "empty", "Chinese", "bare", "dots"],
)
def test_a_changed_cursor_is_refused(ask: Ask, spoil: Callable[[str], str]) -> None:
    answer = ask(limit=1, cursor=spoil(ask(limit=1)["next"]))
    assert (answer["status"], answer["code"]) == (400, "cursor-unknown")


@pytest.mark.parametrize(
    "asked",
    [{"limit": 0}, {"limit": 501}, {"department": "\0"}, {"cursor": "x" * 2001}, {"missing": ""}],
    ids=str,
)
def test_a_question_out_of_bounds_is_malformed(ask: Ask, asked: dict[str, object]) -> None:
    assert ask(**asked)["code"] == "malformed-request"


def test_another_lists_cursor_is_refused(ask: Ask, town_api: httpx2.Client, places: Places) -> None:
    at = f"/v1/assets/{places.complete}/events"
    page = town_api.get(at, params={"limit": 1}, headers=places.auditor).json()
    assert ask(limit=1, cursor=page["next"])["code"] == "cursor-unknown"
    other = f"/v1/assets/{places.of(places.second)[0]}/events"
    answer = town_api.get(other, params={"cursor": page["next"]}, headers=places.auditor)
    assert answer.status_code == 400


def test_a_city_without_assets_lists_none(world: World, api: httpx2.Client) -> None:
    auditor = world.headers("auditor")
    page = api.get("/v1/assets", headers=auditor).json()
    assert (page["items"], page["next"], page["prev"]) == ([], None, None)
    assert api.get(f"/v1/assets/{uuid4()}", headers=auditor).status_code == 404
