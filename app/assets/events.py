"""What happens to assets."""

from dataclasses import dataclass

from app.kit.facts import Fact


@dataclass(frozen=True, slots=True)
class AssetsRegistered(Fact):
    """These copies are known now; nothing was read or hashed of them."""


@dataclass(frozen=True, slots=True)
class BytesChanged(Fact):
    """These files are no longer the bytes that were read."""


@dataclass(frozen=True, slots=True)
class AssetsRevisited(Fact):
    """A scan or an import told of these copies again, and of nothing new about them."""


@dataclass(frozen=True, slots=True)
class SidecarsChanged(Fact):
    """XMP sidecars beside these files came, went, or are other bytes than at the last look."""


@dataclass(frozen=True, slots=True)
class CompanionsChanged(Fact):
    """Images that travel with these files came, went, or lie elsewhere than at the last look."""


@dataclass(frozen=True, slots=True)
class ContentReceived(Fact):
    """These assets' contents were uploaded and are kept; nothing was read or hashed of them."""
