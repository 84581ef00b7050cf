"""Pages of a list that grows, and of what is judged page by page."""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import httpx2
import pytest
from world import System, World

from app.catalogue.registration import Registration
from app.catalogue.searching import facets, walking
from app.catalogue.service import register
from app.kit.refusals import Refusal

NUMBERS = count(1)
Walked = Callable[..., list[str]]


class Stack:
    """A source system whose images are known by name alone; nothing is read."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.system: System = world.a_source_system()
        self.registrar = world.someone("registrar", department=self.system.department)
        self.reader = world.headers("cataloguer", department=self.system.department)

    def add(self, *names: str) -> list[str]:
        """Register images of these names; return their ids."""
        said = [
            Registration(
                source_system=self.system.code,
                source_identifier=f"{name}-{next(NUMBERS)}",
                original_name=name,
                legal_status=["undetermined"],
            )
            for name in names
        ]
        with self.world.api.transaction() as db:
            done = register(db, self.registrar, said)
        return [str(one.asset_id) for one in done if not isinstance(one, Refusal)]


@pytest.fixture
def stack(town: World) -> Stack:
    return Stack(town)


@pytest.fixture
def pages(town_api: httpx2.Client) -> Callable[..., Iterator[Any]]:
    def turned(stack: Stack, way: str = "next", **asked: Any) -> Iterator[Any]:  # noqa: ANN401
        while True:
            answer = town_api.get("/v1/assets", params=asked, headers=stack.reader)
            page = answer.raise_for_status().json()
            yield page
            if page[way] is None:
                return
            asked["cursor"] = page[way]

    return turned


def ids(page: Any) -> list[str]:  # noqa: ANN401 - a page as JSON
    return [item["asset_id"] for item in page["items"]]


@pytest.mark.parametrize(
    "sort",
    [
        *("id", "-id", "original_name", "-original_name", "title", "-size", "identifier"),
        *("original_name,-id", "-original_name,id", "title,-original_name,id", "-size,title"),
    ],
)
def test_every_row_that_stood_at_the_start_is_on_one_page_though_others_come(
    stack: Stack, pages: Callable[..., Iterator[Any]], sort: str
) -> None:
    there = stack.add(*(name for name in "gbfaecd" for _ in range(3)))
    seen: list[str] = []
    for page in pages(stack, sort=sort, limit=4):
        seen += ids(page)
        if len(seen) < 30:
            stack.add(*"abcg")
    assert sorted(one for one in seen if one in there) == sorted(there)
    assert len(seen) == len(set(seen))


def test_a_judged_page_is_filled_from_as_many_candidates_as_it_needs(
    stack: Stack, pages: Callable[..., Iterator[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    there = sorted(stack.add(*(f"n{number}" for number in range(20))))
    monkeypatch.setattr(walking, "SMALLEST_STEP", 3)
    for asked in ({"missing": "creator"}, {"status": "not_assessed"}, {"complete": "false"}):
        found = list(pages(stack, limit=7, **asked))
        assert [len(page["items"]) for page in found] == [7, 7, 6]
        assert [one for page in found for one in ids(page)] == there
        assert not any(page["partial"] for page in found)
        backwards = list(pages(stack, way="prev", limit=7, cursor=found[-1]["prev"], **asked))
        assert [one for page in backwards[::-1] for one in ids(page)] == there[:14]


def test_a_page_whose_work_ended_says_so_and_leads_on(
    stack: Stack, pages: Callable[..., Iterator[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    there = sorted(stack.add(*(f"n{number}" for number in range(20))))
    monkeypatch.setattr(walking, "SMALLEST_STEP", 3)
    monkeypatch.setattr(walking, "MOST_JUDGED", 6)
    none = list(pages(stack, limit=5, complete="true"))
    assert [(len(page["items"]), page["partial"]) for page in none] == [(0, True)] * 3 + [
        (0, False)
    ]
    monkeypatch.setattr(walking, "MOST_JUDGED_WHOLE", 6)
    some = list(pages(stack, limit=50, reason="processing:awaiting_content"))
    assert [one for page in some for one in ids(page)] == there
    assert [page["partial"] for page in some] == [True] * 3 + [False]


def test_what_has_no_seal_is_not_judged_for_what_comes_behind_it(
    stack: Stack, pages: Callable[..., Iterator[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.add(*(f"n{number}" for number in range(20)))
    monkeypatch.setattr(walking, "MOST_JUDGED_WHOLE", 5)
    [page] = pages(stack, status="candidate")
    assert (page["items"], page["partial"]) == ([], False)


def test_a_count_beyond_its_bound_says_that_it_is_not_exact(
    stack: Stack, pages: Callable[..., Iterator[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.add(*(f"n{number}" for number in range(6)))
    asked = {"facets": "source_system,missing"}
    [page] = pages(stack, **asked)
    assert {(one["counted"], one["exact"]) for one in page["facets"].values()} == {(6, True)}
    monkeypatch.setattr(facets, "MOST_COUNTED", 4)
    monkeypatch.setattr(facets, "MOST_JUDGED", 4)
    [page] = pages(stack, **asked)
    assert page["facets"]["source_system"]["exact"] is False
    assert page["facets"]["missing"] == page["facets"]["missing"] | {"counted": 4, "exact": False}
