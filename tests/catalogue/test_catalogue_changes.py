"""Many records changed in one piece of work: lines, tables, and all alike."""

import json
import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx2
import pytest
from world import System, World

from app.catalogue.receiving import LONGEST_LINE
from app.catalogue.spreadsheets import MappingIn, TableLines, letters
from app.catalogue.withdrawal_routes import taken_back
from app.kit.errors import Malformed
from app.provenance.changes import Assertion

Json = dict[str, Any]


class Office:
    """A department's cataloguer, who changes records by the hundred."""

    def __init__(self, world: World, api: httpx2.Client) -> None:
        self.world, self.api = world, api
        self.system: System = world.a_source_system()
        self.headers = world.headers("cataloguer", department=self.system.department)

    def assets(self, many: int) -> list[UUID]:
        return [self.world.an_asset(self.system, name=f"{n}.jpg") for n in range(many)]

    def send(self, body: str | bytes, kind: str = "application/x-ndjson", **query: Any) -> str:  # noqa: ANN401
        told = {k: v if isinstance(v, str) else json.dumps(v) for k, v in query.items()}
        answer = self.api.post(
            "/v1/record-changes",
            content=body,
            params=told,
            headers=self.headers | {"Content-Type": kind},
        )
        assert answer.status_code == 202, answer.text
        return str(answer.json()["id"])

    def lines(self, *lines: dict[str, Any], **query: Any) -> str:  # noqa: ANN401
        return self.send("".join(f"{json.dumps(line)}\n" for line in lines), **query)

    def table(self, body: str | bytes, mapping: dict[str, Any], **query: Any) -> str:  # noqa: ANN401
        return self.send(body, "text/csv", mapping=mapping, **query)

    def alike(self, which: dict[str, Any], change: Json, *, preview: bool = False) -> str:
        body = {"which": which, "change": change, "preview": preview}
        answer = self.api.post("/v1/record-changes/alike", json=body, headers=self.headers)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["id"])

    def results(self, work: str) -> list[tuple[int, str, str | None]]:
        self.world.work()
        answer = self.api.get(f"/v1/imports/{work}/results", headers=self.headers)
        found = [json.loads(line) for line in answer.text.splitlines()]
        return [(r["line"], r["outcome"], (r["problem"] or {}).get("code")) for r in found]

    def shown(self, work: str) -> dict[str, Any]:
        return dict(self.api.get(f"/v1/record-changes/{work}", headers=self.headers).json())

    def said(self, asset: UUID, field: str) -> list[dict[str, Any]]:
        record = self.api.get(f"/v1/assets/{asset}/provenance", headers=self.headers).json()
        return next((f["statements"] for f in record["fields"] if f["field"] == field), [])

    def version(self, asset: UUID) -> int:
        asked = "SELECT version FROM provenance_heads WHERE asset_id = :a"
        return int(self.world.find(asked, a=asset)[0][0])


@pytest.fixture
def office(world: World, api: httpx2.Client) -> Office:
    return Office(world, api)


def title(value: str) -> list[dict[str, str]]:
    return [{"field": "title", "value": value}]


def test_each_line_changes_its_record_and_a_bad_one_refuses_itself_only(office: Office) -> None:
    one, _, three = office.assets(3)
    stranger = office.world.an_asset()
    name = {"source_system": office.system.code, "source_identifier": "1.jpg"}
    body = [
        json.dumps({"asset_id": str(one), "revision": 1, "assert": title("One")}),
        json.dumps(name | {"assert": title("Two")}),
        json.dumps({"asset_id": str(three), "revision": 9, "assert": title("Three")}),
        "no json",
        json.dumps({"asset_id": str(three), "assert": [{"field": "nothing", "value": 1}]}),
        json.dumps({"asset_id": str(stranger), "assert": title("Theirs")}),
        json.dumps({"assert": title("Whose?")}),
        "",
        json.dumps(name | {"source_identifier": "gone", "assert": title("x")}),
        json.dumps({"asset_id": str(one), "revision": 2, "assert": title("One again")}),
        "x" * (LONGEST_LINE + 1),
    ]
    work = office.send("\n".join(body))
    assert office.results(work) == [
        (1, "edited", None),
        (2, "edited", None),
        (3, "refused", "revision-stale"),
        (4, "refused", "malformed-request"),
        (5, "refused", "statement-malformed"),
        (6, "refused", "not-found"),
        (7, "refused", "malformed-request"),
        (9, "refused", "not-found"),
        (10, "edited", None),
        (11, "refused", "line-too-long"),
    ]
    [said] = office.said(one, "title")
    assert (said["value"], said["locator"]) == ("One again", "ndjson line 10")
    assert office.version(one) == 4  # registered, two lines, the reading
    change = "SELECT change FROM provenance_versions WHERE asset_id = :a AND version = 2"
    [[kept]] = office.world.find(change, a=one)
    assert (kept["operation"], kept["line"]) == (work, 1)
    assert office.shown(work)["operation"]["progress"]["edited"] == 3


