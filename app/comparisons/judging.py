"""Judge a measured pair. (Stand-in.)"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from app.policies.rules.standard import Thresholds


@dataclass(frozen=True, slots=True)
class SideFacts:
    format: str | None
    width: int | None
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
    size_bytes: int
    captured_at: str | None
    burst_id: str | None
    sequence_no: str | None
    image_unique_id: str | None
    content_id: str | None
    camera: str | None
    edited: bool


@dataclass(frozen=True, slots=True)
class PairFacts:
    a: SideFacts
    b: SideFacts
    companions: str | None


@dataclass(frozen=True, slots=True)
class Judged:
    class_: str
    copy: Literal["a", "b"] | None
    score: float
    reasons: list[dict[str, Any]]


def judge(
    pair: PairFacts,
    measurement_outcome: str,
    measured: Mapping[str, Any] | None,
    standard: Thresholds,
) -> Judged:
    a, b = pair.a, pair.b
    if pair.companions:
        return Judged("capture_pair", None, 1.0, [{"test": "companions", "kind": pair.companions}])
    if measured is None:
        return Judged("undetermined", None, 0.0, [{"test": measurement_outcome}])
    same = a.pixels_sha256 is not None and (
        (a.pixels_sha256, a.frames, a.bit_depth, a.icc_sha256, a.orientation, a.trailer_sha256)
        == (b.pixels_sha256, b.frames, b.bit_depth, b.icc_sha256, b.orientation, b.trailer_sha256)
    )
    if same or (
        a.image_sha256 is not None
        and (a.image_sha256, a.rendering_sha256, a.trailer_sha256, a.orientation, a.icc_sha256)
        == (b.image_sha256, b.rendering_sha256, b.trailer_sha256, b.orientation, b.icc_sha256)
    ):
        return Judged("identical_image_data", None, 1.0, [{"test": "digests"}])
    if measured["mean"] > 12:
        return Judged("unrelated", None, 0.9, [{"test": "mean", "value": measured["mean"]}])
    if measured["worst"] > 80:
        return Judged("retouched_or_composite", None, 0.9, [{"test": "worst"}])
    if (a.width, a.height) != (b.width, b.height):
        smaller = "a" if (a.width or 0) < (b.width or 0) else "b"
        return Judged("derivative_reduced", smaller, 0.9, [{"test": "size"}])
    if a.captured_at and b.captured_at and a.captured_at != b.captured_at:
        return Judged("sequence", None, 0.9, [{"test": "captured_at"}])
    return Judged("derivative_converted", None, 0.9, [{"test": "format"}])
