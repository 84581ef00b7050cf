"""Finding images: words in both Chinese standards, typed filters, counts, the department's own."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx2
import pytest
from images import draw
from world import System, World

from app.catalogue.searching import filters
from app.provenance.changes import Assertion

Ask = Callable[..., Any]
RECORDS: dict[str, dict[str, Any]] = {
    "tram": {
        "title": "A tram at the corner",
        "description": "Central, Hong Kong; photographed from Des Voeux Road.",
        "creator": "Chan Siu Ming; Wong Tai",
        "date_created": "1967-05-02",
        "subject": "trams; streets",
        "digital_source_type": "negativeFilm",
    },
    "library": {
        "title": "香港中央圖書館外貌",
        "creator": "陳小明",
        "date_created": "2001-05",
        "digital_source_type": "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture",
    },
    "museum": {
        "title": "香港文化博物馆",
        "date_created": "196X",
        "place": {"name": "沙田", "code": "ST"},
        "custodian_kind": "archive",
    },
    "bridge": {"title": "文化與香港", "description": "木橋", "date_created": "1955/1975"},
    "silent": {},
}


class Shelf:
    """One department's images, and two of another."""

    def __init__(self, world: World) -> None:
        self.world = world
        department = world.a_department("archive")
        self.system = world.a_source_system(department, code="shelf")
        self.other = world.a_source_system(world.a_department("museum"), code="cellar")
        self.named = {
            name: self.a_record(self.system, name, said) for name, said in RECORDS.items()
        }
        self.theirs = self.a_record(self.other, "tram", RECORDS["tram"])
        self.ferry = world.an_asset(self.other, description="A ferry")
        world.change(self.ferry, [Assertion("description", "A launch")], role="cataloguer")
        world.work()
        self.unread = world.an_asset(
            self.system, name="Zz unread.tif", legal_status=["undetermined"]
        )
        self.reader = world.headers("cataloguer", department=department)
        self.auditor = world.headers("auditor")

    def a_record(self, system: System, name: str, said: dict[str, Any]) -> UUID:
        asset_id = self.world.an_asset(system, draw(len(name)), name=f"IMG_{name}.jpg")
        if said:
            answers = [Assertion(field, value) for field, value in said.items()]
            self.world.change(asset_id, answers, role="cataloguer")
        return asset_id

    def names_in(self, page: Any) -> list[str]:  # noqa: ANN401 - a page as JSON
        known = {str(asset_id): name for name, asset_id in self.named.items()}
        known |= {str(self.unread): "unread", str(self.theirs): "theirs"}
        known |= {str(self.ferry): "ferry"}
        return [known[item["asset_id"]] for item in page["items"]]


@pytest.fixture(scope="module")
def shelf(town: World) -> Shelf:
    return Shelf(town)


@pytest.fixture
def ask(town_api: httpx2.Client, shelf: Shelf) -> Ask:
    def listed(headers: dict[str, str] | None = None, **asked: Any) -> Any:  # noqa: ANN401
        sent = headers or shelf.reader
        return town_api.get("/v1/assets", params=asked, headers=sent).json()

    return listed


@pytest.fixture
def names(ask: Ask, shelf: Shelf) -> Callable[..., list[str]]:
    return lambda headers=None, **asked: shelf.names_in(ask(headers, **asked))