def test_a_line_says_nothing_more_of_a_withdrawn_registration(office: Office) -> None:
    gone, there = office.assets(2)
    manager = office.world.someone("records_manager", department=office.system.department)
    with office.world.api.transaction() as db:
        taken_back(db, manager, gone, 1, "Registered twice.")
    said = [{"asset_id": str(one), "assert": title("A tram")} for one in (gone, there)]
    assert office.results(office.lines(*said)) == [
        (1, "refused", "registration-withdrawn"),
        (2, "edited", None),
    ]
    assert office.said(gone, "title") == []


def test_a_preview_changes_nothing_and_shows_before_and_after(office: Office) -> None:
    [asset] = office.assets(1)
    office.world.change(asset, [Assertion("title", "Before")])
    work = office.lines({"asset_id": str(asset), "assert": title("After")}, preview=True)
    assert office.results(work) == [(1, "edited", None)]
    shown = office.shown(work)
    assert shown["preview"] is True
    assert shown["sample"] == [
        {"asset_id": str(asset), "before": {"title": "Before"}, "after": {"title": "After"}}
    ]
    assert [one["value"] for one in office.said(asset, "title")] == ["Before"]


def test_the_same_lines_again_change_nothing_more(office: Office) -> None:
    [asset] = office.assets(1)
    line = {"asset_id": str(asset), "assert": title("A")}
    assert office.results(office.lines(line)) == [(1, "edited", None)]
    version = office.version(asset)
    assert office.results(office.lines(line)) == [(1, "unchanged", None)]
    assert office.version(asset) == version


def test_a_line_may_resolve_and_retract_as_one_change_may(office: Office) -> None:
    asset = office.world.an_asset(office.system, description="A bus")
    office.world.work()
    office.world.change(asset, [Assertion("description", "A tram"), Assertion("title", "T")])
    record = {s["value"]: s["id"] for f in ("description", "title") for s in office.said(asset, f)}
    work = office.lines(
        {
            "asset_id": str(asset),
            "retract": [{"statement": record["T"], "reason": "of another"}],
            "resolve": [{"field": "description", "choose": record["A bus"], "reason": "seen"}],
        }
    )
    assert office.results(work) == [(1, "edited", None)]
    assert office.said(asset, "title") == []


def test_roles_hold_for_each_line(office: Office) -> None:
    asset = office.world.an_asset(office.system)
    office.world.change(asset, [Assertion("legal_status", ["government_record"])])
    line = {
        "asset_id": str(asset),
        "assert": [{"field": "legal_status", "value": ["undetermined"]}],
    }
    assert office.results(office.lines(line)) == [(1, "refused", "role-missing")]


TABLE = {"source_identifier": "File", "source_system": "set below"}
COLUMNS = [
    {"column": "Caption", "field": "title", "lang": "zh-Hant"},
    {"column": "By", "field": "creator", "unknown": ["不詳", "?"]},
    {"column": "Law", "field": "legal_basis"},
]


def mapping(office: Office, **other: Any) -> dict[str, Any]:  # noqa: ANN401
    named = {"source_identifier": "File", "source_system": office.system.code}
    return named | {"columns": COLUMNS} | other


