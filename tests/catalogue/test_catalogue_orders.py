"""Every order is walked along an index, also one of several keys and from the middle."""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlakeyset.types import Marker
from sqlalchemy import text
from sqlalchemy.orm import Session
from world import World

from app.catalogue.searching.filters import Narrowed
from app.catalogue.searching.orders import ids_in_order

LATE = Marker((date(1999, 12, 31), UUID(int=7 << 76)))


def plan_of(db: Session, sort: list[str], at: Marker | None) -> list[dict[str, Any]]:
    """Explain a page as a large catalogue would walk it: nothing is sorted or read as a whole."""
    for way in ("enable_seqscan", "enable_sort", "enable_bitmapscan", "enable_hashjoin"):
        db.execute(text(f"SET LOCAL {way} = off"))
    connection = db.connection()
    statement = ids_in_order(Narrowed(facts=sort[0].removeprefix("-") != "id"), sort, at).limit(51)
    compiled = statement.compile(dialect=connection.dialect)
    told = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {compiled}", dict(compiled.params))
    [top] = json.loads(json.dumps(told.scalar_one()))
    return list(nodes(top["Plan"]))


def nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for below in node.get("Plans", ()):
        yield from nodes(below)


@pytest.mark.parametrize(
    ("sort", "index"),
    [
        (["-date_created"], "ix_search_facts_created"),
        (["-date_created", "id"], "ix_search_facts_created"),
        (["title", "-date_created"], "ix_search_facts_title"),
        (["original_name", "-id"], "ix_search_facts_name"),
        (["-size", "title", "id"], "ix_search_facts_size"),
        (["identifier", "size"], "ix_search_facts_identifier"),
    ],
    ids=",".join,
)
def test_the_first_key_is_walked_and_the_others_sort_its_equals_only(
    town: World, sort: list[str], index: str
) -> None:
    with town.api.transaction() as db:
        plan = plan_of(db, sort, None)
    assert index in [node.get("Index Name") for node in plan]
    assert "Sort" not in [node["Node Type"] for node in plan]


@pytest.mark.parametrize(
    ("sort", "backwards", "begins"),
    [
        (["-date_created", "id"], False, "<="),
        (["-date_created", "id"], True, ">="),
        (["date_created", "-id"], False, ">="),
        (["date_created", "-id"], True, "<="),
    ],
)
def test_a_page_from_the_middle_begins_there_in_the_index_of_the_first_key(
    town: World, sort: list[str], begins: str, *, backwards: bool
) -> None:
    with town.api.transaction() as db:
        plan = plan_of(db, sort, Marker(LATE.place, backwards))
    [walked] = [node for node in plan if node.get("Index Name") == "ix_search_facts_created"]
    assert f"created_from {begins} " in walked["Index Cond"]
