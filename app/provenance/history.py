"""A record's history: which version stood when, what two versions differ in, how a value came."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, cast, func, select
from sqlalchemy.dialects.postgresql import JSONPATH
from sqlalchemy.orm import Session

from app.kit.errors import Malformed, NoSuchResource
from app.ledger.models import LogEntryRow
from app.ledger.queries import newest_log_index
from app.provenance.fields import FIELDS
from app.provenance.models import ProvenanceVersionRow
from app.provenance.queries import numbered_versions
from app.provenance.service import record_of
from app.provenance.statements import Statement

OF_FIELD = cast("$[*] ? (@.field == $field)", JSONPATH)
Numbered = Row[*tuple[Any, ...]]  # a version, and its number in the log once it has one


@dataclass(frozen=True, slots=True)
class Differing:
    """What two versions of a record say otherwise of one field."""

    field: str
    added: list[dict[str, Any]]
    removed: list[dict[str, Any]]
    changed: list[dict[str, Any]]  # `before` and `after`, each a statement
    displayed_before: Any
    displayed_after: Any
    conflict_before: bool
    conflict_after: bool


def version_for(db: Session, asset_id: UUID, version: int) -> Numbered:
    """Return one version of a record with its number in the log.

    Raises:
        NoSuchResource: the record has no such version (HTTP 404).
    """
    asked = numbered_versions(asset_id).where(ProvenanceVersionRow.version == version)
    row = db.execute(asked).one_or_none()
    if row is None:
        raise NoSuchResource(f"The record of asset {asset_id} has no version {version}.")
    return row


def version_at(
    db: Session, asset_id: UUID, *, time: datetime | None, log_index: int | None
) -> Numbered:
    """Return the version that stood at a time, or under a number of the log.

    Order is by the log; a time is evidence. What is not numbered yet stood under no number.

    Raises:
        Malformed: not exactly one of both, or one that is still to come (HTTP 422).
        NoSuchResource: nothing was registered by then (HTTP 404).
    """
    if (time is None) == (log_index is None):
        raise Malformed("Say either a time or a log_index.")
    asked = numbered_versions(asset_id)
    if time is not None:
        prove_past(db, time)
        asked = asked.where(ProvenanceVersionRow.recorded_at <= time)
    elif log_index is not None:
        if log_index > (newest := db.scalar(select(newest_log_index())) or 0):
            raise Malformed(f"The log has reached {newest}, not {log_index}.")
        asked = asked.where(LogEntryRow.log_index <= log_index)
    row = db.execute(asked.limit(1)).one_or_none()
    if row is None:
        raise NoSuchResource(f"Asset {asset_id} was not registered by then.")
    return row


def prove_past(db: Session, time: datetime) -> None:
    """Refuse a time without a zone, and one that the database has not reached."""
    if time.tzinfo is None:
        raise Malformed("A time is written with its offset, such as 2026-11-25T08:00:00Z.")
    now = db.scalar(select(func.clock_timestamp()))
    if now is None or time > now:
        raise Malformed("That time has not come yet.")


def compare(before: ProvenanceVersionRow, after: ProvenanceVersionRow) -> list[Differing]:
    """Say field by field what one version says otherwise than another."""
    old, new = record_of(before), record_of(after)
    found = []
    for field in FIELDS:
        was, now = ([s for s in r.statements if s.field == field] for r in (old, new))
        added, removed, changed = differences(was, now)
        one = Differing(
            field,
            [s.document() for s in added],
            [s.document() for s in removed],
            [{"before": a.document(), "after": b.document()} for a, b in changed],
            old.displayed(field),
            new.displayed(field),
            old.in_conflict(field),
            new.in_conflict(field),
        )
        shown = (one.displayed_before, one.conflict_before)
        if added or removed or changed or shown != (one.displayed_after, one.conflict_after):
            found.append(one)
    return found


def differences(
    was: Sequence[Statement], now: Sequence[Statement]
) -> tuple[list[Statement], list[Statement], list[tuple[Statement, Statement]]]:
    """Tell what came, what went, and what took another's place; the same said again is neither."""
    gone, came = list(was), list(now)
    changed = []
    for follower in now:
        earlier = next((s for s in gone if took_place_of(follower, s)), None)
        if earlier is None:
            continue
        gone.remove(earlier)
        came.remove(follower)
        if words(earlier) != words(follower):
            changed.append((earlier, follower))
    return came, gone, changed


