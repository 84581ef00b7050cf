"""What an XMP sidecar says beside its image: kept with it, reconciled with what the file says.

A file's own words go first, as the standard has readers take them, but for RAW: there programs
write beside the file, so the sidecar is what people edited. Both candidates enter the record, for
two sources that differ are for people to settle.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from app.assets.companions import RAW
from app.readings import noise
from app.readings.editing import edit_statement
from app.readings.extraction import Extracted, Extraction, Outcome
from app.readings.moments import EPOCH, date_statements, is_scan
from app.readings.places import NULL_ISLAND, place_statements
from app.readings.rights import rights_statements
from app.readings.tags import AnswerMalformed, Tags, parse_answer
from app.readings.wording import text_statements

MOST_BYTES = 16 << 20  # Adobe's with every mask painted by hand stay below
MOST_READ = 4  # of one image: case alone could make hundreds of its names
TOO_LARGE, TOO_MANY, NOT_XMP, FOREIGN = "too_large", "too_many", "not_xmp", "of_another_file"
GONE, NO_FILE, UNREACHABLE, CHANGED = "gone", "not_a_file", "unreachable", "changed"
PREFIX = "sidecar:"
_ITS_IMAGE = "XMP:XMP-photoshop:SidecarForExtension"
_DEVELOPED_BESIDE = RAW - {"dng"}  # a DNG is written into
_WEAK = frozenset({EPOCH, NULL_ISLAND})  # stands only where nothing else does
_SAID_ONCE = frozenset({"date_modified", "edit_history"})  # of each its own: nothing to settle
_NEAR = 0.0005  # degrees: programs round coordinates, by some tens of metres at most


@dataclass(frozen=True, slots=True)
class Sidecar:
    """One sidecar as it was read: its bytes' token, and the tool's answer or why there is none."""

    location: str
    byte_token: str | None  # None: it could not be opened
    answer: bytes = b""
    reason: str | None = None

    @property
    def name(self) -> str:
        """Its name as a location has it: without spaces, whatever its bytes."""
        return self.location.rpartition("/")[2]

    def document(self) -> dict[str, str | None]:
        """Write it as its reading has it."""
        facts = {"location": self.location, "byte_token": self.byte_token, "reason": self.reason}
        return dict(facts)


def in_turn(image: str, locations: Sequence[str]) -> list[str]:
    """Order an image's sidecars: one that names it whole goes before one that has only its stem."""
    whole = f"{image}.xmp".lower()
    return sorted(locations, key=lambda one: (one.lower() != whole, one))


def understood(sidecar: Sidecar, image: str) -> Sidecar:
    """Note why an answered sidecar says nothing of this image, where it is so."""
    if sidecar.reason is not None:
        return sidecar
    try:
        tags = parse_answer(sidecar.answer)
    except AnswerMalformed:
        return replace(sidecar, reason="answer_malformed")
    if tags.text("File:FileType") != "XMP":
        return replace(sidecar, reason=NOT_XMP)
    its = tags.text(_ITS_IMAGE).lower()
    if its and its != image.rpartition(".")[2].lower():
        return replace(sidecar, reason=FOREIGN)
    return sidecar


def joined(extraction: Extraction, sidecars: Sequence[Sidecar]) -> Extraction:
    """Join what sidecars say to what their image said: a function of both and of their names.

    The tool's answers follow that about the image, each as it came.
    """
    extraction = replace(extraction, noise={**extraction.noise, **dict(_noise(sidecars))})
    told = [one for one in sidecars if one.reason is None]
    if not told:
        return extraction
    scanned = any(
        one.picked and one.field == "digital_source_type" and is_scan(str(one.value))
        for one in extraction.statements
    )
    sides = [list(_said(one, scanned=scanned)) for one in told]
    own = list(extraction.statements)
    beside = (extraction.format or "").lower() in _DEVELOPED_BESIDE
    statements = reconciled([*sides, own] if beside else [own, *sides])
    silent = extraction.outcome is Outcome.NOTHING_FOUND and any(sides)
    return replace(
        extraction,
        outcome=Outcome.READ if silent else extraction.outcome,
        statements=tuple(statements),
        raw=b"".join([extraction.raw, *(one.answer for one in told)]),
    )


def reconciled(sides: Sequence[Sequence[Extracted]]) -> list[Extracted]:
    """Pick one of each field among the candidates of its sides; the others enter beside it.

    What comes first is picked, unless it is only what a device that nobody set would say.
    """
    of_field: dict[str, list[Extracted]] = {}
    for side in sides:
        for one in side:
            if one.picked:
                of_field.setdefault(one.field, []).append(one)
    best = {name: min(said, key=_is_weak) for name, said in of_field.items()}
    return [_settled(one, best[one.field]) if one.picked else one for side in sides for one in side]


def _settled(one: Extracted, best: Extracted) -> Extracted:
    if one is best:
        return one
    idle = one.field in _SAID_ONCE or _is_weak(one) > _is_weak(best) or _same_place(one, best)
    return replace(one, picked=False, rival=not idle)


def _is_weak(one: Extracted) -> bool:
    return one.note in _WEAK


def _same_place(one: Extracted, other: Extracted) -> bool:
    """Tell whether two places cannot differ: coordinates and a name, or points that lie near."""
    if one.field != "place":
        return False
    here, there = one.value.get("coords"), other.value.get("coords")
    if not (here and there):
        return bool(here or there)
    return all(abs(here[axis] - there[axis]) <= _NEAR for axis in ("lat", "lon"))


def _said(sidecar: Sidecar, *, scanned: bool) -> Iterator[Extracted]:
    """Yield what one sidecar says of the picture; what it repeats of the camera is the file's."""
    tags = parse_answer(sidecar.answer)
    for one in _of_the_picture(tags, scanned=scanned):
        places = tuple(_placed(place, sidecar) for place in one.inputs)
        yield replace(one, locator=_placed(one.locator, sidecar), inputs=places)


def _of_the_picture(tags: Tags, *, scanned: bool) -> Iterator[Extracted]:
    yield from (texts := list(text_statements(tags, iptc_wins=False)))
    yield from rights_statements(tags)
    types = (one for one in texts if one.picked and one.field == "digital_source_type")
    scanned = scanned or any(is_scan(str(one.value)) for one in types)
    yield from date_statements(tags, iptc_wins=False, scanned=scanned)
    yield from edit_statement(tags, known=False)
    yield from place_statements(tags, iptc_wins=False)


def _noise(sidecars: Sequence[Sidecar]) -> Iterator[tuple[str, str]]:
    """Yield what readers said besides of each sidecar, of those too that say nothing."""
    for one in sidecars:
        with suppress(AnswerMalformed):
            heard = noise.told(parse_answer(one.answer).text(noise.TAG))
            yield from ((_placed(reader, one), said) for reader, said in heard.items())


def _placed(locator: str, sidecar: Sidecar) -> str:
    return f"{PREFIX}{sidecar.name} {locator}"