Names = Callable[..., list[str]]


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("香港", ["library", "museum", "bridge"]),
        ("图书馆", ["library"]),
        ("圖書館", ["library"]),
        ("博物館", ["museum"]),
        ("文化博物", ["museum"]),
        ("香港文化", ["museum"]),
        ("文化香港", []),
        ("橋", ["bridge"]),
        ("桥", ["bridge"]),
        ("貌", ["library"]),
        ("京", []),
        ("香港 圖書館", ["library"]),
        ("tram", ["tram"]),
        ("TRAM corner", ["tram"]),
        ("tram library", []),
        ('"the corner"', ["tram"]),
        ('"corner the"', []),
        ('"a tram central"', []),
        ("cor*", ["tram"]),
        ("orner*", []),
        ("title:corner", ["tram"]),
        ("description:corner", []),
        ("place:沙田", ["museum"]),
        ("title:沙田", []),
        ("creator:陈小明", ["library"]),
        ("original_name:IMG_tram.jpg", ["tram"]),
        ("title:(香港 AND 圖書館)", ["library"]),
        ("tram OR 博物館", ["tram", "museum"]),
        ("香港 NOT 圖書館", ["museum", "bridge"]),
        ("香港 -博物館 -library", ["bridge"]),
        ("(tram OR 木橋) AND (corner OR 文化)", ["tram", "bridge"]),
        ("date_created:1967", ["tram", "museum", "bridge"]),
        ("date_created:[1970-01-01 TO 1975]", ["bridge"]),
        ("date_created:{1969 TO 2001}", ["bridge"]),
        ("date_created:[* TO 1959]", ["bridge"]),
        ("date_created:>=2001", ["library"]),
        ("date_created:>2001-05", []),
        ("date_created:<1960", ["bridge"]),
        ("香港 AND NOT date_created:1967", ["library"]),
        ("digital_source_type:digitalCapture", ["library"]),
        ("custodian_kind:archive", ["museum"]),
        ("legal_status:undetermined", ["unread"]),
        ("reading:unread", ["unread"]),
        ("NOT format:JPEG", ["unread"]),
        ("tram OR custodian_kind:archive", ["tram", "museum"]),
        ("source_system:cellar", []),
        ("department:museum", []),
    ],
)
@pytest.mark.parametrize("few", [5_000, 0, -1], ids=["rare", "many", "common"])
def test_a_question_finds_what_says_it(
    names: Names, monkeypatch: pytest.MonkeyPatch, q: str, found: list[str], few: int
) -> None:
    monkeypatch.setattr(filters, "FEW", few)
    if few < 0:
        monkeypatch.setattr(filters, "COMMON", few)
    assert names(q=q) == found
    assert names(q=q, sort="-id") == found[::-1]


@pytest.mark.parametrize(
    "q",
    [
        "香港" * 400,
        " ".join(f"w{n}*" for n in range(50)),
        "NOT " * 15 + "tram",
        "(" * 20 + "a" + ")" * 20,
    ],
    ids=["long run", "many beginnings", "many times not", "deep"],
)
def test_the_largest_question_is_answered(ask: Ask, q: str) -> None:
    assert ask(q=q)["next"] is None


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"creator": "wong  TAI"}, ["tram"]),
        ({"creator": "Wong"}, []),
        ({"digital_source_type": "digitalCapture"}, ["library"]),
        ({"custodian_kind": "archive"}, ["museum"]),
        ({"legal_status": "undetermined"}, ["unread"]),
        ({"reading": "unread"}, ["unread"]),
        ({"reading": "unreadable"}, []),
        ({"format": "JPEG"}, ["tram", "library", "museum", "bridge", "silent"]),
        ({"mime": "image/png"}, []),
        ({"identifier": "IMG_tram.jpg"}, ["tram"]),
        ({"identifier": "IMG_tram"}, []),
        ({"original_name": "img_tr"}, ["tram"]),
        ({"original_name": "ZZ "}, ["unread"]),
        ({"created_from": "1967-05-03", "created_to": "1970-01-01"}, ["museum", "bridge"]),
        ({"created_from": "1970-01-01", "created_to": "1980-01-01"}, ["bridge"]),
        ({"created_to": "1954-12-31"}, []),
        ({"created_to": "9999-12-31"}, ["tram", "library", "museum", "bridge"]),
        ({"created_from": "2001-05-31"}, ["library"]),
        ({"created_from": "2001-06-01"}, []),
        ({"size_max": 1}, []),
        ({"size_min": 1}, ["tram", "library", "museum", "bridge", "silent"]),
        ({"registered_to": "2020-01-01T00:00:00Z"}, []),
        ({"registered_from": "9999-12-31T23:59:59Z"}, []),
        ({"registered_from": "0001-01-01T00:00:00Z", "custodian_kind": "archive"}, ["museum"]),
        ({"conflict": "any"}, []),
        ({"q": "香港", "created_to": "1980-01-01", "format": "JPEG"}, ["museum", "bridge"]),
    ],
    ids=str,
)
def test_a_list_is_narrowed_by_each_filter(
    names: Names, asked: dict[str, Any], found: list[str]
) -> None:
    assert names(**asked) == found


