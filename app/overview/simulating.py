"""One part of the walk: what would change for some assets, counted and partly listed."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Insert, Row, Text, Uuid, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.kit.db import judging
from app.kit.operations import FINISHED, OperationRow, add_progress
from app.ledger.queries import newest_log_index
from app.overview import queries
from app.overview.confronting import changes_between
from app.overview.models import SimulationChangeRow, SimulationPartRow, SimulationRow
from app.overview.supposing import Supposition, suppose
from app.overview.tally import Change, Tally, moved

PART = 100_000  # assets a transaction
MOST_LISTED = 10_000
ROOM = {"jit": "off", "work_mem": "64MB"}


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
            for one in found_in(db, supposition, after, until)
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


def found_in(
    db: Session, supposition: Supposition, after: UUID | None, until: UUID
) -> Iterator[Change]:
    """Yield what would change in one part of the catalogue."""
    for row in changes_between(db, supposition, after, until, MOST_LISTED):
        yield Change(
            row.department,
            row.was,
            row.becomes,
            row.newly,
            **moved(row.codes_before, row.codes_after),
            count=row.many,
            bytes=int(row.bytes),
            assets=row.assets,
        )


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
    listed = simulation.listed
    for change in changes:
        ids = change.assets[: MOST_LISTED - listed]
        if ids:
            db.execute(listing(simulation.id, change, ids))
        listed += len(ids)
    walked = update(SimulationRow).where(SimulationRow.id == simulation.id)
    db.execute(walked.values(through=until, listed=listed))


def listing(simulation_id: UUID, one: Change, ids: Sequence[UUID]) -> Insert:
    """Write the changes of single assets that change alike."""
    stays = one.was == one.becomes
    row = {
        "simulation_id": literal(simulation_id, Uuid),
        "asset_id": func.unnest(literal(list(ids), ARRAY(Uuid))),
        "department": literal(one.department, Text),
        "was": literal(None if stays else one.was, Text),
        "becomes": literal(None if stays else one.becomes, Text),
        "newly": literal(one.newly, Text),
        "gained": literal(list(one.gained), ARRAY(Text)),
        "lost": literal(list(one.lost), ARRAY(Text)),
    }
    return insert(SimulationChangeRow).from_select([*row], select(*row.values()))
