"""The index moves with the record; where it did not, it says so and is mended."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx2
import pytest
from world import World

from app.kit.jobs import bind
from app.provenance.changes import Assertion
from app.provenance.indexing import Index
from app.provenance.lexemes import (
    GAP,
    LAST_PLACE,
    LONGEST_EXACT,
    MOST_A_VALUE,
    exact,
    lexemes_of,
    quoted,
    texts_of,
    written,
)
from app.provenance.tasks import index_what_lags_behind
from app.readings.tasks import read_files

LAGGING = """
SELECT count(*) FILTER (WHERE f.indexed AND f.version = h.version AND w.asset_id IS NOT NULL),
       count(*)
  FROM provenance_heads h LEFT JOIN search_facts f USING (asset_id)
  LEFT JOIN search_words w USING (asset_id)
"""
Found = Callable[..., tuple[list[str], bool]]


@pytest.fixture
def found(world: World, api: httpx2.Client) -> Found:
    auditor = world.headers("auditor")

    def listed(**asked: Any) -> tuple[list[str], bool]:  # noqa: ANN401
        page = api.get("/v1/assets", params=asked, headers=auditor).raise_for_status().json()
        return [one["asset_id"] for one in page["items"]], page["index_behind"]

    return listed


def test_every_way_a_record_moves_on_moves_the_index(world: World) -> None:
    asset_id = world.an_asset(description="A ferry", creator="Wong")
    assert world.find(LAGGING) == [(1, 1)]
    world.work()
    assert world.find(LAGGING) == [(1, 1)]
    world.change(asset_id, [Assertion("title", "渡海小輪")])
    assert world.find(LAGGING) == [(1, 1)]


def test_words_that_are_no_longer_said_are_no_longer_found(world: World, found: Found) -> None:
    asset_id = world.an_asset()
    world.change(asset_id, [Assertion("title", "渡海小輪")])
    assert found(q="小輪") == ([str(asset_id)], False)
    world.change(asset_id, [Assertion("title", "電車")])
    assert found(q="电车") == ([str(asset_id)], False)


def test_a_record_that_moved_without_its_index_is_known_and_mended(
    world: World, found: Found, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = world.an_asset()
    with monkeypatch.context() as before_the_index:
        before_the_index.setattr(Index, "write", lambda *_: None)
        world.change(first, [Assertion("title", "渡海小輪")])
        second = world.an_asset(name="older.jpg", legal_status=["undetermined"])
    assert found(q="小輪") == ([], True)
    assert found(sort="title") == ([str(first), str(second)], True)
    assert found(identifier="older.jpg") == ([], True)
    mend(world)
    assert found(q="小輪") == ([str(first)], False)
    assert found(legal_status="undetermined") == ([str(second)], False)
    assert world.find(LAGGING) == [(2, 2)]


def mend(world: World) -> None:
    bind(world.worker)
    index_what_lags_behind()


def test_another_departments_lag_is_not_told(
    world: World, api: httpx2.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, theirs = world.a_source_system(), world.a_source_system()
    world.an_asset(mine)
    monkeypatch.setattr(Index, "write", lambda *_: None)
    world.an_asset(theirs)
    for system, behind in ((mine, False), (theirs, True)):
        reader = world.headers("cataloguer", department=system.department)
        page = api.get("/v1/assets", params={"sort": "title"}, headers=reader).json()
        assert page["index_behind"] is behind


def test_a_reading_is_found_by_before_its_record_holds_it(world: World, found: Found) -> None:
    asset_id = world.an_asset(description="A ferry")
    broken = world.an_asset(picture=b"no picture at all")
    world.lose_jobs()
    bind(world.worker)
    read_files([asset_id, broken])
    assert found(reading="unread") == ([], False)
    assert found(format="JPEG") == ([str(asset_id)], False)
    assert found(reading="unreadable") == ([str(broken)], False)
    assert found(q="ferry") == ([], False)  # the record does not hold it yet
    assert found(sort="size", size_max=10**9)[0]


def test_one_that_cannot_be_indexed_is_set_aside_and_costs_no_other_its_turn(
    world: World, found: Found, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before_the_index:
        before_the_index.setattr(Index, "write", lambda *_: None)
        bad, good = world.an_asset(name="bad.jpg"), world.an_asset(name="good.jpg")
    note = Index.note

    def fail(index: Index, asset_id: UUID, *rest: Any, **more: Any) -> dict[str, Any]:  # noqa: ANN401
        if asset_id == bad:
            message = "no text"
            raise ValueError(message)
        return note(index, asset_id, *rest, **more)

    with monkeypatch.context() as while_it_fails:
        while_it_fails.setattr(Index, "note", fail)
        mend(world)
    assert found(q="original_name:good") == ([str(good)], True)
    assert world.find("SELECT stage, strikes FROM hindrances") == [("index", 1)]


def test_lexemes_are_quoted_and_bounded() -> None:
    assert quoted("a'b\\c") == "'a''b\\\\c'"
    assert written({"ta": [1, 3], "=x/y": []}) == "'ta':1,3 '=x/y'"
    assert len(exact("identifier", "檔" * 2000).encode()) <= LONGEST_EXACT
    assert list(texts_of({"a": ["b", {"c": "d", "e": 1}], "f": None})) == ["b", "d"]
    assert lexemes_of([], ["title"]) == {"=conflict/title": []}


@pytest.mark.parametrize("text", ["'", "\\", "a'b", "\\'", "x" * 5000, "香" * 5000, "\U0001f600 é"])
def test_any_text_can_be_indexed(world: World, found: Found, text: str) -> None:
    asset_id = world.an_asset()
    world.change(asset_id, [Assertion("title", f"{text} end"), Assertion("creator", text)])
    assert found(sort="title") == ([str(asset_id)], False)
    assert world.find(LAGGING) == [(1, 1)]


def test_a_long_text_is_found_by_its_beginning(world: World, found: Found) -> None:
    asset_id = world.an_asset()
    said = " ".join(f"w{number}" for number in range(3000))
    world.change(asset_id, [Assertion("description", said), Assertion("title", "after all")])
    assert found(q="w2999") == ([str(asset_id)], False)
    assert found(q='"after all"') == ([str(asset_id)], False)
    assert MOST_A_VALUE + GAP < LAST_PLACE
