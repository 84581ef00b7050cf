"""Which blocks differ by more than noise, and where they lie together."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from app.fingerprints.registration.residuals import Blocks

Floats = npt.NDArray[Any]
LEAST = 3.0  # levels: below, nothing is told from coding noise
TIMES = 5.0  # the upper quartile of blocks as lively
MOST, MOST_OF_LIVELY = 6.0, 0.08  # no honest coding noise goes beyond, however many blocks have it
KINDS = 8  # of liveliness
HALF = 0.5  # of a block covered, for it to count
INFORMATIVE = 6.0  # levels of standard deviation: there is something to be seen


@dataclass(frozen=True, slots=True)
class Standing:
    """Blocks by how much they differ: strength 1 is the limit of noise."""

    strength: Floats
    counted: npt.NDArray[np.bool_]
    informative: npt.NDArray[np.bool_]


def standing(blocks: Blocks) -> Standing:
    """Measure every block against what blocks as lively do."""
    counted = blocks.covered > HALF
    lively = np.maximum(blocks.lively_one, blocks.lively_other)
    limits = np.full(lively.shape, LEAST, np.float32)
    if counted.any():
        bounds = np.quantile(lively[counted], np.linspace(0, 1, KINDS + 1)[1:-1])
        kinds = np.digitize(lively, bounds)
        for kind in range(KINDS):
            here = (kinds == kind) & counted
            if here.any():
                limits[kinds == kind] = TIMES * np.quantile(blocks.differing[here], 0.75)
    limits = np.clip(limits, LEAST, MOST + MOST_OF_LIVELY * lively)
    strength = np.where(counted, blocks.differing / limits, 0).astype(np.float32)
    return Standing(strength, counted, counted & (lively > INFORMATIVE))


def described(found: Standing, blocks: Blocks) -> dict[str, Any]:
    """Write down how much differs and where the strongest region lies, in blocks [x, y, w, h]."""
    differing = found.strength > 1
    counted, informative = max(int(found.counted.sum()), 1), int(found.informative.sum())
    said: dict[str, Any] = {
        "blocks": int(found.counted.sum()),
        "informative": informative,
        "differing_share": round(float(differing.sum()) / counted, 5),
        "informative_differing_share": round(
            float((differing & found.informative).sum()) / max(informative, 1), 5
        ),
        "strongest": round(float(found.strength.max(initial=0.0)), 3),
        "regions": 0,
        "region": None,
        "typical": round(float(np.median(blocks.differing[found.counted])), 3)
        if found.counted.any()
        else 0.0,
    }
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        differing.astype(np.uint8), connectivity=8
    )
    if count > 1:
        weights = np.bincount(labels.ravel(), np.maximum(found.strength - 1, 0).ravel(), count)
        weights[0] = 0
        largest = int(weights.argmax())
        x, y, width, height, size = (int(value) for value in stats[largest])
        said |= {
            "regions": count - 1,
            "region": {
                "box": [x, y, width, height],
                "share": round(size / counted, 5),
                "blocks": size,
                "strength": round(float(found.strength[labels == largest].max()), 3),
                "weight": round(float(weights[largest]), 2),
            },
        }
    return said


def likeness(blocks: Blocks, found: Standing) -> float:
    """Return how much structure both sides share where there is any, -1 to 1."""
    here = found.informative
    if not here.any():
        return 0.0
    weights = np.minimum(np.maximum(blocks.lively_one, blocks.lively_other)[here], 40.0)
    return round(float(np.average(blocks.likeness[here], weights=weights)), 4)


def sharpness(blocks: Blocks, found: Standing) -> dict[str, float]:
    """Return the other's detail as a share of one's, on the liveliest quarter: 1 is as sharp."""
    here = found.informative & (found.strength <= 1)
    if here.sum() < 8:
        return {"fine": 1.0, "middle": 1.0}
    lively = np.minimum(blocks.lively_one, blocks.lively_other)
    top = here & (lively >= np.quantile(lively[here], 0.75))

    def ratio(one: Floats, other: Floats) -> float:
        return round(float(other[top].sum() / max(one[top].sum(), 1e-6)), 4)

    return {
        "fine": ratio(blocks.fine_one, blocks.fine_other),
        "middle": ratio(blocks.middle_one, blocks.middle_other),
    }


def noise(blocks: Blocks, found: Standing) -> dict[str, float]:
    """Return noise of both sides and of their difference, in levels, on the flattest tenth."""
    here = found.counted & (found.strength <= 1)
    if not here.any():
        return {"one": 0.0, "other": 0.0, "apart": 0.0}
    lively = np.maximum(blocks.lively_one, blocks.lively_other)
    flat = here & (lively <= np.quantile(lively[here], 0.1))
    grids = {"one": blocks.fine_one, "other": blocks.fine_other, "apart": blocks.fine_apart}
    return {name: round(float(np.median(grid[flat])), 3) for name, grid in grids.items()}
