"""Questions about fingerprints."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import aliased

from app.fingerprints.models import FingerprintRow
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
