"""What the headers say of the samples: depth, channels, colour model, compression, frames.

Each format has its own words; of a RAW file only the directory of the full image speaks, for the
others describe previews.
"""

import json
import re

from app.readings.chunks import TAG
from app.readings.formats import is_raw
from app.readings.tags import Tags

_COMPRESSIONS = {
    "1": "none",
    "2": "ccitt-rle",
    "3": "ccitt-3",
    "4": "ccitt-4",
    "5": "lzw",
    "6": "jpeg",
    "7": "jpeg",
    "8": "deflate",
    "9": "jbig",
    "32767": "sony-raw",
    "32773": "packbits",
    "32946": "deflate",
    "34712": "jpeg2000",
    "34713": "nikon-raw",
    "34892": "lossy-jpeg",
    "34933": "png",
    "34934": "jpeg-xr",
    "50000": "zstd",
    "50001": "webp",
    "50002": "jpeg-xl",
    "52546": "jpeg-xl",
    "65535": "pentax-raw",
}
_BMP_COMPRESSIONS = {"0": "none", "1": "rle8", "2": "rle4", "3": "none", "4": "jpeg", "5": "png"}
_PSD_COMPRESSIONS = {"0": "none", "1": "packbits", "2": "deflate", "3": "deflate"}
_BY_FORMAT = {
    "JPEG": "jpeg",
    "MPO": "jpeg",
    "PNG": "deflate",
    "APNG": "deflate",
    "GIF": "lzw",
    "JP2": "jpeg2000",
    "JPX": "jpeg2000",
    "J2C": "jpeg2000",
    "JXL": "jpeg-xl",
    "JXL Codestream": "jpeg-xl",
    "HEIC": "hevc",
    "AVIF": "av1",
}
_PNG_MODELS = {"0": "grey", "2": "RGB", "3": "palette", "4": "grey", "6": "RGB"}
_PNG_CHANNELS = {"0": 1, "2": 3, "3": 1, "4": 2, "6": 4}
_PHOTOMETRIC = {
    "0": "grey",
    "1": "grey",
    "2": "RGB",
    "3": "palette",
    "4": "mask",
    "5": "CMYK",
    "6": "YCbCr",
    "8": "Lab",
    "9": "Lab",
    "10": "Lab",
    "32803": "CFA",
    "34892": "linear RGB",
}
_PSD_MODELS = {"0": "bitmap", "1": "grey", "2": "palette", "3": "RGB", "4": "CMYK", "9": "Lab"}
_PROFILES = {"RGB": "RGB", "GRAY": "grey", "CMYK": "CMYK", "Lab": "Lab"}
_JPEG_MODELS = {"1": "grey", "4": "CMYK"}
_OF_A_SENSOR = frozenset({"CFA", "linear RGB"})
_BMP_DEPTHS = {24: 8, 32: 8, 16: None}
_BMP_CHANNELS = {24: 3, 32: 4, 16: 3}
_PSD_CHANNELS = 56  # the most that the format allows
_DEPTHS = ("BitsPerSample", "BitDepth", "BitDepthLuma", "BitsPerPixel")
_FRAMES = ("FrameCount", "PageCount", "AnimationFrames")
_PAGE = re.compile(r"IFD\d+")
_OF_ONE_FRAME = frozenset({"JPEG", "PNG", "BMP", "GIF", "JP2", "PSD"})
_WEBP_ALPHA = 0x10


def samples(tags: Tags, form: str, group: str) -> dict[str, int | str]:
    """Return what is known of the samples, by the names of the record's technical field.

    Args:
        tags: of the file.
        form: ExifTool's name of its format.
        group: family and place that the dimensions were taken from: EXIF:SubIFD1.
    """
    found: dict[str, int | str | None] = {"frames": _frames(tags, form)}
    photometric = _PHOTOMETRIC.get(tags.text(f"{group}:PhotometricInterpretation"))
    if photometric in _OF_A_SENSOR or not is_raw(tags.text("File:MIMEType")):
        found |= {
            "bit_depth": _depth(tags, form, group),
            "channels": _channels(tags, form, group),
            "colour_model": photometric or _model(tags, form),
            "compression": _compression(tags, form, group),
        }
    return {name: part for name, part in found.items() if part is not None}


