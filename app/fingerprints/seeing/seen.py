"""What was seen of one image. (Stand-in.)"""

from dataclasses import dataclass
from typing import Any

METHOD = 1


@dataclass(frozen=True, slots=True)
class Seen:
    """The value columns of a visual fingerprint."""

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
    words: list[int] | None = None
    measures: dict[str, Any] | None = None
    tools: dict[str, Any] | None = None
