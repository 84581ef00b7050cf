"""Where the picture was taken or what place it shows: coordinates and names."""

import math
from collections.abc import Iterator

from app.readings.declared import read_tag
from app.readings.extraction import Extracted
from app.readings.picking import Candidate, in_order, pick
from app.readings.tags import Tags
from app.readings.texts import UNUSABLE

OUT_OF_RANGE = "out of range"  # or no number, or of no hemisphere of its axis
NULL_ISLAND = "0,0"
_NULL_ISLAND_DAMAGE = 5  # behind every name, whatever that is damaged by
COORDINATES = (
    ("EXIF:GPS:GPSLatitude", "EXIF:GPS:GPSLongitude"),
    ("XMP:XMP-exif:GPSLatitude", "XMP:XMP-exif:GPSLongitude"),
)
_SOUTH_OR_WEST = ("S", "W")
_HEMISPHERES = {"Latitude": "NS+", "Longitude": "EW+"}
_NAMES = {
    "XMP:shown": {
        "location": "XMP:XMP-iptcExt:LocationShownSublocation",
        "city": "XMP:XMP-iptcExt:LocationShownCity",
        "state": "XMP:XMP-iptcExt:LocationShownProvinceState",
        "country": "XMP:XMP-iptcExt:LocationShownCountryName",
    },
    "XMP:core": {
        "location": "XMP:XMP-iptcCore:Location",
        "city": "XMP:XMP-photoshop:City",
        "state": "XMP:XMP-photoshop:State",
        "country": "XMP:XMP-photoshop:Country",
    },
    "XMP:created": {
        "location": "XMP:XMP-iptcExt:LocationCreatedSublocation",
        "city": "XMP:XMP-iptcExt:LocationCreatedCity",
        "state": "XMP:XMP-iptcExt:LocationCreatedProvinceState",
        "country": "XMP:XMP-iptcExt:LocationCreatedCountryName",
    },
    "IPTC:": {
        "location": "IPTC:Sub-location",
        "city": "IPTC:City",
        "state": "IPTC:Province-State",
        "country": "IPTC:Country-PrimaryLocationName",
    },
}


def place_statements(tags: Tags, *, iptc_wins: bool) -> Iterator[Extracted]:
    """Yield coordinates and names as stated; coordinates are picked before names."""
    candidates = [c for pair in COORDINATES if (c := _coordinates(tags, *pair))]
    for source in in_order(_NAMES, iptc_wins=iptc_wins):
        candidates += [named] if (named := _named(tags, _NAMES[source])) else []
    yield from pick(candidates)


def _coordinates(tags: Tags, latitude: str, longitude: str) -> Candidate | None:
    north, east = tags.get(latitude), tags.get(longitude)
    if not north and not east:
        return None
    stated = [tag.text if tag else "" for tag in (north, east)]
    locator = f"{latitude}+{longitude}"
    lat = _degrees(stated[0], _hemisphere(tags, latitude), 90)
    lon = _degrees(stated[1], _hemisphere(tags, longitude), 180)
    if lat is None or lon is None:
        as_stated = {"lat": _plain(stated[0]), "lon": _plain(stated[1])}
        value: dict[str, object] = {"coords": None, "stated": as_stated}
        raw = b"\0".join(tag.raw for tag in (north, east) if tag and tag.raw) or None
        return Candidate(
            Extracted("place", value, locator, False, raw, None, OUT_OF_RANGE), UNUSABLE
        )
    note = NULL_ISLAND if lat == 0 and lon == 0 else None
    statement = Extracted("place", {"coords": {"lat": lat, "lon": lon}}, locator, False, note=note)
    return Candidate(statement, _NULL_ISLAND_DAMAGE if note else 0)


def _hemisphere(tags: Tags, locator: str) -> str:
    """Return N, S, E or W, or nothing; XMP carries it as the sign of the number."""
    stated = tags.text(f"{locator}Ref")[:1].upper() or ("" if locator[:4] == "EXIF" else "+")
    return stated if stated in _HEMISPHERES[locator.rpartition("GPS")[2]] else ""


def _degrees(text: str, hemisphere: str, limit: int) -> float | None:
    try:
        number = float(text) if hemisphere else math.nan
    except ValueError:
        return None
    if not math.isfinite(number) or abs(number) > limit:
        return None
    return -abs(number) if hemisphere in _SOUTH_OR_WEST else number


def _named(tags: Tags, places: dict[str, str]) -> Candidate | None:
    parts: dict[str, str] = {}
    locators: list[str] = []
    worst, note = 0, None
    for part, locator in places.items():
        tag = tags.get(locator)
        for text in read_tag(tag, tags)[:1] if tag else []:
            if text.damage < UNUSABLE:
                parts[part] = text.value
                locators.append(locator)
                worst, note = max((worst, note), (text.damage, text.note), key=lambda pair: pair[0])
    if not parts:
        return None
    value = {"name": ", ".join(parts.values()), **parts}
    # After sound coordinates, before 0,0.
    return Candidate(Extracted("place", value, "+".join(locators), False, note=note), 1 + worst)


def _plain(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "")[:200]
