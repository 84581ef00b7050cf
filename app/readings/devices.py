"""The device and program that made the picture."""

from collections.abc import Iterator

from app.readings.declared import read_tag
from app.readings.extraction import Extracted
from app.readings.picking import THUMBNAIL, Candidate, pick
from app.readings.tags import Tags
from app.readings.texts import UNUSABLE

DEVICES: tuple[dict[str, tuple[str, ...]], ...] = (
    {
        "make": ("EXIF:IFD0:Make",),
        "model": ("EXIF:IFD0:Model",),
        "serial": ("EXIF:ExifIFD:SerialNumber", "EXIF:IFD0:SerialNumber"),
        "software": ("EXIF:IFD0:Software",),
    },
    {
        "make": ("XMP:XMP-tiff:Make",),
        "model": ("XMP:XMP-tiff:Model",),
        "serial": ("XMP:XMP-exifEX:SerialNumber", "XMP:XMP-aux:SerialNumber"),
        "software": ("XMP:XMP-xmp:CreatorTool", "XMP:XMP-tiff:Software"),
    },
    {"software": ("PNG:Software",)},
)


def device_statements(tags: Tags) -> Iterator[Extracted]:
    """Yield what each kind of metadata says of the device; the first that names one is picked."""
    candidates = [
        candidate for places in (*DEVICES, _elsewhere(tags)) if (candidate := _named(tags, places))
    ]
    yield from pick(sorted(candidates, key=lambda candidate: candidate.damage))


def _named(tags: Tags, places: dict[str, tuple[str, ...]]) -> Candidate | None:
    parts: dict[str, str] = {}
    locators: list[str] = []
    notes: list[str] = []
    for part, candidates in places.items():
        tag = next((tag for place in candidates if (tag := tags.get(place))), None)
        text = read_tag(tag, tags)[0] if tag and tag.texts else None
        if tag and text and text.damage < UNUSABLE:
            parts[part] = text.value
            locators.append(tag.locator)
            notes += [text.note] if text.note else []
    if not parts:
        return None
    note = notes[0] if notes else None
    statement = Extracted("capture_device", parts, "+".join(locators), False, note=note)
    return Candidate(statement, 0 if parts.keys() & {"make", "model"} else 1)


def _elsewhere(tags: Tags) -> dict[str, tuple[str, ...]]:
    """Find them out of place, or in formats without EXIF, such as CRW, MRW and X3F."""
    known = {place for places in DEVICES for part in places.values() for place in part}
    return {
        part: tuple(
            tag.locator
            for tag in tags.named(name)
            if tag.locator not in known and tag.group != THUMBNAIL
        )
        for part, name in (("make", "Make"), ("model", "Model"), ("serial", "SerialNumber"))
    }