def _frames(tags: Tags, form: str) -> int | None:
    """Count pictures that are for looking at: neither previews nor masks, nor gain maps of JPEG."""
    if form == "TIFF":
        pages = [tag for tag in tags.named("ImageWidth") if _PAGE.fullmatch(tag.group)]
        lesser = ("1", "4", "5")  # reduced images and masks
        kinds = [tags.text(f"EXIF:{page.group}:SubfileType") for page in pages]
        return max(
            sum(kind not in lesser for kind in kinds), _number(tags, "File:PageCount") or 0, 1
        )
    if form == "WEBP":
        return json.loads(tags.text(TAG) or "{}").get("ANMF") or 1
    names = ("NumberOfImages",) if form == "MPO" else _FRAMES
    return _number(tags, *_named(tags, names)) or (1 if form in _OF_ONE_FRAME else None)


def _depth(tags: Tags, form: str, group: str) -> int | None:
    """Return the bits of one sample, of the deepest where they differ."""
    if form == "BMP":  # BMP counts a whole pixel's
        bits = _number(tags, "File:BitDepth")
        return _BMP_DEPTHS.get(bits, bits) if bits else None
    if form == "WEBP":
        return 8
    if (components := tags.text("Jpeg2000:BitsPerComponent")).isdigit():
        return None if components == "255" else (int(components) & 0x7F) + 1  # 255: they differ
    if form == "TIFF":
        return _number(tags, f"{group}:BitsPerSample") or 1  # TIFF 6.0: the default
    named = () if group.startswith("EXIF") else _DEPTHS
    places = [f"{group}:BitsPerSample", *_named(tags, ("ImagePixelDepth", *named))]
    return _number(tags, *places)


def _channels(tags: Tags, form: str, group: str) -> int | None:
    match form:
        case "PNG" | "APNG":
            return _PNG_CHANNELS.get(tags.text("PNG:ColorType"))
        case "GIF":
            return 1
        case "BMP":
            bits = _number(tags, "File:BitDepth")
            return _BMP_CHANNELS.get(bits, 1) if bits else None
        case "WEBP":
            return _webp_channels(tags)
        case "TIFF":
            return _number(tags, f"{group}:SamplesPerPixel") or 1
        case "PSD" | "PSB":
            channels = _number(tags, "Photoshop:NumChannels") or 0
            return channels if 0 < channels <= _PSD_CHANNELS else None
        case _:
            depths = _named(tags, ("ImagePixelDepth",))
            if depths and (each := tags.text(*depths).split()):
                return len(each)
            places = (f"{group}:SamplesPerPixel", "File:ColorComponents")
            return _number(tags, *places, "Jpeg2000:NumberOfComponents")


def _webp_channels(tags: Tags) -> int | None:
    flags = tags.text("RIFF:WebP_Flags")
    if (flags.isdigit() and int(flags) & _WEBP_ALPHA) or tags.text("RIFF:AlphaIsUsed") == "1":
        return 4
    return 3 if flags or tags.text("RIFF:VP8Version", "RIFF:AlphaIsUsed") else None


def _model(tags: Tags, form: str) -> str | None:
    """Return how the samples make a colour: by the format's own word, else by the profile's."""
    match form:
        case "PNG" | "APNG":
            return _PNG_MODELS.get(tags.text("PNG:ColorType"))
        case "GIF":
            return "palette"
        case "PSD" | "PSB":
            return _PSD_MODELS.get(tags.text("Photoshop:ColorMode"))
        case "JPEG" | "MPO" if tags.text("File:ColorComponents") in _JPEG_MODELS:
            return _JPEG_MODELS[tags.text("File:ColorComponents")]
        case _:
            places = ("ICC_Profile:ICC-header:ColorSpaceData", "ICC_Profile:ColorSpaceData")
            return _PROFILES.get(tags.text(*places))


def _compression(tags: Tags, form: str, group: str) -> str | None:
    match form:
        case "WEBP":
            lossless = "webp-lossless" if tags.text("RIFF:AlphaIsUsed") else None
            return "webp-lossy" if tags.text("RIFF:VP8Version") else lossless
        case "BMP":
            return _BMP_COMPRESSIONS.get(tags.text("File:Compression"))
        case "PSD" | "PSB":
            return _PSD_COMPRESSIONS.get(tags.text("Photoshop:Compression"))
        case _:
            return _BY_FORMAT.get(form) or _COMPRESSIONS.get(tags.text(f"{group}:Compression"))


def _named(tags: Tags, names: tuple[str, ...]) -> list[str]:
    return [tag.locator for name in names for tag in tags.named(name)]


def _number(tags: Tags, *places: str) -> int | None:
    """Return the first count that these places give, of several numbers the largest."""
    for place in places:
        parts = tags.text(place).split()
        counts = [
            int(part) for part in parts if part.isascii() and part.isdigit() and len(part) < 7
        ]
        if largest := max(counts, default=0):
            return largest
    return None
