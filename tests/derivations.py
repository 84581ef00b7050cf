"""What becomes of a photograph: copies, renditions, crops, retouches, a burst, each with its class.

The classes are those of the corpus' truth; the code is our own, and so are the pictures.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from easel import encoded, jpeg
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

LANCZOS = Image.Resampling.LANCZOS
ORIENTATION = 0x0112
MADE, MODEL, TAKEN, OFFSET = 0x010F, 0x0110, 0x9003, 0x9011
CLASSES = (
    "identical_bytes",
    "identical_pixels",
    "derivative_resize",
    "derivative_recompress",
    "derivative_format",
    "crop",
    "exposure_variant",
    "colour_variant",
    "rotated",
    "sequence",
    "overlay",
    "edit_filter",
)


@dataclass(frozen=True, slots=True)
class Derived:
    """One file made of a photograph: its class in the words of the truth, and how it was made."""

    class_: str
    how: str
    suffix: str
    data: bytes


def taken(number: int, second: int = 0) -> Image.Exif:
    """Return what a camera writes: its name, and an instant of its own for every number."""
    exif = Image.Exif()
    exif[MADE], exif[MODEL] = "Scenario", f"V{number % 5}"
    day = f"{2001 + number % 20}:0{1 + number % 9}:1{number % 10}"
    inner = exif.get_ifd(0x8769)
    inner[TAKEN], inner[OFFSET] = f"{day} 10:{number % 60:02d}:{second:02d}", "+08:00"
    return exif


def original(picture: Image.Image, number: int) -> bytes:
    """Return the photograph as the camera stored it."""
    return jpeg(picture, 92, exif=taken(number).tobytes())


def derived(stored: bytes, number: int) -> Iterator[Derived]:
    """Yield everything that is made of a stored photograph; the number decides the details."""
    chance = np.random.default_rng([7, number])
    picture = Image.open(BytesIO(stored)).convert("RGB")
    yield Derived("identical_bytes", "copy", "jpg", stored)
    yield Derived("identical_pixels", "without metadata", "jpg", without_metadata(stored))
    yield from renditions(picture, number)
    yield from crops(picture, chance)
    yield from tones(picture, chance)
    yield from turns(picture, number)
    yield from retouches(picture, chance)
    for second in (1, 2):
        moment = a_moment_later(picture, chance)
        data = jpeg(moment, 92, exif=taken(number, second).tobytes())
        yield Derived("sequence", f"{second} s later", "jpg", data)


def without_metadata(stored: bytes) -> bytes:
    """Return a JPEG without its APP1 to APP13 segments and comments: the same image data."""
    kept, at = stored[:2], 2
    while stored[at + 1] != 0xDA:
        end = at + 2 + int.from_bytes(stored[at + 2 : at + 4], "big")
        if not (0xE1 <= stored[at + 1] <= 0xED or stored[at + 1] == 0xFE):
            kept += stored[at:end]
        at = end
    return kept + stored[at:]


def scaled(picture: Image.Image, by: float) -> Image.Image:
    """Return the picture smaller or larger."""
    width, height = picture.size
    return picture.resize((round(width * by), round(height * by)), LANCZOS)


def renditions(picture: Image.Image, number: int) -> Iterator[Derived]:
    """Yield smaller, recompressed and converted copies."""
    for by in (0.75, 0.5, 0.25):
        yield Derived("derivative_resize", f"scale {by}", "jpg", jpeg(scaled(picture, by)))
    small = picture.copy()
    small.thumbnail((160, 160), LANCZOS)
    yield Derived("derivative_resize", "thumbnail 160", "jpg", jpeg(small, 80))
    for quality in (80, 60, 25):
        data = jpeg(picture, quality)
        yield Derived("derivative_recompress", f"quality {quality}", "jpg", data)
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # to be shown turned by 90 degrees clockwise: as it was
    turned = jpeg(picture.transpose(Image.Transpose.ROTATE_90), 92, exif=exif.tobytes())
    yield Derived("derivative_recompress", "stored turned, shown upright", "jpg", turned)
    formats: tuple[Callable[[], Derived], ...] = (
        lambda: Derived("derivative_format", "webp", "webp", encoded(picture, "WEBP", quality=75)),
        lambda: Derived("derivative_format", "avif", "avif", encoded(picture, "AVIF", quality=60)),
        lambda: Derived(
            "derivative_format", "256 colours", "gif", encoded(picture.quantize(256), "GIF")
        ),
        lambda: Derived("derivative_format", "jp2", "jp2", rate_20(picture)),
    )
    yield formats[number % len(formats)]()
    if number % 2:
        data = encoded(picture, "PNG", compress_level=1)
        yield Derived("identical_pixels", "decoded, as PNG", "png", data)
    else:
        data = encoded(picture, "TIFF", compression="tiff_lzw")
        yield Derived("identical_pixels", "decoded, as TIFF", "tif", data)


def rate_20(picture: Image.Image) -> bytes:
    """Write JPEG 2000 at a twentieth of the size."""
    return encoded(picture, "JPEG2000", quality_mode="rates", quality_layers=[20])


def crops(picture: Image.Image, chance: np.random.Generator) -> Iterator[Derived]:
    """Yield crops, each at a place that chance decides."""
    for share in (0.95, 0.8, 0.6):
        box = a_box(picture.size, share, chance)
        how = f"keeps {share} of each side"
        yield Derived("crop", how, "jpg", jpeg(picture.crop(box)))
    side = (min(picture.size),) * 2
    yield Derived("crop", "square", "jpg", jpeg(ImageOps.fit(picture, side)))


def a_box(
    size: tuple[int, int], share: float, chance: np.random.Generator
) -> tuple[int, int, int, int]:
    """Return a box of that share of both sides."""
    wide, high = int(size[0] * share), int(size[1] * share)
    left, top = (int(chance.integers(0, max(1, one))) for one in (size[0] - wide, size[1] - high))
    return left, top, left + wide, top + high


def tones(picture: Image.Image, chance: np.random.Generator) -> Iterator[Derived]:
    """Yield other exposures and other colours."""
    for stops in (-1.4, -0.6, 0.6, 1.4):
        light = (np.asarray(picture, np.float32) / 255) ** 2.2 * 2**stops
        shoulder = np.where(light > 0.8, 0.8 + 0.2 * np.tanh((light - 0.8) / 0.2), light)
        grain = chance.normal(0, 2, shoulder.shape)
        shown = np.clip(shoulder, 0, 1) ** (1 / 2.2) * 255 + grain
        lit = Image.fromarray(np.clip(shown, 0, 255).astype(np.uint8))
        yield Derived("exposure_variant", f"{stops:+} stops", "jpg", jpeg(lit, 92))
    grey = ImageOps.grayscale(picture)
    sepia = ImageOps.colorize(grey, "#22140a", "#f4e6c8")
    warm = np.asarray(picture, np.float32) * np.array([1.18, 1, 0.8], np.float32)
    coloured = {
        "greyscale": grey,
        "sepia": sepia,
        "saturation 1.7": ImageEnhance.Color(picture).enhance(1.7),
        "warm white": Image.fromarray(np.clip(warm, 0, 255).astype(np.uint8)),
    }
    for how, made in coloured.items():
        yield Derived("colour_variant", how, "jpg", jpeg(made, 92))


def turns(picture: Image.Image, number: int) -> Iterator[Derived]:
    """Yield turned, mirrored and straightened copies."""
    ways = Image.Transpose
    every = (
        ways.ROTATE_90,
        ways.ROTATE_180,
        ways.ROTATE_270,
        ways.FLIP_LEFT_RIGHT,
        ways.FLIP_TOP_BOTTOM,
    )
    for way in (every[number % 5], every[(number + 3) % 5]):
        yield Derived("rotated", way.name.lower(), "jpg", jpeg(picture.transpose(way), 92))
    straight = picture.rotate(2.5, Image.Resampling.BICUBIC)
    yield Derived("rotated", "straightened by 2.5 degrees", "jpg", jpeg(straight, 92))


def retouches(picture: Image.Image, chance: np.random.Generator) -> Iterator[Derived]:
    """Yield copies with something laid over them, taken away, or softened."""
    yield Derived("overlay", "words", "jpg", jpeg(watermarked(picture)))
    border = int(picture.width * 0.05)
    yield Derived("overlay", "border", "jpg", jpeg(ImageOps.expand(picture, border, "white")))
    yield Derived("overlay", "stamp", "jpg", jpeg(stamped(picture, chance)))
    yield Derived("edit_filter", "a part painted over", "jpg", jpeg(cloned(picture, chance), 92))


def watermarked(picture: Image.Image) -> Image.Image:
    """Lay pale words over the middle."""
    marked = picture.copy()
    pen = ImageDraw.Draw(marked, "RGBA")
    font = ImageFont.load_default(max(12, picture.width // 10))
    place = (picture.width * 0.1, picture.height * 0.45)
    pen.text(place, "ARCHIVE COPY", fill=(255, 255, 255, 120), font=font)
    return marked


def stamped(picture: Image.Image, chance: np.random.Generator) -> Image.Image:
    """Press a red stamp into one corner."""
    marked = picture.copy()
    width, height = picture.size
    pen, side = ImageDraw.Draw(marked, "RGBA"), min(picture.size) // 5
    left = int(chance.choice((width // 20, width - side - width // 20)))
    box = (left, height - side - height // 20, left + side, height - height // 20)
    pen.ellipse(box, outline=(190, 20, 30, 230), width=max(3, side // 14))
    font = ImageFont.load_default(max(10, side // 4))
    pen.text((box[0] + side // 7, box[1] + side // 3), "COPY", fill=(190, 20, 30, 230), font=font)
    return marked


def cloned(picture: Image.Image, chance: np.random.Generator) -> Image.Image:
    """Cover a part with another part, softly edged, as a retoucher does."""
    wide, high = picture.width // 7, picture.height // 6
    source = a_box(picture.size, 1 / 6, chance)
    patch = picture.crop((source[0], source[1], source[0] + wide, source[1] + high))
    mask = Image.new("L", (wide, high), 0)
    ImageDraw.Draw(mask).ellipse((4, 4, wide - 5, high - 5), fill=255)
    place = (picture.width - source[0] - wide, picture.height - source[1] - high)
    if abs(place[0] - source[0]) < wide and abs(place[1] - source[1]) < high:
        place = (source[0], 0 if source[1] > high else picture.height - high)
    retouched = picture.copy()
    retouched.paste(patch, place, mask.filter(ImageFilter.GaussianBlur(3)))
    return retouched


def a_moment_later(picture: Image.Image, chance: np.random.Generator) -> Image.Image:
    """Return the next frame of a burst: another hand, other grain, and somebody has moved."""
    width, height = picture.size
    wider = scaled(picture, 1.03 + chance.uniform(0, 0.01))
    held = wider.rotate(float(chance.uniform(-0.7, 0.7)), Image.Resampling.BICUBIC)
    left, top = int(width * chance.uniform(0, 0.018)), int(height * chance.uniform(0, 0.018))
    frame = held.crop((left, top, left + width, top + height))
    pen, tall = ImageDraw.Draw(frame), min(width, height) // 9
    x, y = int(chance.integers(tall, width - tall)), int(chance.integers(tall, height - tall))
    shirt, head = (tuple(int(c) for c in chance.integers(20, 235, 3)) for _ in range(2))
    pen.ellipse((x - tall // 3, y - tall // 2, x + tall // 3, y + tall), fill=shirt)
    pen.ellipse((x - tall // 5, y - tall, x + tall // 5, y - tall // 2), fill=head)
    grain = np.asarray(frame, np.float32) + chance.normal(0, 3, (height, width, 3))
    return Image.fromarray(np.clip(grain, 0, 255).astype(np.uint8))


WORDS = [
    "inspection",
    "district",
    "branch",
    "harbour",
    "record",
    "approval",
    "minister",
    "drainage",
    "shelter",
    "census",
    "estate",
    "hawker",
    "licence",
    "permit",
    "survey",
    "gazette",
    "pier",
    "market",
    "school",
    "clinic",
    "temple",
    "village",
    "reservoir",
]


def record_card(number: int, *, form: int = 0) -> bytes:
    """Type a card: of one form all look alike, and each says something else."""
    chance = np.random.default_rng([11, form, number])
    size = ((1200, 760), (1000, 1400))[form % 2]
    card = Image.new("L", size, 246)
    pen = ImageDraw.Draw(card)
    pen.rectangle((30, 30, size[0] - 30, size[1] - 30), outline=60, width=3)
    title = ("CATALOGUE CARD", "RECORDS OFFICE")[form % 2]
    pen.text((60, 50), title, fill=20, font=ImageFont.load_default(40))
    pen.line((60, 110, size[0] - 60, 110), fill=60, width=2)
    font = ImageFont.load_default(22)
    for line, label in enumerate(("Ref:", "Date:", "Subject:", "Place:", "Officer:", "Remarks:")):
        words = " ".join(chance.choice(WORDS, int(chance.integers(3, 8))))
        pen.text((60, 140 + line * 44), label, fill=40, font=font)
        said = f"{words} {chance.integers(1000, 9999)}"
        pen.text((200, 140 + line * 44), said, fill=30, font=font)
    grain = np.asarray(card, np.float32) + chance.normal(0, 4, size[::-1])
    return jpeg(Image.fromarray(np.clip(grain, 0, 255).astype(np.uint8)), 88)
