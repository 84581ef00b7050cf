"""Pairs that every quick look calls identical, and that are not; each differs in one thing."""

from collections.abc import Callable, Mapping

import numpy as np
from easel import encoded, jpeg, photograph
from PIL import Image, ImageCms

Pair = tuple[tuple[str, bytes], tuple[str, bytes]]  # suffix and content of either side
ORIENTATION = 0x0112


def in_16_bits(picture: Image.Image) -> Pair:
    """Return two 16-bit images that differ only below the eight bits that a screen shows."""
    high = np.asarray(picture.convert("L"), np.uint16) << 8
    low = np.random.default_rng(5).integers(0, 256, high.shape, np.uint16)
    sides = (high | low, high | (255 - low))
    first, second = (encoded(Image.fromarray(side), "PNG", compress_level=1) for side in sides)
    return ("png", first), ("png", second)


def on_page_two(picture: Image.Image) -> Pair:
    """Return two documents with the same first page and another second one."""
    first, second = (
        encoded(picture, "TIFF", save_all=True, append_images=[page], compression="tiff_lzw")
        for page in (picture.rotate(180), picture.convert("L").convert("RGB"))
    )
    return ("tif", first), ("tif", second)


def by_profile(picture: Image.Image) -> Pair:
    """Return two JPEGs of the same image data, to be shown in other colours."""
    made = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    profile = made[:24] + bytes(12) + made[36:]  # without the day on which it was made
    swapped = profile.replace(b"rXYZ", b"!XYZ").replace(b"bXYZ", b"rXYZ").replace(b"!XYZ", b"bXYZ")
    first, second = (jpeg(picture, icc_profile=one) for one in (profile, swapped))
    return ("jpg", first), ("jpg", second)


def by_orientation(picture: Image.Image) -> Pair:
    """Return two JPEGs of the same image data, one to be shown upside down."""
    upright, turned = Image.Exif(), Image.Exif()
    upright[ORIENTATION], turned[ORIENTATION] = 1, 3
    first, second = (jpeg(picture, exif=one.tobytes()) for one in (upright, turned))
    return ("jpg", first), ("jpg", second)


def behind_the_end(picture: Image.Image) -> Pair:
    """Return a JPEG, and the same with something hung behind its end."""
    plain = jpeg(picture)
    return ("jpg", plain), ("jpg", plain + b"MotionPhoto" + bytes(range(256)) * 4)


TRAPS: Mapping[str, Callable[[Image.Image], Pair]] = {
    "below 8 bits": in_16_bits,
    "page two": on_page_two,
    "profile": by_profile,
    "orientation": by_orientation,
    "behind the end": behind_the_end,
}


def all_traps(size: tuple[int, int] = (640, 427)) -> Mapping[str, Pair]:
    """Return each pair, of a photograph of its own."""
    return {name: make(photograph(900 + at, size)) for at, (name, make) in enumerate(TRAPS.items())}