@pytest.mark.parametrize(
    ("conflict", "found"), [("any", ["ferry"]), ("description", ["ferry"]), ("title", [])]
)
def test_a_conflict_is_found_by_its_field(
    names: Names, shelf: Shelf, conflict: str, found: list[str]
) -> None:
    assert names(shelf.auditor, conflict=conflict) == found
    assert names(conflict=conflict) == []  # it is another department's


@pytest.mark.parametrize(
    ("sort", "found"),
    [
        ("date_created", ["bridge", "museum", "tram", "library", "silent", "unread"]),
        ("-date_created", ["unread", "silent", "library", "tram", "museum", "bridge"]),
        ("title", ["tram", "bridge", "library", "museum", "silent", "unread"]),
        ("original_name", ["bridge", "library", "museum", "silent", "tram", "unread"]),
        ("-identifier", ["unread", "tram", "silent", "museum", "library", "bridge"]),
        ("-id", ["unread", "silent", "bridge", "museum", "library", "tram"]),
        ("id,title", ["tram", "library", "museum", "bridge", "silent", "unread"]),
        ("date_created,-id", ["bridge", "museum", "tram", "library", "unread", "silent"]),
        ("-date_created,id", ["silent", "unread", "library", "tram", "museum", "bridge"]),
        ("-date_created,title", ["silent", "unread", "library", "tram", "museum", "bridge"]),
        ("-date_created,-title,id", ["silent", "unread", "library", "tram", "museum", "bridge"]),
        ("size,-original_name", None),
    ],
)
def test_a_list_is_in_the_order_asked_for(
    ask: Ask, shelf: Shelf, names: Names, sort: str, found: list[str] | None
) -> None:
    found = found or names(sort=sort)
    assert names(sort=sort) == found
    assert sorted(found) == ["bridge", "library", "museum", "silent", "tram", "unread"]
    walked, cursor = [], None
    while True:
        page = ask(sort=sort, limit=2, **({"cursor": cursor} if cursor else {}))
        walked += shelf.names_in(page)
        if page["next"] is None:
            break
        cursor = page["next"]
    assert walked == found
    assert shelf.names_in(ask(sort=sort, limit=2, cursor=page["prev"])) == found[2:4]


def test_what_nobody_read_is_larger_than_everything(names: Names) -> None:
    assert names(sort="size")[-1] == "unread"
    assert names(sort="-size")[0] == "unread"


def test_a_cursor_belongs_to_its_order_and_its_question(ask: Ask) -> None:
    cursor = ask(limit=1, sort="title")["next"]
    for other in (
        {},
        {"sort": "-title"},
        {"sort": "title,-id"},
        {"sort": "title", "q": "香港"},
        {"sort": "size"},
    ):
        assert ask(limit=1, cursor=cursor, **other)["code"] == "cursor-unknown"


def test_only_the_fields_asked_for_are_told(ask: Ask, shelf: Shelf) -> None:
    page = ask(q="圖書館", fields="title,format")
    assert page["items"] == [
        {
            "asset_id": str(shelf.named["library"]),
            "title": RECORDS["library"]["title"],
            "format": "JPEG",
        }
    ]
    assert ask(fields="secret")["code"] == "malformed-request"


def counts(page: Any, name: str) -> dict[str | None, int]:  # noqa: ANN401 - a page as JSON
    return {one["value"]: one["assets"] for one in page["facets"][name]["values"]}


