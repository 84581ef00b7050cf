"""Records changed over HTTP, against the version that was read."""

from collections.abc import Iterator
from threading import Barrier, Thread
from uuid import UUID, uuid4

import httpx2
import pytest
from images import draw
from provenance_city import (
    head_of,
    named,
    read_assets,
    registered,
    shown,
)
from world import System, World

from app.provenance.changes import Assertion

TITLE = {"assert": [{"field": "title", "value": "A tram"}]}


@pytest.fixture(scope="module")
def system(town: World) -> System:
    return town.a_source_system()


@pytest.fixture(scope="module")
def pool(town: World, system: System) -> Iterator[UUID]:
    return iter(read_assets(town, system, [{"description": "A bus"}] * 70))


@pytest.fixture
def asset(pool: Iterator[UUID]) -> UUID:
    return next(pool)


@pytest.fixture(scope="module")
def clerk(town: World, system: System) -> dict[str, str]:
    return town.headers("cataloguer", department=system.department)


def address(asset: UUID) -> str:
    return f"/v1/assets/{asset}/provenance"


def test_a_change_against_the_version_that_was_read_writes_the_next(
    town: World, town_api: httpx2.Client, clerk: dict[str, str], asset: UUID
) -> None:
    etag = town_api.get(address(asset), headers=clerk).headers["ETag"]
    answer = town_api.patch(address(asset), json=TITLE, headers=clerk | {"If-Match": etag})
    assert (answer.status_code, answer.headers["ETag"][:3]) == (200, '"3.')
    assert answer.json()["version"] == head_of(town, asset)[0] == 3


@pytest.mark.parametrize(
    ("if_match", "status", "code"),
    [
        (None, 428, "revision-required"),
        ('"1"', 412, "revision-stale"),
        ('"999999999"', 412, "revision-stale"),
        ("2", 422, "malformed-request"),
        ('W/"2"', 422, "malformed-request"),
        ('"2", "3"', 422, "malformed-request"),
        ("*", 422, "malformed-request"),
        ('"-2"', 422, "malformed-request"),
        ('"9999999999"', 422, "malformed-request"),
        ('""', 422, "malformed-request"),
    ],
)
def test_a_change_names_the_version_it_was_made_against(
    town: World,
    town_api: httpx2.Client,
    clerk: dict[str, str],
    asset: UUID,
    if_match: str | None,
    status: int,
    code: str,
) -> None:
    named = {"If-Match": if_match} if if_match else {}
    answer = town_api.patch(address(asset), json=TITLE, headers=clerk | named)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert head_of(town, asset)[0] == 2


