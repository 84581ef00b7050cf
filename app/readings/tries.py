"""Readings that a limit or a crash stopped are strikes: counted for the same bytes and readers."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from app.assets.tries import Stopped, came_through, count_tries
from app.ledger.canonical import digest_of
from app.readings.children import STOPS
from app.readings.extraction import Outcome
from app.readings.service import Found

STOPPED = "readings.stopped"  # the queue for people, as they ask for it


def count_stopped(db: Session, read: Sequence[Found], *, began: datetime) -> None:
    """Count what was stopped in tries that began at that time; forget the tries of the others."""
    tries = [one for one in map(stopped, read) if one is not None]
    count_tries(db, STOPPED, tries, began=began)
    counted = {one.asset_id for one in tries}
    came_through(db, STOPPED, [one.asset_id for one in read if one.asset_id not in counted])


def stopped(found: Found) -> Stopped | None:
    """Say of which bytes and readers a stopped try was; None: it was not stopped.

    People are to look at a file that says nothing for it. Where the limited reader answered, or
    only a sidecar was stopped, the reading stands as what it is, and is found by that.
    """
    said = found.extraction
    beside = [one for one in found.sidecars if one.reason in STOPS]
    if said.stopped is not None:
        reason, version = said.stopped.reason, said.stopped.tool_version
    elif beside:
        reason, version = str(beside[0].reason), said.tool_version
    else:
        return None
    tokens = [str(found.token), *(str(one.byte_token) for one in beside)]
    about = digest_of([*tokens, version, dict(said.readers)])
    silent = said.outcome is Outcome.UNREADABLE
    return Stopped(found.asset_id, about, f"Its reading was stopped: {reason}.", silent)