def test_a_table_says_in_each_statement_where_it_stands(office: Office) -> None:
    one, two, three = office.assets(3)
    rows = [
        "File,Note,Caption,By,Law",
        '0.jpg,,"電車,\n中環",陳大文; Lee,hk-gc-2-2009; other',
        "1.jpg,x,巴士,不詳,",
        ",,,,",
        '2.jpg,,"no end,,',
    ]
    work = office.table("\ufeff" + "\r\n".join(rows), mapping(office))
    assert office.results(work) == [
        (2, "edited", None),
        (3, "edited", None),
        (5, "refused", "malformed-request"),
    ]
    [caption] = office.said(one, "title")
    assert (caption["value"], caption["lang"]) == ("電車,\n中環", "zh-Hant")
    assert caption["locator"] == "csv row 2 col C"
    [law] = office.said(one, "legal_basis")
    assert (law["value"], law["locator"]) == (["hk-gc-2-2009", "other"], "csv row 2 col E")
    [unknown] = office.said(two, "creator")
    assert (unknown.get("value"), unknown["unknown_reason"]) == (None, "so in the table: 不詳")
    assert office.said(two, "legal_basis") == []
    assert office.said(three, "title") == []


def test_a_table_resolves_what_differs_row_by_row(office: Office) -> None:
    one, two, three = (office.world.an_asset(office.system, description="A bus") for _ in range(3))
    office.world.work()
    for asset in (one, two, three):
        office.world.change(asset, [Assertion("description", "A tram")])
    ids = [{s["value"]: s["id"] for s in office.said(a, "description")} for a in (one, two, three)]
    rows = [
        "Id,Holds,Both,Why",
        f"{one},{ids[0]['A bus']},,seen on the print",
        f"{two},,{ids[1]['A bus']}; {ids[1]['A tram']},both are there",
        f"{three},{ids[2]['A bus']},,",
        f"{three},9.9,,no such statement",
        f"{three},,,nothing is answered",
    ]
    resolve = [
        {"field": "description", "column": "Holds", "reason_column": "Why"},
        {"field": "description", "column": "Both", "answer": "both_true", "reason_column": "Why"},
    ]
    work = office.table("\n".join(rows), {"asset_id": "Id", "resolve": resolve})
    assert [(line, what) for line, what, _ in office.results(work)] == [
        *((2, "edited"), (3, "edited"), (4, "refused"), (5, "refused"), (6, "unchanged"))
    ]
    conflicts = "SELECT asset_id, resolutions FROM provenance_versions ORDER BY version"
    last = {row.asset_id: row.resolutions for row in office.world.find(conflicts)}
    assert [one["reason"] for one in last[one]] == ["seen on the print"]
    assert [one["reason"] for one in last[two]] == ["both are there"]
    assert last[three] == []


@pytest.mark.parametrize(
    "resolve",
    [
        [],
        [{"field": "title", "column": "T"}],
        [{"field": "title", "column": "T", "reason": "x", "reason_column": "Why"}],
        [{"field": "title", "column": "T", "reason": "x", "answer": "neither"}],
    ],
    ids=["nothing", "no reason", "two reasons", "another answer"],
)
def test_a_mapping_that_resolves_says_how_and_why(
    office: Office, resolve: list[dict[str, str]]
) -> None:
    asked = {"mapping": json.dumps({"asset_id": "Id", "resolve": resolve})}
    answer = office.api.post(
        "/v1/record-changes", content="Id,T,Why\n", params=asked, headers=office.headers
    )
    assert answer.status_code == 422


@pytest.mark.parametrize("encoding", ["big5", "gb18030"])
def test_a_table_in_another_charset_is_read_by_it(office: Office, encoding: str) -> None:
    [asset] = office.assets(1)
    body = "File,Caption,By,Law\n0.jpg,中文,,\n".encode(encoding)
    work = office.table(body, mapping(office, encoding=encoding))
    assert office.results(work) == [(2, "edited", None)]
    assert [s["value"] for s in office.said(asset, "title")] == ["中文"]


