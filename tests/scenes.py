"""Pictures with something in them, drawn in code: the same number always gives the same scene."""

import random
from collections.abc import Mapping
from io import BytesIO

import numpy as np
from images import exif_of
from PIL import Image, ImageDraw, ImageFilter

NOTHING: Mapping[str, str] = {}


def scene(number: int, size: tuple[int, int] = (400, 300)) -> Image.Image:
    """Draw a scene: a sky, hills, houses and small things that no other number has."""
    chance = random.Random(number)  # noqa: S311 - no secret
    width, height = size
    down = np.linspace(0, 1, height)[:, None, None]
    top, bottom = (np.array([chance.randrange(40, 220) for _ in range(3)]) for _ in "ab")
    ground = np.broadcast_to(top * (1 - down) + bottom * down, (height, width, 3))
    picture = Image.fromarray(ground.astype(np.uint8))
    pen = ImageDraw.Draw(picture)
    for _ in range(70):
        x, y = chance.randrange(width), chance.randrange(height)
        across, along = chance.randrange(8, width // 4), chance.randrange(8, height // 4)
        colour = tuple(chance.randrange(256) for _ in range(3))
        shape = pen.ellipse if chance.random() < 0.4 else pen.rectangle
        shape((x, y, x + across, y + along), fill=colour, outline=(0, 0, 0))
    return picture.filter(ImageFilter.GaussianBlur(0.7))


def written(
    picture: Image.Image, kind: str = "JPEG", told: Mapping[str, str] = NOTHING, **how: object
) -> bytes:
    """Write a picture as a file; `told` is what it says of itself."""
    out = BytesIO()
    if told:
        how["exif"] = exif_of(told).tobytes()
    picture.save(out, kind, **({"quality": 92} | how if kind == "JPEG" else how))
    return out.getvalue()


def blank(size: tuple[int, int]) -> Image.Image:
    """Draw an empty page."""
    return Image.new("RGB", size, (250, 250, 246))