def took_place_of(later: Statement, earlier: Statement) -> bool:
    """Tell whether one statement is another, follows it, or says anew what the same place says."""
    if earlier.id in (later.id, later.supersedes):
        return True
    place = (earlier.source_kind, earlier.locator, earlier.lang)
    return place == (later.source_kind, later.locator, later.lang)


def words(statement: Statement) -> dict[str, Any]:
    """Return what a statement says, without the names that each version or reading gives anew."""
    fresh = {"id", "since_version", "supersedes", "reading", "series_statements"}
    return {k: v for k, v in statement.document().items() if k not in fresh}


@dataclass(frozen=True, slots=True)
class Moment:
    """When something of a value was said or ended, by which version and event."""

    version: int
    recorded_at: datetime
    recorded_by: str
    event_id: UUID
    log_index: int | None


@dataclass(slots=True)
class Told:
    """One statement from its first version to its end; `ended` None: it stands."""

    statement: dict[str, Any]
    said: Moment
    ended: Moment | None = None
    how: str | None = None  # superseded, retracted, read_again, or none: it stands
    superseded_by: str | None = None
    reason: str | None = None


def story_of(db: Session, asset_id: UUID, field: str) -> tuple[list[Told], list[dict[str, Any]]]:
    """Return every statement that was ever made about a field, and every answer to its conflicts.

    Raises:
        NoSuchResource: there is no such field (HTTP 404).
    """
    if field not in FIELDS:
        raise NoSuchResource(f"There is no field {field!r}.")
    told: dict[str, Told] = {}
    answers: dict[str, dict[str, Any]] = {}
    for row in db.execute(versions_about(asset_id, field)):
        moment = Moment(row.version, row.recorded_at, row.recorded_by, row.event_id, row.log_index)
        end_those_gone(told, row.said, row.retracted or [], moment)
        for document in row.said:
            told.setdefault(document["id"], Told(document, moment))
        answers |= {repr(sorted(one.items(), key=str)): one for one in row.answers}
    return list(told.values()), list(answers.values())


def end_those_gone(
    told: Mapping[str, Told],
    said: Sequence[Mapping[str, Any]],
    retracted: Iterable[Mapping[str, str]],
    moment: Moment,
) -> None:
    """Say of the statements that a version holds no more when they ended, how and why."""
    there = {one["id"] for one in said}
    reasons = {one["statement"]: one["reason"] for one in retracted}
    followers = {one["supersedes"]: one["id"] for one in said if one.get("supersedes")}
    for name, one in told.items():
        if name in there or one.ended is not None:
            continue
        one.ended, one.superseded_by, one.reason = moment, followers.get(name), reasons.get(name)
        by_people = one.statement["source_kind"] in ("asserted", "imported")
        read = "superseded" if by_people else "read_again"
        one.how = "retracted" if name in reasons else read


def versions_about(asset_id: UUID, field: str) -> Select[Any]:
    """Select an asset's versions, the oldest first, with no more of each than one field's part."""
    named = func.jsonb_build_object("field", field)

    def about(document: Any) -> Any:  # noqa: ANN401 - a column
        return func.jsonb_path_query_array(document, OF_FIELD, named)

    return (
        select(
            ProvenanceVersionRow.version,
            ProvenanceVersionRow.recorded_at,
            ProvenanceVersionRow.recorded_by,
            ProvenanceVersionRow.event_id,
            LogEntryRow.log_index,
            about(ProvenanceVersionRow.statements).label("said"),
            about(ProvenanceVersionRow.resolutions).label("answers"),
            ProvenanceVersionRow.change["retracted"].label("retracted"),
        )
        .outerjoin(LogEntryRow, LogEntryRow.event_id == ProvenanceVersionRow.event_id)
        .where(ProvenanceVersionRow.asset_id == asset_id)
        .order_by(ProvenanceVersionRow.version)
    )
