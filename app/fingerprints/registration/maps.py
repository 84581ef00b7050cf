"""The picture that shows a person where two pictures differ."""

import cv2
import numpy as np

from app.fingerprints.registration.geometry import Affine, centred, rescaled
from app.fingerprints.registration.laying import Sight
from app.fingerprints.registration.regions import Standing
from app.fingerprints.registration.residuals import EIGHT

LONGEST = 320
MOST_BYTES = 262_144  # what the database takes
DIM, HOT = 0.45, (230.0, 40.0, 30.0)


def difference_map(reference: Sight, standing: Standing, back: Affine) -> bytes | None:
    """Draw the reference in grey, brighter where both have a picture, red where they differ."""
    less = min(1.0, LONGEST / max(reference.full))
    size = (max(1, round(reference.full[0] * less)), max(1, round(reference.full[1] * less)))
    small = cv2.resize(reference.pixels, size, interpolation=cv2.INTER_AREA)
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
    matrix = centred(
        rescaled(
            back, (1 / EIGHT, 1 / EIGHT), (size[0] / reference.full[0], size[1] / reference.full[1])
        )
    )
    heat = cv2.warpAffine(
        np.clip(standing.strength - 0.3, 0, 1.5) / 1.5, matrix, size, flags=cv2.INTER_NEAREST
    )
    covered = cv2.warpAffine(
        standing.counted.astype(np.float32), matrix, size, flags=cv2.INTER_NEAREST
    )
    bright = grey * (DIM + (1 - DIM) * covered)
    drawn = bright[..., None] * (1 - heat[..., None]) + np.array(HOT, np.float32) * heat[..., None]
    written, content = cv2.imencode(".png", drawn[..., ::-1].clip(0, 255).astype(np.uint8))
    content_bytes = content.tobytes()
    return content_bytes if written and len(content_bytes) <= MOST_BYTES else None
