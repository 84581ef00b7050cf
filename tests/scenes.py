"""Photographs and pages drawn in code, rich enough to be told apart, and what is done to copies."""

import io
from functools import cache

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from app.comparisons.judging import SideFacts
from app.fingerprints.registration import codings
from app.fingerprints.registration.kept import Kept
from app.fingerprints.seeing.picture import decoded

WORDS = (
    *("harbour", "street", "ferry", "market", "office", "board"),
    *("section", "letter", "estate", "typhoon", "water", "plan"),
)


@cache
def photograph(number: int, size: tuple[int, int] = (900, 600)) -> Image.Image:
    """Draw a scene of its own for each number: texture at all scales, shapes, lettering, noise."""
    draw = np.random.default_rng(number)
    width, height = size
    field = np.zeros((height, width, 3), np.float32)
    for step in (3, 8, 20, 60, 150):
        shape = (height // step + 2, width // step + 2)
        grey, tint = draw.normal(0, 1, (*shape, 1)), draw.normal(0, 0.4, (*shape, 3))
        coarse = np.asarray(grey + tint, np.float32)
        field += cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC) * (4 + step**0.6)
    image = Image.fromarray(np.clip(118 + field, 0, 255).astype(np.uint8))
    brush = ImageDraw.Draw(image)
    for _ in range(30):
        x, y, w, h = (int(draw.integers(0, most)) for most in (width, height, 120, 90))
        colour = tuple(int(each) for each in draw.integers(0, 256, 3))
        kind = int(draw.integers(0, 3))
        if kind == 0:
            brush.ellipse((x, y, x + w, y + h), fill=colour)
        elif kind == 1:
            brush.rectangle((x, y, x + w, y + h), fill=colour)
        else:
            brush.text((x, y), WORDS[w % len(WORDS)], fill=colour, font=ImageFont.load_default(30))
    return noisy(image, number, 1.5)


@cache
def page(number: int) -> Image.Image:
    """Draw a filled form: the same head and lines for each number, and other words on them."""
    draw = np.random.default_rng(number)
    image = Image.new("L", (900, 640), 244)
    brush = ImageDraw.Draw(image)
    brush.rectangle((20, 20, 880, 620), outline=60, width=3)
    brush.text((40, 36), "PHOTOGRAPH CATALOGUE CARD", fill=20, font=ImageFont.load_default(36))
    for line in range(12):
        text = " ".join(WORDS[int(each)] for each in draw.integers(0, len(WORDS), 7))
        brush.text((40, 100 + 42 * line), text, fill=30, font=ImageFont.load_default(24))
    return noisy(image.convert("RGB"), number, 2.0)


def noisy(image: Image.Image, seed: int, sigma: float) -> Image.Image:
    """Add fresh noise, as a sensor does."""
    pixels = np.asarray(image, np.float32)
    fresh = np.random.default_rng(seed + 1000).normal(0, sigma, pixels.shape)
    return Image.fromarray(np.clip(pixels + fresh, 0, 255).astype(np.uint8))


def coded(image: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    """Encode a picture."""
    written = io.BytesIO()
    image.save(written, kind, **({"quality": 90} if kind == "JPEG" else {}) | options)
    return written.getvalue()


def kept(content: bytes | Image.Image) -> Kept:
    """Hold an encoded picture as measuring does."""
    bare = coded(content) if isinstance(content, Image.Image) else content
    return Kept(lambda longest: decoded(io.BytesIO(bare), longest))


def kept_with_coding(content: bytes) -> Kept:
    """Hold an encoded picture that is asked how it is coded, too."""
    held = kept(content)
    held.coding = lambda: codings.coded(io.BytesIO(content))
    return held


def side(**changes: object) -> SideFacts:
    """State the facts of a plain picture, but for some."""
    plain: dict[str, object] = {
        "format": "JPEG",
        "width": 900,
        "height": 600,
        "frames": 1,
        "bit_depth": 8,
        "colour": "RGB",
        "alpha": False,
        "orientation": 1,
        "auxiliary": 0,
        "edited": False,
        "size_bytes": 100_000,
    }
    known = dict.fromkeys(SideFacts.__dataclass_fields__) | plain | changes
    return SideFacts(**known)  # type: ignore[arg-type]
