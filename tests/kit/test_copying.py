"""Many rows by COPY are the rows that INSERT would have written."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Table, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from world import World

from app.catalogue.imports import RESULTS
from app.kit.copying import FEW, write_rows
from app.ledger.service import EVENTS
from app.provenance.models import VERSIONS

AWKWARD = [
    "",
    "\t",
    "a\nb",
    "\r",
    "\\N",
    "\\.",
    '"',
    "{}",
    ",",
    "NULL",
    "'",
    "颱風",
    "\x7f",
    "\U0001f43f",
]


def event(number: int, said: str) -> dict[str, Any]:
    return {
        "id": uuid4(),
        "kind": f"x:{said}",
        "asset_id": None if number % 2 else uuid4(),
        "agent": said,
        "document": said.encode() + bytes([number]),
    }


@pytest.mark.parametrize("times", [1, FEW], ids=["few, by INSERT", "many, by COPY"])
def test_what_is_written_is_read_back(world: World, times: int) -> None:
    rows = [event(n, said) for n, said in enumerate(AWKWARD)] * 1
    rows += [event(n, "more") for n in range((times - 1) * 2)]
    with world.worker.transaction() as db:
        write_rows(db, EVENTS, rows)
    found = world.find("SELECT id, kind, asset_id, agent, document FROM events")
    there = {row.id: row for row in found}
    for row in rows:
        assert dict(there[row["id"]]._mapping) == row


def arrays_as_read(db: Session, table: Table, values: list[str]) -> list[Any]:
    """Write the values as an array and as JSON, beside a foreign key that nobody checks."""
    db.execute(
        text("CREATE TEMP TABLE provenance_versions (title text, codes text[], change jsonb)")
    )
    rows = [{"title": None, "codes": values, "change": {"said": values, "n": 1}}] * FEW
    write_rows(db, table, rows)
    return list(db.execute(text("SELECT title, codes, change FROM provenance_versions")).all())


def test_lists_and_documents_are_read_back_too(world: World) -> None:
    with world.as_role("postgres").transaction() as db:
        found = arrays_as_read(db, VERSIONS, AWKWARD)
    assert found == [(None, AWKWARD, {"said": AWKWARD, "n": 1})] * FEW


def test_a_constraint_refuses_many_rows_as_it_refuses_one(world: World) -> None:
    row = {"import_id": uuid4(), "line": 1, "outcome": "registered"}
    for count in (1, FEW):
        rows = [row | {"line": n, "asset_id": uuid4(), "problem": None} for n in range(count)]
        with (
            pytest.raises(IntegrityError, match="fk_import_results"),
            world.worker.transaction() as db,
        ):
            write_rows(db, RESULTS, rows)
