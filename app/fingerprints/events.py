"""What happens to fingerprints."""

from dataclasses import dataclass

from app.kit.facts import Fact


@dataclass(frozen=True, slots=True)
class AssetsFingerprinted(Fact):
    """These assets' bytes were hashed as they were read."""


@dataclass(frozen=True, slots=True)
class AssetsPictured(Fact):
    """What these assets look like was recorded, or that it cannot be known."""


@dataclass(frozen=True, slots=True)
class ThumbnailsRequested(Fact):
    """Somebody wants to see these images, and nobody made small pictures of them yet."""
