"""Questions about fingerprints."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import aliased

from app.fingerprints.models import FingerprintRow, PixelDigestRow, VisualFingerprintRow
from app.fingerprints.seeing.seen import METHOD, PIXELS_METHOD
from app.readings.models import ReadingRow


def unfingerprinted() -> Select[ReadingRow]:
    """Select newest readings whose bytes were never hashed."""
    newer = aliased(ReadingRow)
    overtaken = select(newer.id).where(
        newer.asset_id == ReadingRow.asset_id, newer.ordinal > ReadingRow.ordinal
    )
    hashed = select(FingerprintRow.id).where(
        FingerprintRow.asset_id == ReadingRow.asset_id, FingerprintRow.reading_id == ReadingRow.id
    )
    return select(ReadingRow).where(~overtaken.exists(), ~hashed.exists())


def unfingerprinted_of(asset_ids: Sequence[UUID]) -> Select[ReadingRow]:
    """Select those of these assets, in order."""
    mine = unfingerprinted().where(ReadingRow.asset_id.in_(asset_ids))
    return mine.order_by(ReadingRow.asset_id)


def current() -> Select[FingerprintRow]:
    """Select fingerprints of the bytes that were read last."""
    newer = aliased(ReadingRow)
    overtaken = select(newer.id).where(
        newer.asset_id == ReadingRow.asset_id, newer.ordinal > ReadingRow.ordinal
    )
    of_it = (ReadingRow.asset_id == FingerprintRow.asset_id) & (
        ReadingRow.id == FingerprintRow.reading_id
    )
    return select(FingerprintRow).join(ReadingRow, of_it).where(~overtaken.exists())


def unpictured() -> Select[FingerprintRow]:
    """Select current fingerprints of files that nobody looked at by the present method."""
    seen = select(VisualFingerprintRow.id).where(
        VisualFingerprintRow.fingerprint_id == FingerprintRow.id,
        VisualFingerprintRow.method == METHOD,
    )
    return current().where(~seen.exists())


def unpictured_of(asset_ids: Sequence[UUID]) -> Select[FingerprintRow]:
    """Select those of these assets, in order."""
    mine = unpictured().where(FingerprintRow.asset_id.in_(asset_ids))
    return mine.order_by(FingerprintRow.asset_id)


def undigested_of(asset_ids: Sequence[UUID]) -> Select[FingerprintRow]:
    """Select these assets' current fingerprints without a digest of all samples, in order."""
    made = select(PixelDigestRow.method).where(
        PixelDigestRow.fingerprint_id == FingerprintRow.id,
        PixelDigestRow.method == PIXELS_METHOD,
    )
    mine = current().where(FingerprintRow.asset_id.in_(asset_ids), ~made.exists())
    return mine.order_by(FingerprintRow.asset_id)


def current_fingerprint(asset_id: UUID) -> Select[FingerprintRow]:
    """Select the fingerprint of an asset's newest reading, if that has one."""
    newest = (
        select(ReadingRow.id)
        .where(ReadingRow.asset_id == asset_id)
        .order_by(ReadingRow.ordinal.desc())
        .limit(1)
        .scalar_subquery()
    )
    of_it = fingerprints_of(asset_id).where(FingerprintRow.reading_id == newest)
    return of_it.limit(1)


def fingerprints_of(asset_id: UUID) -> Select[FingerprintRow]:
    """Select an asset's fingerprints, the newest first."""
    return (
        select(FingerprintRow)
        .where(FingerprintRow.asset_id == asset_id)
        .order_by(FingerprintRow.id.desc())
    )


def looks_of(asset_id: UUID) -> Select[FingerprintRow, VisualFingerprintRow, PixelDigestRow]:
    """Select an asset's fingerprints as `fingerprints_of`, each with what it looks like."""
    seen, digested = VisualFingerprintRow, PixelDigestRow
    looked = (seen.fingerprint_id == FingerprintRow.id) & (seen.method == METHOD)
    made = (digested.fingerprint_id == FingerprintRow.id) & (digested.method == PIXELS_METHOD)
    both = fingerprints_of(asset_id).outerjoin(seen, looked).outerjoin(digested, made)
    return both.add_columns(seen, digested)
