"""How a picture was taken, and what ties it to its neighbours: settings, burst, sequence, identity.

Later rooms tell sequences from duplicates by these; none of them is a field of the record.
"""

from collections.abc import Iterator

from app.readings.extraction import Extracted
from app.readings.tags import Tags

_EXIF = "EXIF:ExifIFD"
_SETTINGS = {
    "exposure_time_s": "ExposureTime",
    "f_number": "FNumber",
    "iso": "ISO",
    "focal_length_mm": "FocalLength",
    "exposure_bias_ev": "ExposureCompensation",
    "exposure_program": "ExposureProgram",
    "exposure_mode": "ExposureMode",
    "white_balance": "WhiteBalance",
    "metering_mode": "MeteringMode",
    "flash": "Flash",
    "digital_zoom": "DigitalZoomRatio",
}
_TEXTS = {"lens": "LensModel", "lens_serial": "LensSerialNumber"}
_IDENTITIES = {
    "burst_id": ("BurstUUID", "BurstID"),
    "sequence_no": ("SequenceNumber", "SequenceImageNumber", "ImageNumber"),
    "image_unique_id": ("ImageUniqueID",),
    "content_id": ("ContentIdentifier", "MediaGroupUUID"),  # of a still and its moving picture
}
_LONGEST = 200
_NO_IDENTITY = frozenset("0 -")


def capture_statements(tags: Tags) -> Iterator[Extracted]:
    """Yield the settings as one statement and each identity as its own."""
    settings: dict[str, float | str] = {}
    for name, tag in _SETTINGS.items():
        if (number := _number(tags.text(f"{_EXIF}:{tag}"))) is not None:
            settings[name] = number
    for name, tag in _TEXTS.items():
        if text := _plain(tags.text(f"{_EXIF}:{tag}")):
            settings[name] = text
    if settings:
        yield Extracted("capture_settings", settings, _EXIF, True)
    for field, names in _IDENTITIES.items():
        yield from _identity(tags, field, names)


def _identity(tags: Tags, field: str, names: tuple[str, ...]) -> Iterator[Extracted]:
    """Take the first that says anything; all zeros is how a camera says nothing."""
    for name in names:
        for tag in tags.named(name):
            text = _plain(tag.text)
            if text and set(text) - _NO_IDENTITY:
                yield Extracted(field, text, tag.locator, True)
                return


def _number(text: str) -> float | None:
    """Return a finite number; `inf` and `undef` are ExifTool's words for a zero denominator."""
    try:
        number = float(text.split()[0])
    except (ValueError, IndexError):
        return None
    whole = abs(number) < 1e12
    return (int(number) if number == int(number) else number) if whole else None


def _plain(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("\0", "").strip()[:_LONGEST]
