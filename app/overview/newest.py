"""The newest reading, fingerprint and sighting of every asset of a part, table by table."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, and_, select
from sqlalchemy.orm import aliased

from app.assets.models import AssetRow, SightingRow
from app.assets.withdrawing import is_withdrawn
from app.comparisons.facts import FINGERPRINT, READING, SIGHTING
from app.fingerprints.models import FingerprintRow
from app.readings.models import ReadingRow


@dataclass(frozen=True)
class Newest:
    """A part of the catalogue: the assets behind one and up to another.

    What `app.comparisons.facts` looks up for one asset after the other is found here by joins
    of whole tables, under the same names: PostgreSQL may hash them and use several processes.
    """

    after: ColumnElement[Any]
    until: ColumnElement[Any]

    def within(self, asset_id: Any) -> ColumnElement[bool]:  # noqa: ANN401 - a column
        """Tell whether an asset lies in the part."""
        return and_(asset_id > self.after, asset_id <= self.until)

    def joined(self, statement: Select[Any]) -> Select[Any]:
        """Join them to a statement over assets."""
        reading, fingerprint, sighting = self.reading(), self.fingerprint(), self.sighting()
        of_reading = fingerprint.c.reading_id == reading.c.id
        return (
            statement.outerjoin(reading, reading.c.asset_id == AssetRow.id)
            .outerjoin(fingerprint, and_(fingerprint.c.asset_id == AssetRow.id, of_reading))
            .outerjoin(sighting, sighting.c.asset_id == AssetRow.id)
        )

    def reading(self) -> Subquery:
        """Return each asset's newest reading."""
        newer = aliased(ReadingRow)
        overtaken = select(newer.id).where(
            newer.asset_id == ReadingRow.asset_id,
            newer.ordinal > ReadingRow.ordinal,
            newer.ordinal > 1,  # implied, and seldom so: few are left to compare with
            self.within(newer.asset_id),
        )
        columns = (getattr(ReadingRow, one.name) for one in READING.c)
        found = select(ReadingRow.asset_id, *columns).where(self.within(ReadingRow.asset_id))
        return found.where(~overtaken.exists()).subquery(READING.name)

    def fingerprint(self) -> Subquery:
        """Return the newest fingerprint of each reading, as long as its asset counts."""
        newer = aliased(FingerprintRow)
        overtaken = select(newer.id).where(
            newer.asset_id == FingerprintRow.asset_id,
            newer.reading_id == FingerprintRow.reading_id,
            newer.id > FingerprintRow.id,
            self.within(newer.asset_id),
        )
        columns = (getattr(FingerprintRow, one.name) for one in FINGERPRINT.c)
        found = select(FingerprintRow.asset_id, FingerprintRow.reading_id, *columns).where(
            self.within(FingerprintRow.asset_id),
            ~is_withdrawn(FingerprintRow.asset_id),
            ~overtaken.exists(),
        )
        return found.subquery(FINGERPRINT.name)

    def sighting(self) -> Subquery:
        """Return what was seen last of each asset."""
        newer = aliased(SightingRow)
        overtaken = select(newer.asset_id).where(
            newer.asset_id == SightingRow.asset_id, newer.ordinal > SightingRow.ordinal
        )
        found = select(SightingRow.asset_id, SightingRow.state).where(
            self.within(SightingRow.asset_id), ~overtaken.exists()
        )
        return found.subquery(SIGHTING.name)