def test_what_was_found_is_counted(ask: Ask) -> None:
    wanted = (
        "department,source_system,format,reading,legal_status,digital_source_type,year"
        ",custodian_kind"
    )
    page = ask(facets=wanted, limit=1)
    assert {(one["counted"], one["exact"]) for one in page["facets"].values()} == {(6, True)}
    assert counts(page, "department") == {"archive": 6}
    assert counts(page, "source_system") == {"shelf": 6}
    assert counts(page, "format") == {"JPEG": 5, None: 1}
    assert (
        counts(page, "reading") == {"read": 5, "unread": 1}
        or counts(page, "reading")["unread"] == 1
    )
    assert counts(page, "legal_status") == {"institution_owned_non_record": 5, "undetermined": 1}
    assert counts(page, "digital_source_type") == {None: 4, "digitalCapture": 1, "negativeFilm": 1}
    assert counts(page, "year") == {None: 4, "1967": 1, "2001": 1}
    assert counts(page, "custodian_kind") == {None: 5, "archive": 1}


def test_what_is_computed_is_counted_among_what_was_judged(ask: Ask) -> None:
    page = ask(facets="status,missing,reason", q="香港")
    assert counts(page, "status") == {"blocked_incomplete": 3}
    assert counts(page, "missing")["creator"] == 2
    assert counts(page, "reason")["seal:stale"] == 3
    narrowed = ask(facets="source_system,missing", missing="creator", q="香港")
    assert narrowed["facets"]["source_system"]["counted"] == 2
    assert counts(narrowed, "source_system") == {"shelf": 2}


def test_no_count_and_no_row_tells_of_another_department(ask: Ask, shelf: Shelf) -> None:
    everything = {"facets": "department,source_system,year,status", "q": "tram"}
    mine, all_of_it = ask(**everything), ask(shelf.auditor, **everything)
    assert counts(mine, "department") == {"archive": 1}
    assert counts(all_of_it, "department")["museum"] >= 1
    for asked in ({"department": "museum"}, {"source_system": "cellar"}):
        page = ask(**asked, facets="department,status")
        assert (page["items"], page["next"]) == ([], None)
        assert {one["counted"] for one in page["facets"].values()} == {0}


@pytest.mark.parametrize(
    ("asked", "at"),
    [
        ({"colour": "red"}, "/query/colour"),
        ({"sort": "colour"}, "/query/sort/0"),
        ({"sort": "title,colour"}, "/query/sort/1"),
        ({"sort": "title,id,-title"}, "/query/sort"),
        ({"sort": ""}, "/query/sort/0"),
        ({"facets": "colour"}, "/query/facets/0"),
        ({"created_from": "1967"}, "/query/created_from"),
        ({"created_from": "1967-02-30"}, "/query/created_from"),
        ({"registered_from": "2020-01-01T00:00:00"}, "/query/registered_from"),
        ({"size_min": -1}, "/query/size_min"),
        ({"size_max": 2**63}, "/query/size_max"),
        ({"import_id": "1"}, "/query/import_id"),
        ({"complete": "perhaps"}, "/query/complete"),
        ({"q": ""}, "/query/q"),
        ({"q": "x" * 1001}, "/query/q"),
        ({"identifier": "檔" * 700}, "/query/identifier"),
        ({"reading": "done"}, "/query/reading"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_cannot_be_asked_is_refused_by_name(ask: Ask, asked: dict[str, Any], at: str) -> None:
    answer = ask(**asked)
    assert (answer["status"], answer["code"]) == (422, "malformed-request")
    assert at in [place["pointer"] for place in answer["errors"]]


def test_a_question_that_cannot_be_read_tells_the_place(ask: Ask) -> None:
    answer = ask(q="title:(香港")
    assert (answer["status"], answer["code"]) == (400, "query-malformed")
    assert answer["errors"] == [{"pointer": "/query/q", "detail": answer["detail"]}]
    assert "position 9" in answer["detail"]
