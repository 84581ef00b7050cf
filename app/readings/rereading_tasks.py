"""Read again what people asked for, behind all other work."""

from collections.abc import Sequence
from uuid import UUID

from app.kit.jobs import batches, found, in_transaction, on, sweep
from app.readings import queries, rereading
from app.readings.events import RereadingAsked
from app.readings.tasks import read_files


@on(RereadingAsked, priority=-1)  # what was never read goes first
def read_asked_again(fact: RereadingAsked) -> None:
    """Read up to 500 files again, unless people stopped it meanwhile."""
    read_part(fact.asset_ids, UUID(fact.rereading_id))


def read_part(asset_ids: Sequence[UUID], rereading_id: UUID) -> None:
    """Read again what is left of these, and note what came of it."""
    left = in_transaction(lambda db: rereading.still_to_read(db, rereading_id, asset_ids))
    if left:
        read_files(left)
        in_transaction(lambda db: rereading.note(db, rereading_id, left))


@sweep("rereadings")
def read_what_was_left() -> None:
    """Do what lost jobs left of re-readings that nobody stopped."""
    for rereading_id in found(queries.rereadings_without_jobs()):
        for part in batches(found(queries.left_to_read_again(rereading_id))):
            read_part(part, rereading_id)