@pytest.mark.parametrize(
    ("body", "other"),
    [
        ("File,Caption,By\n", {}),
        ("File,Caption,By,Law,File\n", {}),
        (b"\xff\xfe\n", {}),
        ("File,Caption,By,Law\n", {"encoding": "utf-16"}),
        ("File,Caption,By,Law\n", {"columns": [{"column": "By", "field": "place"}]}),
        ("File,Caption,By,Law\n", {"columns": [{"column": "By", "field": "department"}]}),
        ("File,Caption,By,Law\n", {"source_identifier": None}),
        ("File,Caption,By,Law\n", {"asset_id": "Id"}),
    ],
)
def test_a_table_that_its_mapping_does_not_fit_is_refused_whole(
    office: Office, body: str | bytes, other: dict[str, Any]
) -> None:
    answer = office.api.post(
        "/v1/record-changes",
        content=body,
        params={"mapping": json.dumps(mapping(office, **other))},
        headers=office.headers,
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "malformed-request")


def test_all_alike_by_query_and_by_list(office: Office) -> None:
    one, two, three = office.assets(3)
    withdrawn_or_foreign = office.world.an_asset()
    office.world.work()
    said = [{"field": "custodian", "value": "Unit"}]
    looked = office.alike({"source_system": office.system.code}, {"assert": said}, preview=True)
    assert [outcome for _, outcome, _ in office.results(looked)] == ["edited"] * 3
    assert len(office.shown(looked)["sample"]) == 3
    assert office.said(one, "custodian") == []

    done = office.alike({"asset_ids": [str(one), str(withdrawn_or_foreign)]}, {"assert": said})
    assert office.results(done) == [(1, "edited", None)]
    rest = office.alike(
        {"source_system": office.system.code, "unanswered": "custodian"}, {"assert": said}
    )
    assert [outcome for _, outcome, _ in office.results(rest)] == ["edited"] * 2
    assert all(office.said(asset, "custodian") for asset in (one, two, three))
    nobody = office.alike({"import_id": str(one)}, {"assert": said})
    assert office.shown(nobody)["operation"]["state"] == "done"


def test_what_moved_on_since_it_was_listed_is_refused(office: Office) -> None:
    [asset] = office.assets(1)
    office.world.work()
    work = office.alike({"source_system": office.system.code}, {"assert": title("All")})
    office.world.change(asset, [Assertion("custodian", "Meanwhile")])
    assert office.results(work) == [(1, "refused", "revision-stale")]


def test_what_is_cancelled_leaves_the_rest_as_it_was(office: Office) -> None:
    [asset] = office.assets(1)
    office.world.work()
    work = office.alike({"source_system": office.system.code}, {"assert": title("All")})
    answer = office.api.post(f"/v1/operations/{work}/cancel", headers=office.headers)
    assert answer.status_code == 202
    assert office.results(work) == [(1, "cancelled", None)]
    assert office.said(asset, "title") == []


def test_a_cataloguer_stops_no_import(office: Office) -> None:
    registrar = office.world.headers("registrar", department=office.system.department)
    started = office.api.post(
        "/v1/imports",
        content=b"{}\n",
        headers=registrar | {"Content-Range": "bytes 0-2/9", "Idempotency-Key": "k"},
    ).json()["id"]
    answer = office.api.post(f"/v1/operations/{started}/cancel", headers=office.headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "role-missing")


def test_the_same_key_for_other_instructions_is_refused(office: Office) -> None:
    [asset] = office.assets(1)
    line = json.dumps({"asset_id": str(asset), "assert": title("A")})
    keyed = office.headers | {"Idempotency-Key": "k"}
    first = office.api.post("/v1/record-changes", content=line, headers=keyed)
    again = office.api.post("/v1/record-changes", content=line, headers=keyed)
    other = office.api.post("/v1/record-changes?preview=true", content=line, headers=keyed)
    assert first.headers["Location"] == again.headers["Location"]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (other.status_code, other.json()["code"]) == (422, "import-otherwise")


@pytest.mark.parametrize(
    "which", [{}, {"unanswered": "nothing"}, {"asset_ids": []}, {"department": "x"}]
)
def test_everything_there_is_cannot_be_meant(office: Office, which: dict[str, Any]) -> None:
    body = {"which": which, "change": {}, "preview": True}
    answer = office.api.post("/v1/record-changes/alike", json=body, headers=office.headers)
    assert answer.status_code == 422


