"""PRONOM's identifier of a format, where the headers leave no doubt; else none.

From PRONOM's signatures (The National Archives, signature file 109). Formats that it did not know
then, such as AVIF, BigTIFF and APNG with text, get none rather than a neighbour's.
"""

import json
from collections.abc import Callable

from app.readings.chunks import TAG
from app.readings.tags import Tags

Found = tuple[str | None, str | None]

_JFIF = {"1 0": ("1.00", "fmt/42"), "1 1": ("1.01", "fmt/43"), "1 2": ("1.02", "fmt/44")}
_EXIF_JPEG = {
    "0200": ("2.0", "x-fmt/398"),
    "0210": ("2.1", "x-fmt/390"),
    "0220": ("2.2", "x-fmt/391"),
    "0221": ("2.2.1", "fmt/645"),
    "0230": ("2.3", "fmt/1507"),
    "0231": ("2.3.1", "fmt/1507"),
    "0232": ("2.3.2", "fmt/1507"),
}
_GIF = {"87a": "fmt/3", "89a": "fmt/4"}
_DNG = {
    "1 0": ("1.0", "fmt/436"),
    "1 1": ("1.1", "fmt/152"),
    "1 2": ("1.2", "fmt/437"),
    "1 3": ("1.3", "fmt/438"),
    "1 4": ("1.4", "fmt/730"),
}
_BMP = {"12": ("2.0", "fmt/115"), "40": ("3.0", "fmt/116"), "108": ("4.0", "fmt/118")}
_BMP |= {"124": ("5.0", "fmt/119")}
_ALONE = {
    "PSD": "x-fmt/92",
    "PSB": "fmt/996",
    "JP2": "x-fmt/392",
    "JPX": "fmt/151",
    "JXL": "fmt/1485",
    "JXL Codestream": "fmt/1484",
    "CR2": "fmt/592",
    "CRW": "fmt/593",
    "CR3": "fmt/1595",
    "RAF": "fmt/642",
    "X3F": "fmt/661",
    "RW2": "fmt/662",
    "ORF": "fmt/668",
    "MRW": "fmt/669",
    "HEIC": "fmt/1101",
    "HEIF": "fmt/1101",
}


def identify(tags: Tags, form: str, head: bytes) -> Found:
    """Return the version that the headers name, and the PUID; None for what is not sure.

    Args:
        tags: of the file.
        form: ExifTool's name of its format.
        head: its first bytes.
    """
    if ask := _BY_VERSION.get(form):
        return ask(tags, head)
    return None, _ALONE.get(form)


def _jpeg(tags: Tags, head: bytes) -> Found:
    """Ask the first segment, as PRONOM does: JFIF's version, or that of the EXIF in it."""
    if head[6:10] == b"JFIF":
        return _JFIF.get(tags.text("JFIF:JFIFVersion"), (None, None))
    if head[6:10] == b"Exif":
        return _EXIF_JPEG.get(tags.text("EXIF:ExifIFD:ExifVersion"), (None, None))
    return None, "fmt/41"  # the bare stream, whatever segments it carries


def _gif(tags: Tags, _head: bytes) -> Found:
    version = tags.text("GIF:GIFVersion")
    return version or None, _GIF.get(version)


def _dng(tags: Tags, _head: bytes) -> Found:
    version = tags.text("EXIF:IFD0:DNGVersion").split()
    return _DNG.get(" ".join(version[:2]), (None, None))


def _bmp(tags: Tags, _head: bytes) -> Found:
    return _BMP.get(tags.text("File:BMPVersion"), (None, None))


def _png(tags: Tags, _head: bytes) -> Found:
    """Go by the chunks that each version of PNG brought, as PRONOM does, if all were seen."""
    kinds = set(json.loads(tags.text(TAG) or "{}"))
    if "IEND" not in kinds or {"acTL", "iTXt"} <= kinds:  # the second is two formats to PRONOM
        return None, None
    if "acTL" in kinds:
        return None, "fmt/935"
    if "iTXt" in kinds:
        return "1.2", "fmt/13"
    return ("1.1", "fmt/12") if kinds & {"iCCP", "sPLT", "sRGB"} else ("1.0", "fmt/11")


def _tiff(tags: Tags, head: bytes) -> Found:
    """Leave TIFF with EXIF or GeoTIFF's keys, which PRONOM counts as formats of their own, open."""
    if head[2:4] in (b"+\0", b"\0+"):
        return "BigTIFF", None
    special = tags.text("EXIF:ExifIFD:ExifVersion", "EXIF:IFD0:GeoTiffVersion")
    return None, None if special or tags.named("GeoTiffVersion") else "fmt/353"


def _webp(_tags: Tags, head: bytes) -> Found:
    kinds = {b"VP8 ": ("lossy", "fmt/566"), b"VP8L": ("lossless", "fmt/567")}
    return {**kinds, b"VP8X": ("extended", "fmt/568")}.get(head[12:16], (None, None))


_BY_VERSION: dict[str, Callable[[Tags, bytes], Found]] = {
    "JPEG": _jpeg,
    "PNG": _png,
    "APNG": _png,
    "GIF": _gif,
    "BMP": _bmp,
    "TIFF": _tiff,
    "DNG": _dng,
    "WEBP": _webp,
}
