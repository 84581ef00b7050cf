"""Questions about comparisons."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import aliased

from app.assets.surrounding_models import SurroundingsRow
from app.assets.withdrawing import is_withdrawn
from app.comparisons.models import (
    ComparedRow,
    JudgedFactsRow,
    LikenessRow,
    LookedAlikeRow,
    MeasurementRow,
)
from app.fingerprints.models import FingerprintRow, VisualFingerprintRow
from app.provenance.models import ProvenanceHeadRow
from app.readings.models import ReadingRow


def current_fingerprints() -> Select[FingerprintRow]:
    """Select fingerprints of the bytes that were read last."""
    newer = aliased(ReadingRow)
    return (
        select(FingerprintRow)
        .join(
            ReadingRow,
            (ReadingRow.asset_id == FingerprintRow.asset_id)
            & (ReadingRow.id == FingerprintRow.reading_id),
        )
        .where(
            ~select(newer.id)
            .where(newer.asset_id == ReadingRow.asset_id, newer.ordinal > ReadingRow.ordinal)
            .exists(),
            ~is_withdrawn(FingerprintRow.asset_id),
        )
    )


def uncompared() -> Select[FingerprintRow]:
    """Select current fingerprints that were compared under no standard."""
    compared = select(ComparedRow.asset_id).where(
        ComparedRow.asset_id == FingerprintRow.asset_id,
        ComparedRow.fingerprint_id == FingerprintRow.id,
    )
    return current_fingerprints().where(~compared.exists())


def uncompared_of(asset_ids: Sequence[UUID]) -> Select[FingerprintRow]:
    """Select those of these assets, in order of digest, the order of their locks."""
    mine = uncompared().where(FingerprintRow.asset_id.in_(asset_ids))
    return mine.order_by(FingerprintRow.sha256, FingerprintRow.id)


def compared_under(standard_id: UUID, fingerprint_ids: Sequence[UUID]) -> Select[UUID]:
    """Select those of these fingerprints that were compared under one standard."""
    return select(ComparedRow.fingerprint_id).where(
        ComparedRow.standard_id == standard_id, ComparedRow.fingerprint_id.in_(fingerprint_ids)
    )


def shared_digests(digests: Sequence[bytes]) -> Select[bytes]:
    """Select those of these digests that more than one current fingerprint has."""
    return (
        current_fingerprints()
        .with_only_columns(FingerprintRow.sha256)
        .where(FingerprintRow.sha256.in_(digests))
        .group_by(FingerprintRow.sha256)
        .having(func.count() > 1)
    )


def same_bytes(sha256: bytes, size_bytes: int) -> Select[FingerprintRow]:
    """Select the current fingerprints of equal files, the earliest asset first."""
    return (
        current_fingerprints()
        .where(FingerprintRow.sha256 == sha256, FingerprintRow.size_bytes == size_bytes)
        .order_by(FingerprintRow.asset_id)
    )


def large_sets(more_than: int, first_byte: int) -> Select[bytes, int]:
    """Select digest and size of the sets with more than so many current, non-empty files.

    Of those whose digest begins with that byte: a range of an index, so that no look is long.
    """
    same = (FingerprintRow.sha256, FingerprintRow.size_bytes)
    return (
        current_fingerprints()
        .with_only_columns(*same)
        .where(FingerprintRow.size_bytes > 0, *beginning_with(first_byte))
        .group_by(*same)
        .having(func.count() > more_than)
    )


def beginning_with(first_byte: int) -> list[ColumnElement[bool]]:
    """Tell, in a statement over fingerprints, whether a digest begins with a byte."""
    since = FingerprintRow.sha256 >= bytes([first_byte])
    return (
        [since] if first_byte == 255 else [since, FingerprintRow.sha256 < bytes([first_byte + 1])]
    )


def unlooked(seeing: int, looking: int) -> Select[VisualFingerprintRow]:
    """Select what current fingerprints look like for which nobody looked for likes yet.

    Args:
        seeing: the method of the visual fingerprints.
        looking: the method of nominating and measuring.
    """
    return seen_today(seeing).where(~was_looked_for(looking))


def looked(seeing: int, looking: int) -> Select[VisualFingerprintRow]:
    """Select what current fingerprints look like whose likes were looked for."""
    return seen_today(seeing).where(was_looked_for(looking))


def seen_today(seeing: int) -> Select[VisualFingerprintRow]:
    """Select what current fingerprints look like, as one method sees them."""
    current = current_fingerprints().with_only_columns(FingerprintRow.id)
    return select(VisualFingerprintRow).where(
        VisualFingerprintRow.method == seeing,
        current.where(FingerprintRow.id == VisualFingerprintRow.fingerprint_id)
        .correlate(VisualFingerprintRow)
        .exists(),
    )


def was_looked_for(looking: int) -> ColumnElement[bool]:
    """Tell whether somebody looked for what is like an image, by one method."""
    found = select(LookedAlikeRow.visual_id).where(
        LookedAlikeRow.visual_id == VisualFingerprintRow.id, LookedAlikeRow.method == looking
    )
    return found.exists()


def measured_last() -> Select[UUID]:
    """Select the newest measurement of each pair."""
    newer = aliased(MeasurementRow)
    overtaken = select(newer.id).where(
        newer.a_fingerprint_id == MeasurementRow.a_fingerprint_id,
        newer.b_fingerprint_id == MeasurementRow.b_fingerprint_id,
        newer.method > MeasurementRow.method,
    )
    return select(MeasurementRow.id).where(~overtaken.exists())


def measured_otherwise(standard_id: UUID) -> Select[UUID]:
    """Select the newest measurement of each pair that one standard has not judged."""
    judged = select(LikenessRow.id).where(
        LikenessRow.measurement_id == MeasurementRow.id, LikenessRow.standard_id == standard_id
    )
    return measured_last().where(~judged.exists())


def judged_by_other_facts() -> Select[UUID]:
    """Select the newest measurement of each pair that was not judged by today's facts.

    Another version of a record may say the same of its capture: judging it again costs little and
    writes nothing.
    """
    by_today = select(JudgedFactsRow.measurement_id).where(
        JudgedFactsRow.measurement_id == MeasurementRow.id,
        JudgedFactsRow.a_version == version_of(MeasurementRow.a_asset_id),
        JudgedFactsRow.a_seen == seen_around(MeasurementRow.a_asset_id),
        JudgedFactsRow.b_version == version_of(MeasurementRow.b_asset_id),
        JudgedFactsRow.b_seen == seen_around(MeasurementRow.b_asset_id),
    )
    return measured_last().where(~by_today.exists())


def version_of(asset_id: Any) -> ColumnElement[int]:  # noqa: ANN401 - a column
    """Return which version of an asset's record is today's; 0: it has none."""
    head = select(ProvenanceHeadRow.version).where(ProvenanceHeadRow.asset_id == asset_id)
    head = head.correlate(MeasurementRow)
    return func.coalesce(head.scalar_subquery(), 0)


def seen_around(asset_id: Any) -> ColumnElement[UUID]:  # noqa: ANN401 - a column
    """Return the event that told last what stands around an asset; zeros: there is none."""
    seen = select(SurroundingsRow.event_id).where(SurroundingsRow.asset_id == asset_id)
    seen = seen.correlate(MeasurementRow)
    return func.coalesce(seen.scalar_subquery(), UUID(int=0))


def is_side(asset_ids: Sequence[UUID]) -> ColumnElement[bool]:
    """Tell whether any of these assets is part of a measured pair, by the indexes of both sides."""
    mine = select(FingerprintRow.id).where(FingerprintRow.asset_id.in_(asset_ids))
    return or_(MeasurementRow.a_fingerprint_id.in_(mine), MeasurementRow.b_fingerprint_id.in_(mine))
