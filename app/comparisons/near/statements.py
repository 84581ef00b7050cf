"""What the index asks the tables, and where in time it stands."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, cast, func, literal, select, text, type_coerce
from sqlalchemy.dialects.postgresql import BYTEA
from sqlalchemy.orm import Session

from app.fingerprints.models import FingerprintRow, VisualFingerprintRow
from app.kit.db import Xid8

Told = Select[bytes, bytes | None, bool, bool]
DIGEST_BYTES = 8
# A dump that was restored has another cluster or database, one recovered to an earlier moment
# another timeline. Own rows carry an id that may lie beyond the snapshot.
HERE = text("""
SELECT (pg_control_system()).system_identifier,
       (pg_control_checkpoint()).timeline_id,
       (SELECT oid::bigint FROM pg_database WHERE datname = current_database()),
       pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
       greatest(pg_snapshot_xmax(pg_current_snapshot())::text::bigint,
                pg_current_xact_id_if_assigned()::text::bigint + 1)
""")


@dataclass(frozen=True)
class Moment:
    """Where a snapshot stands: whatever has an id below `since` and is not there never will be."""

    place: tuple[int, int, int]  # cluster, timeline, database
    since: int
    until: int  # nothing that is there has this id or a higher one, but what another cluster wrote

    @classmethod
    def now(cls, db: Session) -> "Moment":
        """Ask where this transaction stands."""
        cluster, timeline, database, since, until = db.execute(HERE).one()
        return cls((cluster, timeline, database), since, until)

    def follows(self, other: "Moment") -> bool:
        """Tell whether what was known at the other moment holds at this one."""
        return self.place == other.place and self.since >= other.since


def looks(method: int, now: Moment) -> Told:
    """Select what is told apart by its looks, by one method.

    First one row of LOOK as bytes, then the words as PostgreSQL sends them, then whether the row
    may be met again, and whether another cluster wrote it.
    """
    visual = VisualFingerprintRow
    look = (
        func.uuid_send(visual.id)
        .concat(func.uuid_send(visual.fingerprint_id))
        .concat(func.substr(FingerprintRow.sha256, 1, DIGEST_BYTES))
        .concat(visual.phash)
        .concat(visual.pdq)
        .concat(func.substr(func.int4send(visual.pdq_quality), 4))
    )
    return (
        select(
            type_coerce(look, BYTEA),
            type_coerce(func.array_send(visual.words), BYTEA),
            func.coalesce(visual.computed_xid >= xid(now.since), literal(value=False)),
            func.coalesce(visual.computed_xid >= xid(now.until), literal(value=False)),
        )
        .join(FingerprintRow, FingerprintRow.id == visual.fingerprint_id)
        .where(
            visual.method == method,
            visual.outcome == "decoded",
            visual.low_information.is_(None),
        )
    )


def looks_since(method: int, then: Moment, now: Moment) -> Told:
    """Select those that may not have been there at an earlier moment."""
    written = VisualFingerprintRow.computed_xid
    return looks(method, now).where(written >= xid(then.since), written < xid(now.until))


def xid(number: int) -> ColumnElement[int]:
    """Say a transaction id in SQL, which casts it from text only."""
    return cast(literal(str(number)), Xid8)
