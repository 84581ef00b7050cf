"""PRONOM's identifier of a format, where the headers leave no doubt; else none.

From PRONOM's signatures (The National Archives, signature file 109). Formats that it did not know
then, such as AVIF, BigTIFF and APNG with text, get none rather than a neighbour's.
"""

from app.readings.tags import Tags

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
    "TIFF": "fmt/353",
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


def identify(tags: Tags, form: str, head: bytes) -> tuple[str | None, str | None]:
    """Return the version that the headers name, and the PUID; None for what is not sure.

    Args:
        tags: of the file.
        form: ExifTool's name of its format.
        head: its first bytes.
    """
    match form:
        case "JPEG":
            return _jpeg(tags, head)
        case "GIF":
            version = tags.text("GIF:GIFVersion")
            return version or None, _GIF.get(version)
        case "DNG":
            return _DNG.get(" ".join(tags.text("EXIF:IFD0:DNGVersion").split()[:2]), (None, None))
        case "BMP":
            return _BMP.get(tags.text("File:BMPVersion"), (None, None))
        case "TIFF" if head[2:4] in (b"+\0", b"\0+"):
            return "BigTIFF", None
        case "TIFF":
            return None, _tiff(tags)
        case "WEBP":
            return _webp(head)
        case _:
            return None, _ALONE.get(form)


def _jpeg(tags: Tags, head: bytes) -> tuple[str | None, str | None]:
    """Ask the first segment, as PRONOM does: JFIF's version, or that of the EXIF in it."""
    if head[6:10] == b"JFIF":
        return _JFIF.get(tags.text("JFIF:JFIFVersion"), (None, None))
    if head[6:10] == b"Exif":
        return _EXIF_JPEG.get(tags.text("EXIF:ExifIFD:ExifVersion"), (None, None))
    return None, "fmt/41"  # the bare stream, whatever segments it carries


def _tiff(tags: Tags) -> str | None:
    """Leave TIFF with EXIF or GeoTIFF's keys, which PRONOM counts as formats of their own, open."""
    special = tags.text("EXIF:ExifIFD:ExifVersion", "EXIF:IFD0:GeoTiffVersion")
    return None if special or tags.named("GeoTiffVersion") else "fmt/353"


def _webp(head: bytes) -> tuple[str | None, str | None]:
    kinds = {b"VP8 ": ("lossy", "fmt/566"), b"VP8L": ("lossless", "fmt/567")}
    return {**kinds, b"VP8X": ("extended", "fmt/568")}.get(head[12:16], (None, None))
