"""Measures of a drawn pair as judging gets them, to be changed one by one."""

from typing import Any

from scenes import side

from app.comparisons.judging import Judged, PairFacts, SideFacts, judge
from app.policies.documents import parse_policy
from app.policies.packaged import packaged_documents

TONES = {
    **dict.fromkeys(("shift_mean", "shift_greatest", "luma", "luma_mean", "tint"), 0.2),
    "chroma": 1.0,
    "chroma_one": 30.0,
    "chroma_other": 30.0,
    "hues_one": 20.0,
    "hues_other": 20.0,
    "stops": [0.0, 0.0, 0.0],
    "estimate": {"none": True},
}
LOOK = {
    "blocks": 2800,
    "informative": 1500,
    "differing_share": 0.0,
    "strongest": 0.4,
    "informative_differing_share": 0.0,
    "regions": 0,
    "region": None,
    "typical": 0.05,
    "width": 450,
    "height": 300,
    "likeness": 0.98,
    "tones": TONES,
    "sharpness": {"fine": 1.1, "middle": 1.03},
    "noise": {"one": 0.3, "other": 0.3, "apart": 0.3},
}
NOTHING_AROUND = {"share": 0.0, "plain": False, "level": 0.0, "continued": 0.0}
REDUCED: dict[str, Any] = {
    "reference": "a",
    "registered": True,
    "by": "frame",
    "inliers": 300,
    "matches": 310,
    "sizes": {"reference": [900, 600], "other": [450, 300]},
    "scale": [0.5, 0.5],
    "form": 0,
    "rotation_degrees": 0.0,
    "shear": 0.0,
    "aspect_difference_percent": 0.0,
    "frame_offset_percent": 0.0,
    "coverage_percent": {"reference": 100.0, "other": 100.0},
    "crop_box": [0, 0, 900, 600],
    "coarse": LOOK,
    "fine": LOOK,
    "region": None,
    "surrounds": {"reference": NOTHING_AROUND, "other": NOTHING_AROUND},
    "detail": {"beyond": 5.0, "below": 20.0, "lower": 40.0, "scale": 0.5},
}
SMALL = side(width=450, height=300)
REGION = {"box": [10, 10, 40, 40], "share": 0.01, "blocks": 20, "strength": 9.0, "weight": 90.0}
DIFFERS = LOOK | {"strongest": 9.0, "regions": 1, "region": REGION}
NOISY = {"one": 2.0, "other": 2.2, "apart": 3.0}


def measures(**changes: Any) -> dict[str, Any]:  # noqa: ANN401
    return REDUCED | changes


def looks(**changes: Any) -> dict[str, Any]:  # noqa: ANN401
    look = LOOK | changes
    return measures(coarse=look, fine=look)


def tones(**changes: Any) -> dict[str, Any]:  # noqa: ANN401
    return looks(tones=TONES | changes)


def same_size(**changes: Any) -> dict[str, Any]:  # noqa: ANN401
    sizes = {"reference": [900, 600], "other": [900, 600]}
    return measures(sizes=sizes, scale=[1.0, 1.0], **changes)


def by_hand(**changes: Any) -> dict[str, Any]:  # noqa: ANN401
    return same_size(by="features", **{"frame_offset_percent": 1.0} | changes)


CITY = parse_policy(packaged_documents()[0]).duplicate_standard.thresholds


def judged(
    measured: dict[str, Any] | None,
    a: SideFacts | None = None,
    b: SideFacts | None = None,
    *,
    outcome: str = "measured",
    companions: str | None = None,
) -> Judged:
    return judge(PairFacts(a or side(), b or SMALL, companions), outcome, measured, CITY)
