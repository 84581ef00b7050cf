"""What is known of both files of a pair beside what measuring them says."""

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import takewhile
from typing import Literal

Side = Literal["a", "b"]
LOSSLESS = ("png", "tiff", "bmp", "psd", "dng", "raw")  # as far as a name can tell


@dataclass(frozen=True, slots=True)
class SideFacts:
    """One file of a pair; None: not known, or it says nothing of that."""

    format: str | None
    width: int | None  # pixels, upright
    height: int | None
    frames: int | None
    bit_depth: int | None
    colour: str | None
    alpha: bool | None
    orientation: int | None
    colour_space: str | None
    auxiliary: int | None
    icc_sha256: bytes | None
    image_sha256: bytes | None
    rendering_sha256: bytes | None
    trailer_sha256: bytes | None
    pixels_sha256: bytes | None
    low_information: str | None
    size_bytes: int | None
    captured_at: str | None
    burst_id: str | None
    sequence_no: str | None
    image_unique_id: str | None
    content_id: str | None
    camera: str | None
    edited: bool


@dataclass(frozen=True, slots=True)
class PairFacts:
    """Both files, and the kind of tie that their names show."""

    a: SideFacts
    b: SideFacts
    companions: str | None


def identical(a: SideFacts, b: SideFacts) -> bool:
    """Tell equal image data under equal rendering, as the database does before it takes the class.

    The migration `visual` has the same in refuse_unequal_image_data(); a None there is no equality.
    """
    encoded = (
        a.image_sha256 is not None
        and a.image_sha256 == b.image_sha256
        and a.rendering_sha256 is not None
        and a.rendering_sha256 == b.rendering_sha256
        and a.trailer_sha256 == b.trailer_sha256
    )
    pixels = (
        a.pixels_sha256 is not None
        and a.pixels_sha256 == b.pixels_sha256
        and all(
            one is not None and one == other
            for one, other in ((a.frames, b.frames), (a.bit_depth, b.bit_depth), (a.alpha, b.alpha))
        )
        and a.auxiliary == b.auxiliary == 0
        and a.trailer_sha256 is None
        and b.trailer_sha256 is None
    )
    shown = a.orientation is not None and (a.orientation, a.icc_sha256, a.colour_space) == (
        b.orientation,
        b.icc_sha256,
        b.colour_space,
    )
    return (encoded or pixels) and shown


def same_data(a: SideFacts, b: SideFacts) -> bool:
    """Tell equal encoded data or equal pixels, however the files have them shown."""
    digests = ((a.image_sha256, b.image_sha256), (a.pixels_sha256, b.pixels_sha256))
    return any(one is not None and one == other for one, other in digests)


def other_capture(a: SideFacts, b: SideFacts) -> dict[str, str | None] | None:
    """Return by what two files say that they are other captures; None: nothing says so."""
    for name in ("sequence_no", "image_unique_id", "content_id"):
        one, other = getattr(a, name), getattr(b, name)
        if one is not None and other is not None and one != other:
            return {"by": name, "a": str(one), "b": str(other)}
    if a.captured_at and b.captured_at and _apart(a.captured_at, b.captured_at):
        return {"by": "captured_at", "a": a.captured_at, "b": b.captured_at}
    return None


def corrected(told: str | None, said: str | None) -> str | None:
    """Return when a file was captured: as a person said, if as finely as the file itself does.

    A person who knows the day only says nothing about which of two frames came first.
    """
    if told is None or said is None or _moment(said) is None:
        return told
    return said if len(_wall(said)) >= len(_wall(told)) else told


def without_capture(a: SideFacts, b: SideFacts) -> bool:
    """Tell two files of which neither says that a camera took it."""
    return not any((a.captured_at, b.captured_at, a.camera, b.camera))


def lossless(side: SideFacts) -> bool | None:
    """Tell a format that keeps every sample; None where its name does not tell."""
    name = (side.format or "").lower()
    if any(name.endswith(kind) for kind in LOSSLESS):
        return True
    return (
        None if name.endswith(("webp", "jxl", "jp2", "heic", "heif", "avif")) or not name else False
    )


def _apart(one: str, other: str) -> bool:
    """Tell two moments apart, to the precision of both; an offset counts if both have one."""
    first, second = _moment(one), _moment(other)
    if first is None or second is None:
        return one[: min(len(one), len(other))] != other[: min(len(one), len(other))]
    if first.tzinfo is not None and second.tzinfo is not None:
        one, other = _in_utc(one, first), _in_utc(other, second)
    here, there = _wall(one), _wall(other)
    common = min(len(here), len(there))
    return here[:common] != there[:common]


def _moment(said: str) -> datetime | None:
    try:
        return datetime.fromisoformat(said)
    except ValueError:
        return None


def _in_utc(said: str, moment: datetime) -> str:
    """Return a moment in UTC, the parts of its second to as many digits as they were told."""
    _, dot, rest = said.partition(".")
    parts = dot + "".join(takewhile(str.isdigit, rest))
    return moment.replace(microsecond=0).astimezone(UTC).isoformat().removesuffix("+00:00") + parts


def _wall(said: str) -> str:
    """Return a moment as the clock on the wall had it, without its offset."""
    date, _, time = said.replace("T", " ").partition(" ")
    for mark in ("+", "-", "Z"):
        time = time.partition(mark)[0]
    return f"{date} {time}".strip()
