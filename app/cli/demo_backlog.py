"""The sample backlog of two departments: registered, described by series, then one by one."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.cli import pictures
from app.cli.demo_people import Cast, Department, add_department, add_system
from app.cli.demo_policy import INSTRUMENT_ID
from app.cli.demo_records import change, confirmed, identified, settled
from app.cli.remote import NotDone, Remote
from app.cli.scanning import place_of, register_place
from app.cli.sending import follow
from app.policies.rules.bodies import BodyKind
from app.storage.locations import decode_location

OWNED = "institution_owned_non_record"
LIBRARY = Department(
    "demo-library",
    {"en": "Public library (demo)", "zh-Hant": "公共圖書館(示範)", "zh-Hans": "公共图书馆(示范)"},
    "demo-photographs",
    pictures.LIBRARY,
    "library_or_museum_repository",
    "demo: server room of the library",
)
FILM_ARCHIVE = Department(
    "demo-film-archive",
    {"en": "Film archive (demo)", "zh-Hant": "電影資料館(示範)", "zh-Hans": "电影资料馆(示范)"},
    "demo-stills",
    pictures.FILM_ARCHIVE,
    "archive",
    "demo: vault of the film archive",
)
DEPARTMENTS = (LIBRARY, FILM_ARCHIVE)
BODY_KIND: BodyKind = "government_department"

# What departments state of single files when they register them, by location.
CREATORS = {"press/opening-night.jpg": "何小芳", "press/premiere.jpg": "黃志強"}
UNDETERMINED = "stills/studio-backlot.webp"
# The film archive's records manager looks at these one by one; the library's at the series.
CONFIRMED = ("exchange/poster-wall.jpg", "stills/女主角.jpg", "stills/duplicates/女主角-2.jpg")
UNIDENTIFIED, SETTLED = "unidentified/still-07.jpg", "press/opening-night.jpg"


@dataclass(frozen=True, slots=True)
class Completed:
    """How one image's answer changed when its record was completed."""

    name: str
    before: dict[str, Any]
    after: dict[str, Any]


def register(cast: Cast, drawn: Path) -> None:
    """Make departments and systems and register their pictures."""
    for department in DEPARTMENTS:
        add_department(cast.operator, department.code, department.label, BODY_KIND)
        root = (drawn / department.folder).as_uri() + "/"
        facts = {
            "code": department.system,
            "department": department.code,
            "label": department.label,
            "root": root,
            "custody_kind": department.custody_kind,
            "failure_domain": department.failure_domain,
        }
        add_system(cast.operator, facts)
        registrar = cast.give(f"Registrar of {department.code}", "registrar", department.code)
        folder = place_of(registrar, str(drawn / department.folder), department.system)
        told = register_place(registrar, folder, [OWNED], _complain, extra=said_of)
        if told.refused:
            raise NotDone(f"A picture was refused: {told.refused[0]}")
        describe_series(registrar, department)


def _complain(sentence: str) -> None:
    raise NotDone(sentence)


def said_of(location: str) -> dict[str, object]:
    """Return what else a department states of one file."""
    if location == UNDETERMINED:
        return {"legal_status": ["undetermined"]}
    if location in CREATORS:
        return {"statements": [{"field": "creator", "value": CREATORS[location]}]}
    return {}


def describe_series(registrar: Remote, department: Department) -> None:
    """State once what holds for everything that a system holds."""
    said = {
        "custodian": department.label["en"],
        "custodian_kind": department.custody_kind,
        "acquisition_method": "created",
        "acquisition_date": "2009/2018",
        "rights_statement": "InC",
        "personal_data_status": "none",
        "legal_basis": [INSTRUMENT_ID],
    }
    state(registrar, department, [{"field": k, "value": v} for k, v in said.items()])


def state(speaker: Remote, department: Department, said: Sequence[dict[str, Any]]) -> None:
    """Make statements for a system's whole series, unless an earlier run has made them."""
    series = f"series:source-system/{department.system}"
    [first, *_] = by_location(speaker, department).values()
    told = speaker.get(f"/v1/assets/{first['asset_id']}/provenance")
    of_series = {
        s["field"] for f in told["fields"] for s in f["statements"] if s["locator"] == series
    }
    if {one["field"] for one in said} <= of_series:
        return
    path = f"/v1/series/source-system/{department.system}/provenance"
    against = {"If-Match": speaker.call("GET", path).headers["ETag"]}
    answer = speaker.call("PATCH", path, json={"assert": said}, headers=against).json()
    follow(speaker, answer["operation_id"])


def by_location(reader: Remote, department: Department) -> dict[str, dict[str, Any]]:
    """Return a system's images by where they lie, in words."""
    listed = reader.pages("/v1/assets", source_system=department.system)
    return {in_words(asset["location"]): asset for asset in listed}


def in_words(location: str) -> str:
    """Write a location as people do."""
    return b"/".join(decode_location(location)).decode()


def complete(cast: Cast, reader: Remote) -> Completed | None:
    """Confirm, settle and complete single records; None when an earlier run has done it all."""
    of_library = cast.give("Records manager of demo-library", "records_manager", LIBRARY.code)
    state(of_library, LIBRARY, [{"field": "legal_status", "value": [OWNED]}])
    keeper_of_records = cast.give(
        "Records manager of demo-film-archive", "records_manager", FILM_ARCHIVE.code
    )
    stills, photographs = by_location(reader, FILM_ARCHIVE), by_location(reader, LIBRARY)
    for location in (*CONFIRMED, UNIDENTIFIED):
        change(keeper_of_records, stills[location]["asset_id"], confirmed)
    settler = cast.give("Cataloguer of demo-library", "cataloguer", LIBRARY.code)
    change(settler, photographs[SETTLED]["asset_id"], settled)
    cataloguer = cast.give("Cataloguer of demo-film-archive", "cataloguer", FILM_ARCHIVE.code)
    still = stills[UNIDENTIFIED]["asset_id"]
    before = reader.get(f"/v1/assets/{still}/eligibility")
    if not change(cataloguer, still, identified):
        return None
    return Completed(UNIDENTIFIED, before, reader.get(f"/v1/assets/{still}/eligibility"))
