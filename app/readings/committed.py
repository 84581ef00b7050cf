"""Gate G0 as a type: the proof that an asset was read in an earlier transaction."""

from dataclasses import dataclass
from datetime import datetime
from typing import final
from uuid import UUID


@final
@dataclass(frozen=True, slots=True)
class CommittedReading:
    """What was read, when, of which bytes; minted by readings.service alone."""

    asset_id: UUID
    reading_id: UUID
    read_at: datetime
    byte_token: str
    size_bytes: int
