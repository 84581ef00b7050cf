"""Record measured pairs and what they are judged to be, each once; a class is a proposal."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app.assets.locks import lock_decisions
from app.comparisons import ranking
from app.comparisons.judging import Judged, judge
from app.comparisons.measuring import Measured
from app.comparisons.models import (
    JudgedFactsRow,
    LikenessRow,
    LookedAlikeRow,
    MeasurementRow,
)
from app.comparisons.pair_facts import pair_facts, sides_of
from app.comparisons.pairing import LOOKING, Look, Pair
from app.comparisons.service import AGENT, facts_about
from app.fingerprints.models import FingerprintRow
from app.fingerprints.registration.aligner import METHOD as MEASURING
from app.kit.db import new_ids
from app.ledger.service import Event, record_all
from app.provenance.book import Book, open_book

# What people look at first: boxes are in pixels of the larger picture, `reference`.
SHOWN = ("reference", "crop_box", "coverage_percent", "form", "rotation_degrees", "region")

MOVING = ("version", "seen")  # what tells that a side's facts are others


class ToldBefore(Exception):
    """Another run wrote the same meanwhile."""


@dataclass(frozen=True, slots=True)
class Telling:
    """An event and the values of the row that cites it, but for the event's id."""

    event: Event
    values: Mapping[str, Any]


def record_measured(db: Session, found: Sequence[Measured]) -> None:
    """Record pairs that were measured and judge them; one that is there already is left alone."""
    lock_decisions(db, [side.asset_id for one in found for side in (one.pair.a, one.pair.b)])
    order = sorted(found, key=lambda one: (one.pair.a.fingerprint_id, one.pair.b.fingerprint_id))
    judge_measured(db, enter_measurements(db, order))


def enter_measurements(
    db: Session, found: Sequence[Measured], method: int = MEASURING
) -> list[MeasurementRow]:
    """Enter measurements with their events; not those that another worker has entered before."""
    ids = new_ids(db, len(found))
    tellings = [telling_of(one, own, method) for one, own in zip(found, ids, strict=True)]
    return tell_each(db, tellings, upsert(MeasurementRow).returning(MeasurementRow))


def telling_of(one: Measured, measurement_id: UUID, method: int) -> Telling:
    """Say what came of a pair."""
    pair, measurement = one.pair, one.measurement
    detail = {
        "measurement": str(measurement_id),
        "a": str(pair.a.asset_id),
        "b": str(pair.b.asset_id),
        "method": method,
        "outcome": measurement.outcome,
    }
    values = {
        "id": measurement_id,
        **sides_as_columns(pair),
        "method": method,
        "nominated_by": dict(pair.by),
        **asdict(measurement),
    }
    return Telling(Event("x:pair-measured", detail), values)


def tell_each(db: Session, tellings: Sequence[Telling], entered: Any) -> list[Any]:  # noqa: ANN401 - an insert and its rows
    """Write events and the rows that cite them, all at once; neither where a row is there.

    Returns:
        What was entered, one a row; who comes second in a race finds out one by one.
    """
    if not tellings:
        return []
    try:
        with db.begin_nested():
            event_ids = record_all(db, AGENT, [one.event for one in tellings])
            rows = [
                {**one.values, "event_id": event_id}
                for one, event_id in zip(tellings, event_ids, strict=True)
            ]
            found = list(db.scalars(entered.on_conflict_do_nothing(), rows))
            if len(found) < len(rows):
                raise ToldBefore
            return found
    except ToldBefore:
        if len(tellings) == 1:
            return []
        return [row for one in tellings for row in tell_each(db, [one], entered)]


def sides_as_columns(pair: Pair) -> dict[str, UUID]:
    """Name both sides of a pair as tables do."""
    return {
        "a_asset_id": pair.a.asset_id,
        "a_fingerprint_id": pair.a.fingerprint_id,
        "b_asset_id": pair.b.asset_id,
        "b_fingerprint_id": pair.b.fingerprint_id,
    }


def record_looked(db: Session, looks: Sequence[Look]) -> None:
    """Record that all of these images' likes were looked for, with the last of their pairs."""
    tellings = []
    for look in sorted(looks, key=lambda one: one.visual_id):
        told = {"nominated": look.nominated, "passed_over": look.passed_over}
        detail = told | {"visual_fingerprint": str(look.visual_id), "method": LOOKING}
        facts = {"visual_id": look.visual_id, "method": LOOKING, "asset_id": look.asset_id}
        tellings.append(Telling(Event("x:looked-alike", detail, look.asset_id), facts | told))
    tell_each(db, tellings, upsert(LookedAlikeRow).returning(LookedAlikeRow.visual_id))


