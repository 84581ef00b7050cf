"""What is known of a picture by looking at it, or why nothing is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

METHOD = 2  # raised whenever the same bytes could give other values
PIXELS_METHOD = 1  # likewise, of the digest of all samples
DECODED, UNDECODABLE, TOO_LARGE = "decoded", "undecodable", "too_large"
TURNS = 8  # upright, turned by 90, 180, 270 degrees counter-clockwise; then mirrored, likewise
PHASH_BYTES, PDQ_BYTES, SHA256_BYTES = 8, 32, 32


@dataclass(frozen=True, slots=True)
class Seen:
    """The values of one `visual_fingerprints` row; None: not known, or not decoded.

    `pixels_sha256` is None too where a full decode was not made; `pixels` has what came of one.
    """

    outcome: str
    reason: str | None = None
    width: int | None = None
    height: int | None = None
    frames: int | None = None
    bit_depth: int | None = None
    colour: str | None = None
    alpha: bool | None = None
    orientation: int | None = None
    colour_space: str | None = None
    auxiliary: int | None = None
    icc_sha256: bytes | None = None
    pixels_sha256: bytes | None = None
    phash: bytes | None = None
    dhash: bytes | None = None
    pdq: bytes | None = None
    pdq_quality: int | None = None
    turned_phash: bytes | None = None
    turned_pdq: bytes | None = None
    low_information: str | None = None
    words: Sequence[int] | None = None
    measures: Mapping[str, Any] = field(default_factory=dict)
    tools: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pixels:
    """Every sample of every frame at full depth as one digest, or why there is none."""

    sha256: bytes | None
    reason: str | None  # why there is none
    frames: int | None = None
    trailing_bytes: int | None = None  # behind the end of the image; None: that is not known
    tool: str | None = None
    tool_version: str | None = None


@dataclass(frozen=True, slots=True)
class Looked:
    """What a file looks like, and its pixels where all of them were decoded for that."""

    seen: Seen
    pixels: Pixels | None = None


def values_of(one: Any) -> dict[str, Any]:  # noqa: ANN401 - any dataclass
    """Return a dataclass's values by name, as they are: `asdict` would copy each."""
    return {value.name: getattr(one, value.name) for value in fields(one)}
