"""A fact is something that happened to assets; later rooms listen to it."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened to up to 500 assets; subclasses are named in the past tense."""

    asset_ids: tuple[UUID, ...]
