"""What counts as an image, by content alone: neither name nor extension is ever asked.

SVG is a document with scripts and references, not a raster image: it is not_an_image, so that no
later room renders it. The same holds for PDF, HTML, archives, programs, text and moving pictures.
"""

EMPTY_FILE = "empty_file"
NOT_AN_IMAGE = "not_an_image"
UNKNOWN_FORMAT = "unknown_format"
TRUNCATED_HEADER = "truncated_header"

_IMAGES_BY_ANOTHER_NAME = frozenset(
    {"application/vnd.adobe.photoshop", "application/photoshop", "application/dicom"}
)
_RAW_MAKERS = "adobe canon epson fujifilm gopro hasselblad kodak leica light mamiya minolta nikon"
_RAW_MAKERS += " olympus panasonic pentax raw rawzor samsung sigma sony"
_RAW = tuple(f"image/x-{maker}" for maker in _RAW_MAKERS.split())
_DOCUMENTS = frozenset({"image/svg+xml", "image/vnd.djvu", "image/x-eps"})
_STARTS = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
    b"II*\0": "image/tiff",
    b"MM\0*": "image/tiff",
    b"II+\0": "image/tiff",
    b"MM\0+": "image/tiff",
    b"8BPS": "application/vnd.adobe.photoshop",
    b"\0\0\0\x0cjP  ": "image/jp2",
    b"\xff\x4f\xff\x51": "image/jp2",
    b"\0\0\0\x0cJXL ": "image/jxl",
    b"\xff\x0a": "image/jxl",
    b"BM": "image/bmp",
    b"PK\x03\x04": "application/zip",
    b"PK\x05\x06": "application/zip",
    b"%PDF-": "application/pdf",
    b"%!PS": "application/postscript",
    b"\x7fELF": "application/x-executable",
    b"MZ": "application/x-executable",
    b"#!": "text/x-script",
    b"\x1f\x8b": "application/gzip",
    b"7z\xbc\xaf\x27\x1c": "application/x-7z-compressed",
    b"Rar!": "application/vnd.rar",
    b"ID3": "audio/mpeg",
}
_BRANDS = {b"heic": "image/heic", b"heix": "image/heic", b"mif1": "image/heif"}
_BRANDS |= {b"msf1": "image/heif", b"hevc": "image/heic-sequence", b"avif": "image/avif"}
_BRANDS |= {b"avis": "image/avif", b"crx ": "image/x-canon-cr3"}


def is_image(mime: str) -> bool:
    """Tell whether a MIME type that content gave is one raster image format or another."""
    mime = mime.lower()
    return mime not in _DOCUMENTS and (mime.startswith("image/") or mime in _IMAGES_BY_ANOTHER_NAME)


def is_raw(mime: str) -> bool:
    """Tell whether a MIME type is of a camera's RAW files, whose headers describe previews too."""
    return mime.startswith(_RAW)


def sniff(head: bytes) -> str | None:
    """Name a file's type from its first bytes (64 suffice), as a second opinion; None if unsure."""
    for start, mime in _STARTS.items():
        if head.startswith(start):
            return mime
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "video/mp4")
    return "text/html" if head.lstrip(b"\xef\xbb\xbf\t\r\n ").startswith(b"<") else None


def fallback_reads(head: bytes) -> bool:
    """Tell whether this is JPEG or TIFF, the two formats the fallback reader is safe with."""
    return sniff(head) in ("image/jpeg", "image/tiff")


def why_unreadable(head: bytes) -> str:
    """Name the reason when the tool knew no format: an image cut short, another thing, unknown."""
    mime = sniff(head)
    if mime is None:
        return UNKNOWN_FORMAT
    return TRUNCATED_HEADER if is_image(mime) else NOT_AN_IMAGE