# -- tables, without a database --------------------------------------------------------------------

SIMPLE = MappingIn(asset_id="Id", columns=[{"column": "T", "field": "title"}])


def translated(body: bytes, size: int) -> list[bytes]:
    table = TableLines(SIMPLE)

    def parts() -> Iterator[bytes]:
        for start in range(0, len(body), size):
            yield from table.feed(body[start : start + size])
        yield from table.finish()

    return list(parts())


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_a_table_says_the_same_however_it_arrives(size: int) -> None:
    body = b'Id,T\na,"x ""y""\nz"\n\nb,"q\n'
    lines = translated(body, size)
    assert lines == translated(body, 10_000)
    assert len(lines) == 4
    assert json.loads(lines[1])["cells"] == [{"field": "title", "column": "B", "value": 'x "y"\nz'}]
    assert "no end" in json.loads(lines[3])["fault"]


def test_a_row_that_does_not_fit_says_what_would_mend_it() -> None:
    body = b"Id,T\n" + "a,閱\n".encode("big5") + b"b,Smith, John\nc,x,,\n"
    big5, comma, blank = (json.loads(line) for line in translated(body, 10_000)[1:])
    assert "not written in utf-8, from byte 2 on; `encoding` in the mapping" in big5["fault"]
    assert "3 cells, and the first row names 2 columns" in comma["fault"]
    assert [cell["value"] for cell in blank["cells"]] == ["x"]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"Id;T\n", "Parted by ',' it names 'Id;T'; `delimiter`"),
        ("Id,題\n".encode("utf-16"), "not written in utf-8, from byte 0 on; `encoding`"),
    ],
)
def test_a_first_row_that_cannot_be_used_says_what_would_mend_it(body: bytes, why: str) -> None:
    with pytest.raises(Malformed, match=re.escape(why)):
        translated(body, 10_000)


def test_a_row_without_an_end_is_held_no_longer_than_a_line_may_be() -> None:
    table = TableLines(SIMPLE)
    list(table.feed(b"Id,T\n"))
    for _ in range(40):
        list(table.feed(b"x" * 100_000))
        assert len(table._rest) + sum(map(len, table._held)) <= LONGEST_LINE + 100_000
    [line] = table.feed(b"\n")
    assert "longer" in json.loads(line)["fault"]
    [line] = table.feed(b"a,b\n")
    assert json.loads(line)["asset_id"] == "a"


@pytest.mark.parametrize(("place", "name"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ")])
def test_columns_are_named_as_spreadsheets_name_them(place: int, name: str) -> None:
    assert letters(place) == name


@pytest.mark.parametrize(
    ("written", "pointer"),
    [
        ('{"asset_id": "Id", "columns": [{"column": "T"}]}', "/mapping/columns/0/field"),
        ("{", "/mapping"),
        ("[]", "/mapping"),
    ],
)
def test_a_mapping_points_at_what_is_wrong_with_it(
    office: Office, written: str, pointer: str
) -> None:
    answer = office.api.post(
        "/v1/record-changes", content="x", params={"mapping": written}, headers=office.headers
    )
    assert answer.status_code == 422
    assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]


def test_a_line_does_not_tell_of_another_departments_asset(office: Office) -> None:
    theirs = office.world.a_source_system()
    asset = office.world.an_asset(theirs, name="secret.jpg")
    named = {"source_system": theirs.code, "source_identifier": "secret.jpg"}
    nowhere = {"source_system": theirs.code, "source_identifier": "nowhere.jpg"}
    work = office.lines(*(name | {"assert": title("x")} for name in (named, nowhere)))
    office.world.work()
    told = office.api.get(f"/v1/imports/{work}/results", headers=office.headers).text
    details = [json.loads(line)["problem"]["detail"] for line in told.splitlines()]
    assert str(asset) not in told
    assert details[0].replace("secret", "nowhere") == details[1]
    asked = {"source_system": theirs.code, "source_identifier": "secret.jpg"}
    found = office.api.get("/v1/identities", params=asked, headers=office.headers)
    assert (found.status_code, str(asset) in found.text) == (404, False)
