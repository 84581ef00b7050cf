"""What holds of records after every sequence of changes, readings and answers."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from provenance_city import lacking, read_assets, sealed
from sqlalchemy import select
from world import System, World

from app.kit.refusals import Refusal
from app.provenance.bulk import Edit, edit_records
from app.provenance.changes import Assertion, Change, Choice, Retraction
from app.provenance.models import ProvenanceVersionRow, SealRow
from app.provenance.projection import CONFLICT, project
from app.provenance.service import record_of

MATERIAL = ("title", "description", "creator")
VALUES = ("A bus", "a  BUS", "A tram", "電車", "电车")
steps = st.tuples(
    st.sampled_from(["assert", "retract", "choice", "both_true", "device_default"]),
    st.sampled_from(MATERIAL),
    st.integers(0, 4),
)


@pytest.fixture(scope="module")
def system(town: World) -> System:
    return town.a_source_system()


@pytest.fixture(scope="module")
def pool(town: World, system: System) -> Iterator[UUID]:
    told = {"description": "A bus", "creator": "Wong"}
    return iter(read_assets(town, system, [told] * 12))


def statements(town: World, asset: UUID, field: str) -> list[str]:
    head = versions(town, asset)[-1]
    return [s["id"] for s in head["statements"] if s["field"] == field]


def versions(town: World, asset: UUID) -> list[dict[str, Any]]:
    asked = (
        select(ProvenanceVersionRow)
        .where(ProvenanceVersionRow.asset_id == asset)
        .order_by(ProvenanceVersionRow.version)
    )
    with town.api.transaction() as db:
        return [
            {"row": row, "statements": row.statements, "resolutions": row.resolutions}
            for row in db.scalars(asked)
        ]


def take(town: World, asset: UUID, step: tuple[str, str, int]) -> None:
    kind, field, number = step
    if kind == "assert":
        town.change(asset, [Assertion(field, VALUES[number])])
        return
    there = statements(town, asset, field)
    if not there:
        return
    one, *others = there[number % len(there) :] + there[: number % len(there)]
    if kind == "retract":
        town.change(asset, retractions=[Retraction(one, "wrong")])
    elif kind == "both_true":
        town.change(asset, choices=[Choice(field, one, "r", "both_true", tuple(others[:1]))])
    elif kind == "choice":
        town.change(asset, choices=[Choice(field, one, "r")])
    else:
        town.change(asset, choices=[Choice(field, one, "r", "device_default")])


@settings(
    max_examples=6,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(told=st.lists(steps, min_size=4, max_size=8))
def test_a_sealed_record_has_no_open_conflict_and_no_version_changes(
    town: World, pool: Iterator[UUID], told: list[tuple[str, str, int]]
) -> None:
    asset = next(pool)
    town.complete_record(asset, title="A bus", creator="Wong")
    written: list[str] = []
    for step in told:
        try:
            take(town, asset, step)
        except Refusal:
            continue
        every = versions(town, asset)
        assert [repr(one["statements"]) for one in every][: len(written)] == written
        written = [repr(one["statements"]) for one in every]
        head = every[-1]["row"]
        columns = project(record_of(head))
        conflicts = {f for f in MATERIAL if columns[f"{f}_answer"] & CONFLICT}
        missing = lacking(town, asset)
        assert bool(conflicts) == any(code.startswith("conflict:") for code in missing)
        assert sealed(town, asset) == (not missing)
        with town.api.transaction() as db:
            mine = select(SealRow.provenance_version).where(SealRow.asset_id == asset)
            for version in db.scalars(mine):
                told_then = project(record_of(every[version - 1]["row"]))
                assert not any(told_then[f"{f}_answer"] & CONFLICT for f in MATERIAL)
    last = versions(town, asset)
    assert [one["row"].version for one in last] == list(range(1, len(last) + 1))


def test_lines_of_one_piece_of_work_are_gone_through_in_their_order(
    town: World, system: System
) -> None:
    asset = town.an_asset(system)
    edits = [
        Edit(asset, n, Change([Assertion("title", f"T{n}")]), n, f"ndjson line {n}", "it")
        for n in (1, 2, 3)
    ]
    caller = town.someone("cataloguer", department=system.department)
    with town.worker.transaction() as db:
        done = edit_records(db, caller, [*edits, edits[0]], operation=uuid4(), preview=False)
    assert [isinstance(one, Refusal) for one in done] == [False, False, False, True]
    titles = [
        [s["value"] for s in one["statements"] if s["field"] == "title"]
        for one in versions(town, asset)
    ]
    assert titles == [[], ["T1"], ["T2"], ["T3"]]
