"""Format and the numbers of the picture, from headers only: no pixel is decoded."""

from typing import Any

from app.readings.extraction import Extracted
from app.readings.picking import THUMBNAIL
from app.readings.tags import Tag, Tags

ORIENTATION_OUT_OF_RANGE = "orientation out of range"
_ORIENTATION = "EXIF:IFD0:Orientation"
_COMPRESSIONS = {
    "1": "none",
    "2": "ccitt-rle",
    "3": "ccitt-3",
    "4": "ccitt-4",
    "5": "lzw",
    "6": "jpeg",
    "7": "jpeg",
    "8": "deflate",
    "32773": "packbits",
    "32946": "deflate",
    "34712": "jpeg2000",
}
_BY_FORMAT = {"JPEG": "jpeg", "MPO": "jpeg", "PNG": "deflate", "APNG": "deflate", "GIF": "lzw"}
_FRAMES = ("FrameCount", "PageCount", "AnimationFrames", "NumberOfImages")
_DEPTHS = ("BitsPerSample", "BitDepth", "BitDepthLuma")
_LARGEST = 2**31


def format_name(tags: Tags) -> str:
    """Return ExifTool's name of the format without its remarks: WEBP, not WEBP (lossless)."""
    return tags.text("File:FileType").partition(" (")[0]


def format_statement(tags: Tags) -> Extracted:
    """State the format that content gave."""
    name, mime = format_name(tags), tags.text("File:MIMEType")
    return Extracted("format", {"name": name, "mime": mime}, "File:FileType+File:MIMEType", True)


def technical_statement(tags: Tags, size: int) -> Extracted:
    """State size, dimensions and what the headers say of colour; unknown numbers are None."""
    width, height, where = _dimensions(tags)
    orientation = tags.text(_ORIENTATION)
    valid = orientation in {"1", "2", "3", "4", "5", "6", "7", "8"}
    value: dict[str, Any] = {
        "size_bytes": size,
        "width": width,
        "height": height,
        "orientation": int(orientation) if valid else None,
    }
    optional = {
        "frames": _number(tags, _FRAMES),
        "bit_depth": _number(tags, _DEPTHS),
        "colour_space": _colour_space(tags),
        "compression": _compression(tags),
    }
    value |= {name: part for name, part in optional.items() if part is not None}
    note = ORIENTATION_OUT_OF_RANGE if orientation and not valid else None
    locator = "+".join([*where, _ORIENTATION] if orientation else where) or "File"
    return Extracted("technical", value, locator, True, note=note)


def _dimensions(tags: Tags) -> tuple[int | None, int | None, list[str]]:
    """Believe the image's own header; of a TIFF's directories the first, of a RAW's the largest."""
    raw = tags.text("File:MIMEType").startswith("image/x-")
    best: tuple[int, int] = (-1, 0)
    found: tuple[int | None, int | None, list[str]] = (None, None, [])
    for wide in tags.named("ImageWidth") + (tags.named("ExifImageWidth") if raw else []):
        high = tags.get(f"{wide.locator.removesuffix('Width')}Height")
        width, height = _positive(wide.text), _positive(high.text if high else "")
        rank = (_trust(wide, raw=raw), (width or 0) * (height or 0))
        if high and (width or height) and rank > best:
            best, found = rank, (width, height, [wide.locator, high.locator])
    return found


def _trust(tag: Tag, *, raw: bool) -> int:
    """Rank who says it: in a RAW file the header is the preview's, and EXIF speaks of the image."""
    match tag.family:
        case "Composite":
            return 6
        case "File":
            return 4
        case "XMP" | "MakerNotes":
            return 0
        case "EXIF" if tag.group == THUMBNAIL:
            return 0
        case "EXIF" if raw:
            return 5
        case "EXIF":
            return 2 if tag.group == "IFD0" else 1
        case _:
            return 3


def _positive(text: str) -> int | None:
    """Return a count that a header can mean; zero and absurd ones are unknown."""
    text = text.strip()
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 11 else 0
    return number if 0 < number < _LARGEST else None


def _number(tags: Tags, names: tuple[str, ...]) -> int | None:
    """Return the first number that any of these tags gives; `8 8 8` is 8."""
    firsts = (tag.text.partition(" ")[0] for name in names for tag in tags.named(name))
    return next(filter(None, map(_positive, firsts)), None)


def _colour_space(tags: Tags) -> str | None:
    profile = tags.text(
        "ICC_Profile:ICC-header:ProfileDescription", "ICC_Profile:ProfileDescription"
    )
    if profile and profile.isprintable():
        return profile[:200]
    return {"1": "sRGB", "2": "Adobe RGB"}.get(tags.text("EXIF:ExifIFD:ColorSpace"))


def _compression(tags: Tags) -> str | None:
    known = _BY_FORMAT.get(tags.text("File:FileType"))
    return known or _COMPRESSIONS.get(tags.text("EXIF:IFD0:Compression"))