def judge_measured(db: Session, measurements: Sequence[MeasurementRow]) -> None:
    """Judge measurements by the city's standard in force; nothing is decoded.

    A pair that this standard judged the same way before is left as it stands. Both assets of each
    are locked, so that nobody judges by facts that others are changing.
    """
    if not measurements:
        return
    book = open_book(db)
    ids = {one for m in measurements for one in (m.a_fingerprint_id, m.b_fingerprint_id)}
    sides = sides_of(db, ids)
    known = ranked(db, book, ids)
    judged_before = latest_under(db, book, measurements)
    new: list[tuple[MeasurementRow, Judged, int]] = []
    for row in measurements:
        pair = pair_facts(sides[row.a_fingerprint_id], sides[row.b_fingerprint_id])
        thresholds = book.city.effective.duplicate_standard.thresholds
        judged = judge(pair, row.outcome, row.measured, thresholds)
        copy_id = copy_of(row, judged)
        before = judged_before.get(row.id)
        if before is None or (before.class_, before.copy_asset_id) != (judged.class_, copy_id):
            revision = 1 if before is None else before.revision + 1
            new.append((row, judged, revision))
    write_likenesses(db, book, new, known)
    mark_judged(db, measurements, sides)


def mark_judged(
    db: Session, measurements: Sequence[MeasurementRow], sides: Mapping[UUID, Mapping[str, Any]]
) -> None:
    """Note by which facts these were judged, so that they are judged again once those change."""
    rows = []
    for one in measurements:
        a, b = sides[one.a_fingerprint_id], sides[one.b_fingerprint_id]
        of_a, of_b = ({f"{x}_{n}": s[n] for n in MOVING} for x, s in (("a", a), ("b", b)))
        rows.append({"measurement_id": one.id} | of_a | of_b)
    db.execute(upsert(JudgedFactsRow).on_conflict_do_nothing(), rows)


def ranked(db: Session, book: Book, fingerprint_ids: set[UUID]) -> dict[UUID, Mapping[str, Any]]:
    """Return by asset what would rank it among copies."""
    asked = select(FingerprintRow).where(FingerprintRow.id.in_(fingerprint_ids))
    return facts_about(db, book, db.scalars(asked).all())


def latest_under(
    db: Session, book: Book, measurements: Sequence[MeasurementRow]
) -> dict[UUID, LikenessRow]:
    """Return how this standard judged each of these measurements last."""
    asked = (
        select(LikenessRow)
        .where(
            LikenessRow.measurement_id.in_([one.id for one in measurements]),
            LikenessRow.standard_id == book.city.version_id,
        )
        .order_by(LikenessRow.revision)
    )
    return {row.measurement_id: row for row in db.scalars(asked) if row.measurement_id}


def copy_of(row: MeasurementRow, judged: Judged) -> UUID | None:
    """Return which asset is the copy, if the evidence says so."""
    return {"a": row.a_asset_id, "b": row.b_asset_id, None: None}[judged.copy]


def write_likenesses(
    db: Session,
    book: Book,
    new: Sequence[tuple[MeasurementRow, Judged, int]],
    known: Mapping[UUID, Mapping[str, Any]],
) -> None:
    """Write what pairs are judged to be, each once, with its revision."""
    ids = new_ids(db, len(new))
    tellings = [
        judged_so(book, row, judged, known, revision, likeness_id)
        for (row, judged, revision), likeness_id in zip(new, ids, strict=True)
    ]
    tell_each(db, tellings, upsert(LikenessRow).returning(LikenessRow.id))


def judged_so(
    book: Book,
    row: MeasurementRow,
    judged: Judged,
    known: Mapping[UUID, Mapping[str, Any]],
    revision: int,
    likeness_id: UUID,
) -> Telling:
    """Say what a pair is judged to be."""
    detail = {"a": str(row.a_asset_id), "b": str(row.b_asset_id), "class": judged.class_}
    told = {"likeness": str(likeness_id), "standard": str(book.city.version_id)}
    values = {
        "id": likeness_id,
        "a_asset_id": row.a_asset_id,
        "a_fingerprint_id": row.a_fingerprint_id,
        "b_asset_id": row.b_asset_id,
        "b_fingerprint_id": row.b_fingerprint_id,
        "standard_id": book.city.version_id,
        "class_": judged.class_,
        "measurement_id": row.id,
        "copy_asset_id": copy_of(row, judged),
        "score": judged.score,
        "revision": revision,
        "same_object": False,
        "evidence": evidence_of(row, judged, known),
    }
    return Telling(Event("x:likeness", detail | told), values)


def evidence_of(
    row: MeasurementRow, judged: Judged, known: Mapping[UUID, Mapping[str, Any]]
) -> dict[str, Any]:
    """Return why it is so, and which of the two would stay and by what.

    What was measured stands with the measurement. A direction that the evidence gives goes before
    any rank: a reduced copy never becomes the keeper of its larger original.
    """
    a, b = known.get(row.a_asset_id), known.get(row.b_asset_id)
    evidence: dict[str, Any] = {"reasons": judged.reasons, "nominated_by": row.nominated_by}
    measured = row.measured or {}
    evidence |= {name: measured[name] for name in SHOWN if name in measured}
    if a is not None and b is not None:
        first = row.a_asset_id if ranking.place(a) < ranking.place(b) else row.b_asset_id
        evidence |= {"ranking": ranking.reasons(a, b), "ranked_first": str(first)}
    other = {"a": row.b_asset_id, "b": row.a_asset_id}
    keeper = other[judged.copy] if judged.copy else None
    return evidence | {"keeper": str(keeper) if keeper else evidence.get("ranked_first")}
