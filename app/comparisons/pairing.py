"""Which pairs are worth measuring: by looks, by equal parts, and by what belongs together."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.assets.queries import whereabouts
from app.comparisons import queries
from app.comparisons.near.nominating import MOST, nominate_each
from app.comparisons.service import EVERY_PAIR_UP_TO
from app.comparisons.ties import ties_of
from app.fingerprints.models import FingerprintRow, VisualFingerprintRow
from app.fingerprints.registration.aligner import METHOD as MEASURING
from app.fingerprints.seeing.seen import METHOD as SEEING
from app.fingerprints.seeing.seen import PIXELS_METHOD
from app.policies.service import policy_in_force

NOMINATING = 1  # raised whenever the same image could find others
LOOKING = 1000 * NOMINATING + MEASURING
# Files whose image data or pixels are equal, though the files are not. One more than is measured
# is asked for, so that a cut is known.
EQUAL_PARTS = text("""
SELECT mine.id, o.fingerprint_id, o.asset_id, o.part
  FROM fingerprints mine LEFT JOIN pixel_digests p ON p.fingerprint_id = mine.id
   AND p.method = :pixels
 CROSS JOIN LATERAL (
   (SELECT f.id AS fingerprint_id, f.asset_id, 'image_data' AS part FROM fingerprints f
     WHERE f.image_sha256 = mine.image_sha256 AND f.asset_id <> mine.asset_id
       AND f.sha256 <> mine.sha256 ORDER BY f.id LIMIT :most + 1)
   UNION ALL
   (SELECT w.fingerprint_id, w.asset_id, 'pixels' FROM pixel_digests w
     WHERE w.pixels_sha256 = p.pixels_sha256 AND w.method = p.method
       AND w.asset_id <> mine.asset_id ORDER BY w.fingerprint_id LIMIT :most + 1)) o
 WHERE mine.id = ANY(:ids)
""")
# Likeness nominates one of many equal files; each of a few gets its own pair, as exact copies do.
TWINS = text("""
SELECT f.id, o.id AS fingerprint_id, o.asset_id FROM fingerprints f CROSS JOIN LATERAL (
  SELECT t.id, t.asset_id FROM fingerprints t
   WHERE t.sha256 = f.sha256 AND t.size_bytes = f.size_bytes ORDER BY t.id LIMIT :most) o
 WHERE f.id = ANY(:ids) AND o.id <> f.id
""")
# The same two contents measured before, under other names or readings: same bytes, same measures.
AS_MEASURED = text("""
SELECT DISTINCT ON (p.a, p.b) p.a, p.b, m.id
  FROM unnest(CAST(:a_ids AS uuid[]), CAST(:b_ids AS uuid[])) AS p (a, b)
  JOIN fingerprints na ON na.id = p.a JOIN fingerprints nb ON nb.id = p.b
  JOIN fingerprints oa ON (oa.sha256, oa.size_bytes) = (na.sha256, na.size_bytes)
  JOIN measurements m ON m.a_fingerprint_id = oa.id
   AND m.method = :method AND m.outcome = 'measured'
  JOIN fingerprints ob ON ob.id = m.b_fingerprint_id
   AND (ob.sha256, ob.size_bytes) = (nb.sha256, nb.size_bytes)
 ORDER BY p.a, p.b, m.id
""")
MEASURED = text("""
SELECT a_fingerprint_id, b_fingerprint_id FROM measurements
 WHERE method = :method AND (a_fingerprint_id = ANY(:ids) OR b_fingerprint_id = ANY(:ids))