def test_of_two_changes_against_one_version_exactly_one_wins(
    town_api: httpx2.Client, clerk: dict[str, str], asset: UUID
) -> None:
    start, answers = Barrier(4), []

    def change(title: int) -> None:
        body = {"assert": [{"field": "title", "value": str(title)}]}
        start.wait()
        answer = town_api.patch(address(asset), json=body, headers=clerk | {"If-Match": '"2"'})
        answers.append(answer.status_code)

    threads = [Thread(target=change, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 412, 412, 412]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"assert": [{"field": "title", "value": "a\0b"}]}, "/assert/0/value"),
        ({"assert": [{"field": "place", "value": {"a\0": 1}}]}, "/assert/0/value"),
        ({"assert": [{"field": "place", "value": [[[[[[[[[[[[[1]]]]]]]]]]]]]}]}, "/assert/0/value"),
        ({"assert": [{"field": "title", "value": "x" * 20_001}]}, "/assert/0/value"),
        ({"assert": [{"field": "title", "value": "A", "lang": "\0"}]}, "/assert/0/lang"),
        ({"assert": [{"field": "title", "value": "A"}] * 201}, "/assert"),
        ({"assert": [{"field": "title", "value": "A"}, {"field": "x", "value": 1}]}, "/assert/1"),
        ({"erase": []}, "/erase"),
        ({"retract": [{"statement": "1.1"}]}, "/retract/0/reason"),
        ({"resolve": [{"field": "title", "choose": "", "reason": "r"}]}, "/resolve/0/choose"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_a_malformed_change_is_refused_with_its_place(
    town: World,
    town_api: httpx2.Client,
    clerk: dict[str, str],
    asset: UUID,
    body: dict[str, object],
    pointer: str,
) -> None:
    answer = town_api.patch(address(asset), json=body, headers=clerk | {"If-Match": '"2"'})
    assert answer.status_code == 422
    assert [e["pointer"] for e in answer.json()["errors"]] == [pointer]
    assert head_of(town, asset)[0] == 2


@pytest.mark.parametrize(
    "value",
    ['"\\ud800"', '{"\\udfff": 1}', "1e400", "-1e999", "NaN", "[" * 3000 + "]" * 3000, "9" * 5000],
    ids=["surrogate", "key", "infinite", "negative", "NaN", "deep", "long number"],
)
def test_what_cannot_be_stored_is_refused_and_is_never_a_fault(
    town_api: httpx2.Client, clerk: dict[str, str], asset: UUID, value: str
) -> None:
    body = f'{{"assert": [{{"field": "place", "value": {value}}}]}}'
    sent = clerk | {"If-Match": '"2"', "Content-Type": "application/json"}
    answer = town_api.patch(address(asset), content=body, headers=sent)
    assert (answer.status_code, answer.json()["code"]) == (422, "malformed-request")


def test_a_date_at_the_end_of_a_day_beside_the_files_own_is_no_fault(
    town: World, town_api: httpx2.Client, system: System, clerk: dict[str, str]
) -> None:
    [dated] = read_assets(town, system, [{"taken": "2019:05:02 10:11:12"}])
    body = {"assert": [{"field": "date_created", "value": "2019-05-01T24:00:00"}]}
    answer = town_api.patch(address(dated), json=body, headers=clerk | {"If-Match": '"2"'})
    assert answer.status_code in (200, 422)


def test_a_change_asserts_retracts_and_settles_at_once(
    town: World, town_api: httpx2.Client, clerk: dict[str, str], asset: UUID
) -> None:
    town.change(asset, [Assertion("description", "A tram"), Assertion("title", "T")])
    body = {
        "assert": [{"field": "custodian", "value": "Unit", "certainty": "probable"}],
        "retract": [{"statement": named(town, asset, "title"), "reason": "of another"}],
        "resolve": [
            {
                "field": "description",
                "choose": named(town, asset, "description", "extracted"),
                "reason": "seen",
            }
        ],
    }
    answer = town_api.patch(address(asset), json=body, headers=clerk | {"If-Match": '"3"'}).json()
    fields = {one["field"]: one for one in answer["fields"]}
    assert "title" not in fields
    assert (fields["description"]["displayed"], fields["description"]["conflict"]) == (
        "A bus",
        False,
    )
    assert fields["custodian"]["statements"][0]["certainty"] == "probable"
    [resolution] = answer["resolutions"]
    assert (resolution["reason"], resolution["values"]) == ("seen", ["a bus", "a tram"])


@pytest.mark.parametrize(
    ("retract", "code"),
    [("7.7", "statement-not-current"), ("1.1", "field-needs-answer")],
)
def test_a_refused_change_writes_nothing(
    town: World,
    town_api: httpx2.Client,
    clerk: dict[str, str],
    asset: UUID,
    retract: str,
    code: str,
) -> None:
    body = TITLE | {"retract": [{"statement": retract, "reason": "r"}]}
    answer = town_api.patch(address(asset), json=body, headers=clerk | {"If-Match": '"2"'})
    assert (answer.status_code, answer.json()["code"]) == (409, code)
    assert head_of(town, asset)[0] == 2


@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_another_departments_record_does_not_exist(
    town: World, town_api: httpx2.Client, asset: UUID, method: str
) -> None:
    stranger = town.headers("cataloguer", department=town.a_department()) | {"If-Match": '"2"'}
    mine, nothing = (
        town_api.request(method, address(of), json=TITLE, headers=stranger)
        for of in (asset, uuid4())
    )
    assert (mine.status_code, nothing.status_code) == (404, 404)
    assert mine.json()["detail"].replace(str(asset), "") == f"There is no asset {''}."
    versions = f"{address(asset)}/versions"
    assert town_api.get(versions, headers=stranger).status_code == 404


def test_versions_are_listed_newest_first_a_page_at_a_time(
    town: World, town_api: httpx2.Client, clerk: dict[str, str], asset: UUID
) -> None:
    for title in ("one", "two", "three"):
        town.change(asset, [Assertion("title", title)])
    seen: list[int] = []
    cursor = None
    while len(seen) < 6:
        asked = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = town_api.get(f"{address(asset)}/versions", params=asked, headers=clerk).json()
        seen += [one["version"] for one in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == [5, 4, 3, 2, 1]


def test_a_record_before_its_reading_is_shown_without_one(town: World, system: System) -> None:
    [unread] = registered(town, system, [draw(1)])
    out = shown(town, unread)
    assert (out.reading, out.complete, out.version) == (None, False, 1)


def test_a_record_shows_the_file_beside_the_people(town: World, asset: UUID) -> None:
    town.change(asset, [Assertion("description", "A bus")], role="cataloguer")
    out = shown(town, asset)
    [one] = [one for one in out.fields if one.field == "description"]
    assert {s["source_kind"] for s in one.statements} == {"asserted", "extracted"}
    assert out.reading is not None
    [file] = [s for s in one.statements if s["source_kind"] == "extracted"]
    assert (file["reading"], file["tool"]) == (out.reading.id, out.reading.tool)
    assert file["locator"] == "EXIF:IFD0:ImageDescription"


def test_evidence_is_a_sentence_or_a_list_of_documents(
    town: World, town_api: httpx2.Client, clerk: dict[str, str], asset: UUID
) -> None:
    deed = {"document": "Deed of 1988", "page": "3", "sha256": "0" * 64}
    body = {
        "assert": [
            {"field": "custodian", "value": "Unit", "evidence": [deed]},
            {"field": "title", "value": "A", "evidence": "seen on the print"},
        ]
    }
    answer = town_api.patch(address(asset), json=body, headers=clerk | {"If-Match": '"2"'})
    said = {f["field"]: f["statements"][0] for f in answer.json()["fields"]}
    assert said["custodian"]["evidence"] == [deed]
    assert said["title"]["evidence"] == "seen on the print"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"assert": [{"field": "title", "value": "A", "lang": "zh Hant"}]}, "/assert/0/lang"),
        ({"resolve": [{"field": "title", "reason": "r"}]}, "/resolve/0"),
        (
            {"resolve": [{"field": "title", "choose": "1", "device_default": "1", "reason": "r"}]},
            "/resolve/0",
        ),
        (
            {"resolve": [{"field": "title", "both_true": ["1"], "reason": "r"}]},
            "/resolve/0/both_true",
        ),
    ],
)
def test_an_answer_is_one_answer(
    town_api: httpx2.Client,
    clerk: dict[str, str],
    asset: UUID,
    body: dict[str, object],
    pointer: str,
) -> None:
    answer = town_api.patch(address(asset), json=body, headers=clerk | {"If-Match": '"2"'})
    assert answer.status_code == 422
    assert [e["pointer"] for e in answer.json()["errors"]] == [pointer]


def test_both_are_true_over_http(
    town: World, town_api: httpx2.Client, clerk: dict[str, str], asset: UUID
) -> None:
    town.change(asset, [Assertion("description", "A tram")])
    both = [named(town, asset, "description"), named(town, asset, "description", "extracted")]
    body = {"resolve": [{"field": "description", "both_true": both, "reason": "both pass by"}]}
    answer = town_api.patch(address(asset), json=body, headers=clerk | {"If-Match": '"3"'}).json()
    [one] = [f for f in answer["fields"] if f["field"] == "description"]
    assert one["conflict"] is False
    assert [r["kind"] for r in answer["resolutions"]] == ["both_true"]
