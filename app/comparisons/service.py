"""Compare fingerprints: exact copies become direct pairs with evidence; nothing is transitive."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app.assets.models import AssetRow
from app.comparisons import queries, ranking
from app.comparisons.facts import facts
from app.comparisons.models import ComparedRow, LikenessRow
from app.comparisons.repetitions import sound_alarm
from app.fingerprints.models import FingerprintRow
from app.kit.db import judging, new_ids
from app.ledger.agents import process
from app.ledger.service import Event, record, record_all
from app.provenance.book import Book, open_book

AGENT = process("comparing")
EVERY_PAIR_UP_TO = 20  # identical files; beyond that each with the first-ranked only
BOOKS_KEPT = 4  # of which the statement stays written
_facts_under: dict[tuple[object, ...], Select[Any]] = {}
LOCK_DIGEST = text("SELECT pg_advisory_xact_lock(('x' || substr(:digest, 1, 16))::bit(64)::bigint)")


def compare_once(db: Session, asset_ids: Sequence[UUID]) -> None:
    """Compare up to 500 newly hashed files with all others, each once."""
    book = open_book(db)
    waiting = db.scalars(queries.uncompared_of(asset_ids)).all()
    for mine in waiting:
        # Twins that are compared in two transactions at the same time meet here.
        db.execute(LOCK_DIGEST, {"digest": mine.sha256.hex()})
    standard_id = book.city.version_id
    ids = [mine.id for mine in waiting]
    done = set(db.scalars(queries.compared_under(standard_id, ids)))  # while we waited
    left = [mine for mine in waiting if mine.id not in done]
    shared = set(db.scalars(queries.shared_digests([mine.sha256 for mine in left])))
    events, rows = [], []
    for mine in left:
        found = pair_up(db, book, mine) if mine.size_bytes and mine.sha256 in shared else 0
        detail = {"fingerprint": str(mine.id), "standard": str(standard_id), "likenesses": found}
        events.append(Event("ffa", detail, mine.asset_id))
        own = {"asset_id": mine.asset_id, "fingerprint_id": mine.id}
        rows.append(own | {"standard_id": standard_id})
    told = zip(rows, record_all(db, AGENT, events), strict=True)
    if entered := [row | {"event_id": event_id} for row, event_id in told]:
        db.execute(upsert(ComparedRow).on_conflict_do_nothing(), entered)


def pair_up(db: Session, book: Book, mine: FingerprintRow) -> int:
    """Write the pairs that a file is part of; say how many are new."""
    others = db.scalars(queries.same_bytes(mine.sha256, mine.size_bytes)).all()
    if len(others) < 2:
        return 0
    sound_alarm(db, book, mine, others)
    known = facts_about(db, book, others)
    if len(others) <= EVERY_PAIR_UP_TO:
        pairs = [p for p in combinations(others, 2) if mine.id in (p[0].id, p[1].id)]
    else:
        first = min(others, key=lambda o: ranking.place(known[o.asset_id]))
        mate = first if first.id != mine.id else next(o for o in others if o.id != mine.id)
        pairs = [in_order(mine, mate)]
    return write_new(db, book, pairs, known)


def pair_with_first(db: Session, sha256: bytes, size_bytes: int) -> int:
    """Pair each of a large set with the file that ranks first today; say how many pairs are new.

    The ranking moves on with the records, and disposal needs a direct pair with the keeper.
    """
    book = open_book(db)
    db.execute(LOCK_DIGEST, {"digest": sha256.hex()})
    others = db.scalars(queries.same_bytes(sha256, size_bytes)).all()
    known = facts_about(db, book, others)
    first = min(others, key=lambda o: ranking.place(known[o.asset_id]))
    pairs = [in_order(first, other) for other in others if other.id != first.id]
    return write_new(db, book, pairs, known)


def facts_about(
    db: Session, book: Book, fingerprints: Sequence[FingerprintRow]
) -> dict[UUID, Mapping[str, Any]]:
    """Return what ranks each of these assets."""
    wanted = [one.asset_id for one in fingerprints]
    with judging(db):
        rows = db.execute(facts_under(book), {"wanted": wanted}).mappings()
        return {row["asset_id"]: dict(row) for row in rows}


def facts_under(book: Book) -> Select[Any]:
    """Select what ranks the `wanted` assets: written once for each book, for it is long."""
    key = book.key
    if (kept := _facts_under.get(key)) is None:
        wanted = AssetRow.id.in_(bindparam("wanted", expanding=True))
        known = facts(book).where(wanted).subquery("known")
        kept = select(known, ranking.may_keep(book, known.c).label("may_keep"))
        if len(_facts_under) >= BOOKS_KEPT:
            _facts_under.clear()
        _facts_under[key] = kept
    return kept


def in_order(one: FingerprintRow, other: FingerprintRow) -> tuple[FingerprintRow, FingerprintRow]:
    """Say a pair once, whichever side it is seen from."""
    return (one, other) if one.asset_id < other.asset_id else (other, one)


def write_new(
    db: Session,
    book: Book,
    pairs: Sequence[tuple[FingerprintRow, FingerprintRow]],
    known: Mapping[UUID, Mapping[str, Any]],
) -> int:
    """Write those of these pairs that are not there yet; say how many."""
    a_side = LikenessRow.a_fingerprint_id.in_([a.id for a, _ in pairs])
    asked = select(LikenessRow.a_fingerprint_id, LikenessRow.b_fingerprint_id).where(a_side)
    there = {(a, b) for a, b in db.execute(asked)}
    new = [(a, b) for a, b in pairs if (a.id, b.id) not in there]
    write_pairs(db, book, new, known)
    return len(new)


def write_pairs(
    db: Session,
    book: Book,
    pairs: Sequence[tuple[FingerprintRow, FingerprintRow]],
    known: Mapping[UUID, Mapping[str, Any]],
) -> None:
    """Write exact copies with what speaks for either side."""
    for (a, b), likeness_id in zip(pairs, new_ids(db, len(pairs)), strict=True):
        evidence = {
            "sha256": a.sha256.hex(),
            "size_bytes": a.size_bytes,
            "tools": sorted({f"{side.tool} {side.tool_version}" for side in (a, b)}),
            "ranking": ranking.reasons(known[a.asset_id], known[b.asset_id]),
        }
        detail = {"a": str(a.asset_id), "b": str(b.asset_id), "class": "exact_bytes"}
        event_id = record(db, AGENT, Event("x:likeness", detail | {"likeness": str(likeness_id)}))
        db.execute(
            insert(LikenessRow).values(
                id=likeness_id,
                a_asset_id=a.asset_id,
                a_fingerprint_id=a.id,
                b_asset_id=b.asset_id,
                b_fingerprint_id=b.id,
                standard_id=book.city.version_id,
                class_="exact_bytes",
                same_object=a.object_key == b.object_key,
                evidence=evidence,
                event_id=event_id,
            )
        )
