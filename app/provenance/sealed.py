"""Gate G1 as a type: the proof that a record is complete."""

from dataclasses import dataclass
from datetime import datetime
from typing import final
from uuid import UUID


@final
@dataclass(frozen=True, slots=True)
class Seal:
    """This provenance version is complete under this policy version; minted by service alone."""

    id: UUID
    asset_id: UUID
    provenance_version: int
    policy_version_id: UUID
    sealed_at: datetime