""")


@dataclass(frozen=True, slots=True)
class File:
    """One side of a pair: the bytes that were hashed, and where they lie; None: nowhere today."""

    fingerprint_id: UUID
    asset_id: UUID
    sha256: bytes
    size_bytes: int
    byte_token: str
    place: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class Pair:
    """Two files to be measured against each other, and what nominated them; a < b."""

    a: File
    b: File
    by: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Look:
    """All that was nominated for one image, and the pairs of it that are not measured yet."""

    visual_id: UUID
    asset_id: UUID
    nominated: int
    passed_over: int
    pairs: tuple[Pair, ...]


@dataclass(slots=True)
class Found:
    """Who was nominated for one image, strongest reasons first, each once."""

    mine: VisualFingerprintRow
    by: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    passed_over: int = 0

    def add(self, fingerprint_id: UUID, by: Mapping[str, Any]) -> None:
        """Nominate one."""
        self.by.setdefault(fingerprint_id, {}).update(by)


def looks_for(db: Session, asset_ids: Sequence[UUID]) -> list[Look]:
    """Nominate for those of these images that nobody looked for yet, at most MOST contents each."""
    waiting = queries.unlooked(SEEING, LOOKING).where(VisualFingerprintRow.asset_id.in_(asset_ids))
    visuals = db.scalars(waiting.order_by(VisualFingerprintRow.asset_id)).all()
    found = {one.fingerprint_id: Found(one) for one in visuals}
    add_equals(db, found)
    add_alike(db, found)
    files = files_of(db, {*found, *(other for one in found.values() for other in one.by)})
    measured = measured_pairs(db, [*found])
    return [look_of(one, files, measured) for one in found.values()]


def companions_for(db: Session, asset_ids: Sequence[UUID]) -> list[Look]:
    """Return what travels with those of these images that were looked for, and is not measured."""
    done = queries.looked(SEEING, LOOKING).where(VisualFingerprintRow.asset_id.in_(asset_ids))
    visuals = db.scalars(done.order_by(VisualFingerprintRow.asset_id)).all()
    found = {one.fingerprint_id: Found(one) for one in visuals}
    for mine, other, _, kind in ties_of(db, [*found]):
        found[mine].add(other, {"companion": kind})
    files = files_of(db, {*found, *(other for one in found.values() for other in one.by)})
    measured = measured_pairs(db, [*found])
    return [look_of(one, files, measured) for one in found.values()]


def add_equals(db: Session, found: Mapping[UUID, Found]) -> None:
    """Nominate by companionship and by equal parts, which go before any likeness."""
    asked = {"ids": [*found], "most": MOST, "pixels": PIXELS_METHOD}
    for mine, other, _, kind in ties_of(db, [*found]):
        found[mine].add(other, {"companion": kind})
    for mine, other, _, part in db.execute(EQUAL_PARTS, asked):
        found[mine].add(other, {f"equal_{part}": True})


def add_alike(db: Session, found: Mapping[UUID, Found]) -> None:
    """Nominate by looks."""
    rules = policy_in_force(db, None).effective.duplicate_standard.nomination
    every = nominate_each(db, [one.mine for one in found.values()], rules)
    likes = [{other.fingerprint_id: other.by for other in one.pairs} for one in every]
    asked = {"ids": [*{met for by in likes for met in by}], "most": EVERY_PAIR_UP_TO}
    twins: dict[UUID, list[tuple[UUID, UUID]]] = {}
    for met, twin, asset_id in db.execute(TWINS, asked) if asked["ids"] else ():
        twins.setdefault(met, []).append((twin, asset_id))
    for one, nominated, by in zip(found.values(), every, likes, strict=True):
        one.passed_over += nominated.passed_over
        for fingerprint_id, why in by.items():
            one.add(fingerprint_id, why)
        for met, why in by.items():
            for twin, asset_id in twins.get(met, ()):
                if asset_id != one.mine.asset_id:
                    one.add(twin, why)


def files_of(db: Session, fingerprint_ids: Iterable[UUID]) -> dict[UUID, File]:
    """Return those of these fingerprints that are of the bytes read last, and where those lie."""
    current = queries.current_fingerprints().where(FingerprintRow.id.in_([*fingerprint_ids]))
    rows = db.scalars(current).all()
    places = {
        a: (root, path) for a, root, path in db.execute(whereabouts([r.asset_id for r in rows]))
    }
    return {
        row.id: File(
            *(row.id, row.asset_id, row.sha256, row.size_bytes, row.byte_token),
            place=places.get(row.asset_id),
        )
        for row in rows
    }


def measured_pairs(db: Session, fingerprint_ids: Sequence[UUID]) -> set[tuple[UUID, UUID]]:
    """Return the pairs of these that today's method measured before."""
    rows = db.execute(MEASURED, {"method": MEASURING, "ids": list(fingerprint_ids)})
    return {(a, b) for a, b in rows}


def look_of(one: Found, files: Mapping[UUID, File], measured: set[tuple[UUID, UUID]]) -> Look:
    """Leave out what is past, what is the same file twice, and what was measured before."""
    mine = files.get(one.mine.fingerprint_id)
    others = [files[other] for other in one.by if other in files]
    # Without one it was read anew meanwhile, and its next fingerprint is looked for.
    others = [other for other in others if mine is not None and not same_file(mine, other)]
    contents = [*dict.fromkeys((other.sha256, other.size_bytes) for other in others)]
    most = set(contents[:MOST])
    kept = [other for other in others if (other.sha256, other.size_bytes) in most]
    cut = len(others) - len(kept)
    pairs = (in_order(mine, other, one.by[other.fingerprint_id]) for other in kept if mine)
    fresh = [p for p in pairs if (p.a.fingerprint_id, p.b.fingerprint_id) not in measured]
    told = (one.mine.id, one.mine.asset_id, len(kept), one.passed_over + cut)
    return Look(*told, pairs=tuple(fresh))


def same_file(one: File, other: File) -> bool:
    """Tell whether two files are exact copies, which the digests say better than any measure."""
    return (one.sha256, one.size_bytes) == (other.sha256, other.size_bytes)


def in_order(one: File, other: File, by: Mapping[str, Any]) -> Pair:
    """Say a pair once, whichever side nominated the other."""
    return Pair(one, other, by) if one.asset_id < other.asset_id else Pair(other, one, by)
