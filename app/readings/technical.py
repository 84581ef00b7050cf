"""Format and the numbers of the picture, from headers only: no pixel is decoded."""

from typing import Any

from app.readings.extraction import Extracted
from app.readings.formats import is_raw
from app.readings.picking import THUMBNAIL
from app.readings.pronom import identify
from app.readings.samples import samples
from app.readings.tags import Tag, Tags

ORIENTATION_OUT_OF_RANGE = "orientation out of range"
_ORIENTATION = "EXIF:IFD0:Orientation"
_EXIF_SPACES = {"1": "sRGB", "2": "Adobe RGB"}
_CROPPED = "RAF:RawImageCroppedSize"  # of a RAF, whose directory of EXIF is the preview's
_LARGEST = 2**31


def format_name(tags: Tags) -> str:
    """Return ExifTool's name of the format without its remarks: WEBP, not WEBP (lossless)."""
    return tags.text("File:FileType").partition(" (")[0]


def format_statement(tags: Tags, head: bytes) -> Extracted:
    """State the format that content gave, its version and PUID where they are sure."""
    name, mime = format_name(tags), tags.text("File:MIMEType")
    version, puid = identify(tags, _plain_name(tags), head)
    value = {"name": name, "mime": mime, "version": version, "puid": puid}
    known = {key: part for key, part in value.items() if part}
    return Extracted("format", known, "File:FileType+File:MIMEType", True)


def technical_statement(tags: Tags, size: int) -> Extracted:
    """State size, dimensions and what the headers say of colour; unknown numbers are None."""
    width, height, where = _dimensions(tags)
    # CRW holds no EXIF: ExifTool makes some up of the block that it hands out as MakerNotes.
    orientation = "" if format_name(tags) == "CRW" else tags.text(_ORIENTATION)
    valid = orientation in {"1", "2", "3", "4", "5", "6", "7", "8"}
    value: dict[str, Any] = {
        "size_bytes": size,
        "width": width,
        "height": height,
        "orientation": int(orientation) if valid else None,
    }
    value |= samples(tags, _plain_name(tags), where[0].rpartition(":")[0] if where else "EXIF:IFD0")
    profile = _profile(tags)
    colour = profile or _EXIF_SPACES.get(tags.text("EXIF:ExifIFD:ColorSpace"))
    optional = {"colour_space": colour, "icc_profile": profile}
    value |= {name: part for name, part in optional.items() if part is not None}
    note = ORIENTATION_OUT_OF_RANGE if orientation and not valid else None
    locator = "+".join([*where, _ORIENTATION] if orientation else where) or "File"
    return Extracted("technical", value, locator, True, note=note)


def _dimensions(tags: Tags) -> tuple[int | None, int | None, list[str]]:
    """Believe the image's own header; of a TIFF's directories the first, of a RAW's the largest."""
    if len(cropped := tags.text(_CROPPED).split()) == 2:
        return _positive(cropped[0]), _positive(cropped[1]), [_CROPPED]
    if aperture := _aperture(tags):
        return aperture
    raw = is_raw(tags.text("File:MIMEType"))
    best = (-1, 0, False)
    found: tuple[int | None, int | None, list[str]] = (None, None, [])
    for wide in tags.named("ImageWidth") + (tags.named("ExifImageWidth") if raw else []):
        high = tags.get(f"{wide.locator.removesuffix('Width')}Height")
        width, height = _positive(wide.text), _positive(high.text if high else "")
        full = tags.text(f"{wide.locator.rpartition(':')[0]}:SubfileType") == "0"
        rank = (_trust(wide, raw=raw), (width or 0) * (height or 0), full)
        if high and (width or height) and rank > best:
            best, found = rank, (width, height, [wide.locator, high.locator])
    return found


def _aperture(tags: Tags) -> tuple[int, int, list[str]] | None:
    """Cut what HEVC and AV1 code in whole blocks to the picture that HEIF says to show."""
    for tag in tags.named("CleanAperture"):
        counts = [_positive(part) for part in tag.text.split()[:2]]
        if len(counts) == 2 and (width := counts[0]) and (height := counts[1]):
            return width, height, [tag.locator]
    return None


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


def _plain_name(tags: Tags) -> str:
    """Name the format without ExifTool's distinctions: WEBP for Extended WEBP, TIFF for BTF."""
    name = format_name(tags).removeprefix("Extended ")
    return {"BTF": "TIFF"}.get(name, name)


def _profile(tags: Tags) -> str | None:
    """Return the description of the embedded colour profile."""
    profile = tags.text(
        "ICC_Profile:ICC-header:ProfileDescription", "ICC_Profile:ProfileDescription"
    )
    return profile[:200] if profile and profile.isprintable() else None
