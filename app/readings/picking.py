"""Which of several sources of a field is the candidate called extracted."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from app.readings.extraction import Extracted
from app.readings.tags import Tag, Tags
from app.readings.texts import UNUSABLE

NON_STANDARD = "non_standard_location"
THUMBNAIL = "IFD1"  # says of the preview, not of the image
_XMP, _IPTC = "XMP", "IPTC"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One statement that may be picked; lower damage first, then the order of its sources."""

    statement: Extracted
    damage: int


def pick(candidates: Iterable[Candidate]) -> list[Extracted]:
    """Mark the best of one field's candidates as picked, if any is usable; keep them all."""
    all_of_them = list(candidates)
    usable = [candidate for candidate in all_of_them if candidate.damage < UNUSABLE]
    best = min(usable, key=lambda candidate: candidate.damage, default=None)
    return [replace(one.statement, picked=one is best) for one in all_of_them]


def in_order(locators: Iterable[str], *, iptc_wins: bool) -> list[str]:
    """Put IPTC before XMP, places of other families as they are, when its digest is stale."""
    places = list(locators)
    if not iptc_wins:
        return places
    both = [place for place in places if place.split(":")[0] in (_XMP, _IPTC)]
    turned = iter(sorted(both, key=lambda place: place.startswith(_XMP)))
    return [next(turned) if place in both else place for place in places]


def sources(tags: Tags, locators: Iterable[str]) -> list[tuple[Tag, str | None]]:
    """Find a field's tags in order: standard places, their languages, then places out of place.

    Returns:
        Each tag once, those of a place that is repeated behind its first, with the note that it
        stands in no standard place, or None.
    """
    standard: list[tuple[Tag, str | None]] = []
    elsewhere: list[tuple[Tag, str | None]] = []
    for locator in locators:
        family, name = locator.split(":")[0], locator.rpartition(":")[2]
        if default := tags.get(locator):  # before its languages, wherever it stands among them
            standard.append((default, None))
        for tag in tags.akin(name):
            if tag.locator.startswith(f"{locator}-"):
                standard.append((tag, None))
            elif (
                tag.locator != locator
                and (tag.family, tag.name) == (family, name)
                and tag.group != THUMBNAIL
            ):
                elsewhere.append((tag, NON_STANDARD))
    known = {tag.locator for tag, _ in standard}
    firsts = standard + [entry for entry in elsewhere if entry[0].locator not in known]
    return [(one, note) for tag, note in firsts for one in (tag, *tags.repeated(tag.locator))]
