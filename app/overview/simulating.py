"""One part of the walk: what would change for some assets, counted and partly listed."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, func, insert, select, update
from sqlalchemy.orm import Session

from app.assets.models import AssetRow
from app.kit.db import judging
from app.kit.operations import FINISHED, OperationRow, add_progress
from app.ledger.queries import newest_log_index
from app.overview import queries
from app.overview.differing import SAMPLE, compared, concerned, newly
from app.overview.models import SimulationChangeRow, SimulationPartRow, SimulationRow
from app.overview.supposing import Supposition, suppose
from app.overview.tally import Change, Tally, moved

PART = 50_000  # assets a transaction
AT_ONCE = 5_000  # whose pairs are judged in one statement
MOST_LISTED = 10_000
ROOM = {"jit": "off", "work_mem": "64MB"}
UNPROCESSED, LAST_COPY = "not_assessed", "blocked_no_keeper"


def simulate_part(db: Session, simulation_id: UUID) -> bool:
    """Judge the next part of the catalogue twice; False when the walk is over or was stopped.

    It writes what it found and how far it is, and nothing else.
    """
    operation = db.get_one(
        OperationRow, simulation_id, with_for_update=True, populate_existing=True
    )
    simulation = db.get_one(SimulationRow, simulation_id, populate_existing=True)
    if operation.state in FINISHED or simulation.bound is None:
        return False
    after = simulation.through
    end = db.scalar(queries.end_of_part(after, simulation.bound, PART))
    until = end or simulation.bound
    here = queries.within(after, until)
    supposition = suppose(db, simulation)
    make_room(db)
    with judging(db):
        moment = db.execute(select(newest_log_index(), func.statement_timestamp())).one()
        changes = [
            one
            for one in found_in(db, supposition, here)
            if one.anything and simulation.department in (None, one.department)
        ]
        seen = db.scalar(queries.counted_assets(simulation.department, here)) or 0
    keep(db, simulation, until, moment, changes)
    left = operation.total - operation.done
    over = until == simulation.bound
    # Assets that were on their way when it was asked may come to more than was counted then.
    done = left if over else max(0, min(seen, left - 1))
    add_progress(db, simulation_id, step=str(until), done=done)
    return not over


def make_room(db: Session) -> None:
    """Let this transaction join and sort a part in memory, and compile none of its statements.

    They are wide and asked of some thousand rows: compiling one takes longer than running it.
    """
    for setting, value in ROOM.items():
        db.execute(select(func.set_config(setting, value, True)))


def found_in(db: Session, supposition: Supposition, here: ColumnElement[bool]) -> Iterator[Change]:
    """Yield what would change in one part of the catalogue."""
    open_questions: dict[UUID, str | None] = {}
    recompleted: list[UUID] = []
    for group in supposition.groups:
        mine = AssetRow.department.in_(group.departments)
        chosen = concerned(group.differs, passing=group.passing, where=[here, mine])
        for row in db.execute(compared(supposition.before.book, group.differs, chosen)):
            if row.newly is not None and row.several:
                recompleted += row.assets
            if row.pair:
                open_questions |= dict.fromkeys(row.assets, row.newly)
            else:
                yield known(row)
    open_questions |= dict.fromkeys(beside(db, supposition, recompleted))
    yield from asked(db, supposition, open_questions)


def known(row: Row[*tuple[Any, ...]]) -> Change:
    """Return the change of assets whose own record decides before and after.

    Of one that no other has the bytes of, whatever its record is free for: it is the last copy.
    """
    decided = None not in (row.was, row.becomes)
    was, becomes = (one or LAST_COPY for one in (row.was, row.becomes))
    if not row.processed:
        was = becomes = UNPROCESSED
    return Change(
        row.department,
        was,
        becomes,
        row.newly,
        **moved(row.before, row.after),
        count=row.many,
        bytes=int(row.bytes),
        assets=row.assets[:SAMPLE] if decided or not row.processed else row.assets,
    )


def beside(db: Session, supposition: Supposition, changed: Sequence[UUID]) -> list[UUID]:
    """Return whose keeper may change though their own record does not, each in one part only.

    Of equal bytes one may stay for another only while its record is complete.
    """
    sets: dict[bytes, list[UUID]] = {}
    for some in in_parts(changed):
        for digest, asset_id in db.execute(queries.of_equal_bytes(some)):
            sets.setdefault(digest, []).append(asset_id)
    members = {one for several in sets.values() if len(several) > 1 for one in several}
    otherwise, first = changing(db, supposition, sorted(members - set(changed)))
    first |= set(changed)
    mine = set(changed)
    return [
        one
        for several in sets.values()
        if min(first & set(several)) in mine
        for one in several
        if one not in otherwise and one not in mine
    ]


def changing(
    db: Session, supposition: Supposition, members: Sequence[UUID]
) -> tuple[set[UUID], set[UUID]]:
    """Return which of these are asked about elsewhere, and which change completeness."""
    otherwise: set[UUID] = set()
    recompleted: set[UUID] = set()
    for some in in_parts(members):
        for group in supposition.groups:
            where = [AssetRow.id.in_(some), AssetRow.department.in_(group.departments)]
            chosen = concerned(group.differs, passing=group.passing, where=where)
            for row in db.execute(chosen.add_columns(newly(group.differs).label("newly"))):
                otherwise.add(row.asset_id)
                if row.newly is not None:
                    recompleted.add(row.asset_id)
    return otherwise, recompleted


def asked(db: Session, supposition: Supposition, whom: dict[UUID, str | None]) -> Iterator[Change]:
    """Yield what would change for assets whose pairs decide: the one statement, asked twice."""
    for some in in_parts(sorted(whom)):
        rows = queries.judged_twice(db, supposition.before, supposition.after, some)
        before = {row.asset_id: row for row in rows if row.side == "before"}
        after = {row.asset_id: row for row in rows if row.side == "after"}
        for asset_id, was in before.items():
            becomes = after[asset_id]
            yield Change(
                was.department,
                was.status,
                becomes.status,
                whom[asset_id],
                **moved(was.codes, becomes.codes),
                count=1,
                bytes=int(was.size_bytes),
                assets=[asset_id],
            )


def in_parts(ids: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    """Cut a list of assets into statements."""
    yield from (ids[at : at + AT_ONCE] for at in range(0, len(ids), AT_ONCE))


def keep(
    db: Session,
    simulation: SimulationRow,
    until: UUID,
    moment: Row[*tuple[Any, ...]],
    changes: Sequence[Change],
) -> None:
    """Write a part's counts, as many of its changes as are still listed, and how far it came."""
    tally = Tally()
    for change in changes:
        tally.add(change)
    counted = {"counts": tally.document(), "log_index": moment[0], "as_of": moment[1]}
    part = {"simulation_id": simulation.id, "part": until}
    db.execute(insert(SimulationPartRow).values(**part, **counted))
    rows = listed(simulation.id, changes)[: MOST_LISTED - simulation.listed]
    if rows:
        db.execute(insert(SimulationChangeRow), rows)
    walked = update(SimulationRow).where(SimulationRow.id == simulation.id)
    db.execute(walked.values(through=until, listed=SimulationRow.listed + len(rows)))


def listed(simulation_id: UUID, changes: Sequence[Change]) -> list[dict[str, Any]]:
    """Write the changes of single assets."""
    return [
        {
            "simulation_id": simulation_id,
            "asset_id": asset_id,
            "department": one.department,
            "was": one.was if one.was != one.becomes else None,
            "becomes": one.becomes if one.was != one.becomes else None,
            "newly": one.newly,
            "gained": list(one.gained),
            "lost": list(one.lost),
        }
        for one in changes
        for asset_id in one.assets
    ]
