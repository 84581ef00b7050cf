"""Propose the class of a measured pair by the standard; in doubt the one further from deletion.

Rules are asked from the top down and the first that speaks decides. Those that keep a picture stand
before those that let one go: only what passed all of them can be a derivative.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.comparisons.derivatives import derivative
from app.comparisons.evidence import Evidence, Reason
from app.comparisons.sides import PairFacts, Side, SideFacts, identical, other_capture, same_data
from app.comparisons.variants import (
    bordered,
    cropped,
    digitised_again,
    filtered,
    moved,
    retouched,
    same_form,
    toned,
    turned,
)
from app.policies.rules.standard import Thresholds

__all__ = ["Judged", "PairFacts", "SideFacts", "judge"]

Found = tuple[str, Side | None, float]  # class, copy, score


@dataclass(frozen=True, slots=True)
class Judged:
    """A proposed class with its reasons; a person decides."""

    class_: str
    copy: Side | None  # which side might go; None: the evidence gives no direction
    score: float  # 0 to 1, how far from the nearest other class
    reasons: list[Reason]


def judge(
    pair: PairFacts,
    measurement_outcome: str,
    measured: Mapping[str, Any] | None,
    standard: Thresholds,
) -> Judged:
    """Judge a pair from what its files say and what measuring them gave.

    Args:
        pair: facts of both files.
        measurement_outcome: `measured`, or why not.
        measured: the numbers of app.fingerprints.registration.measuring, if there are any.
        standard: the thresholds of the policy in force.
    """
    if pair.companions:
        tie = {"code": "companions", "kind": pair.companions}
        return Judged("capture_pair", None, 1.0, [tie])
    if measurement_outcome != "measured" or measured is None:
        return Judged(
            "undetermined", None, 0.0, [{"code": "not_measured", "why": measurement_outcome}]
        )
    seen = Evidence(measured, standard)
    for rule in RULES:
        found = rule(pair, seen)
        if found is not None:
            class_, copy, score = found
            return Judged(class_, copy, round(min(1.0, max(0.0, score)), 3), seen.reasons)
    seen.tell("no_rule")
    return Judged("undetermined", None, 0.0, seen.reasons)


def equal(pair: PairFacts, seen: Evidence) -> Found | None:
    """Equal digests under equal rendering; of empty pictures, unless they are other captures."""
    if not identical(pair.a, pair.b):
        return None
    apart = other_capture(pair.a, pair.b)
    if apart and (pair.a.low_information or pair.b.low_information):
        seen.tell("empty_frames_of_other_captures", **apart)
        return "sequence", None, 0.9
    seen.tell("equal_digests_and_rendering")
    if apart:
        seen.tell("captures_contradict", **apart)
    return "identical_image_data", None, 1.0


def empty(pair: PairFacts, seen: Evidence) -> Found | None:
    """Blank and two-tone pictures look alike whatever they are of."""
    kinds = {"a": pair.a.low_information, "b": pair.b.low_information}
    if not any(kinds.values()):
        return None
    seen.tell("low_information", **kinds)
    return "undetermined", None, 0.0


def apart(_: PairFacts, seen: Evidence) -> Found | None:
    """Nothing of one was found in the other."""
    if not seen.measured["registered"]:
        seen.tell("not_registered", inliers=seen.measured.get("inliers", 0))
        return "unrelated", None, 0.9
    likeness = seen.measured["coarse"]["likeness"]
    alike = seen.at_least("likeness", likeness, "registration_likeness_min")
    inliers = seen.measured["inliers"]
    if alike or seen.at_least("inliers", inliers, "registration_inliers_min"):
        return None
    return "unrelated", None, 1 - likeness


def sharing_a_mark(_: PairFacts, seen: Evidence) -> Found | None:
    """They bear one mark, strip, target or frame; what else either shows is not in the other."""
    agreement = seen.measured.get("agreement")  # measurements before method 3 have none
    if agreement is None:
        return None
    share = max(agreement["share"].values())
    if seen.at_least("found_again", share, "registration_found_again_min"):
        return None
    seen.tell("shared_mark", box=agreement["box"], **agreement["share"])
    return "unrelated", None, 1 - share


def captured_apart(pair: PairFacts, seen: Evidence) -> Found | None:
    """What the files say of their captures goes before what they look like.

    No two exposures have equal data: then one file, at least, tells another picture's instant.
    """
    apart = other_capture(pair.a, pair.b)
    if apart is None:
        return None
    if same_data(pair.a, pair.b):
        seen.tell("captures_contradict", **apart)
        return "undetermined", None, 0.0
    seen.tell("other_capture", **apart)
    return "sequence", None, 0.95


RULES: tuple[Callable[[PairFacts, Evidence], Found | None], ...] = (
    equal,
    empty,
    apart,
    sharing_a_mark,
    captured_apart,
    same_form,
    turned,
    bordered,
    moved,
    retouched,
    digitised_again,
    cropped,
    toned,
    filtered,
    derivative,
)
