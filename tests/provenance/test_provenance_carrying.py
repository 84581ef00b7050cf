"""What is carried over from a source catalogue: imported, never louder than a person's word."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from provenance_city import lacking, named, read_assets
from stated import CLERK, STATUSES, file_says, record, said
from world import System, World

from app.provenance.carrying import place_in
from app.provenance.changes import Assertion, Change, Retraction, apply_change
from app.provenance.errors import MustBeAsserted, StatementMalformed
from app.provenance.fields import LAW
from app.provenance.history import Moment, Told, end_those_gone
from app.provenance.projection import Record, answer_of
from app.provenance.statements import SourceKind
from app.provenance.weighing import Weighing

Json = dict[str, Any]
CARDS = {"kind": "imported", "catalogue": "Card index", "record": "A 12/3"}
PLACE = "catalogue:Card index#A 12/3"


def carried(value: str, field: str = "title", at: str = PLACE, **rest: Any) -> Assertion:  # noqa: ANN401
    return Assertion(field, value, locator=at, kind="imported", **rest)


def after(of: Record, *told: Assertion, version: int = 2) -> Record:
    return apply_change(of, Change(told, legal_statuses=STATUSES), CLERK, version=version)


def test_it_is_imported_and_names_the_catalogues_record_and_who_carried_it() -> None:
    [one] = after(record(), carried("A tram")).statements
    assert (one.source_kind, one.locator) == ("imported", place_in("Card index", "A 12/3"))
    assert (one.agent, one.person, one.since_version) == ("key:clerk", "a-clerk", 2)


def test_the_same_record_carried_over_again_corrects_it() -> None:
    first = after(record(), carried("A tram"))
    [one] = after(first, carried("A bus"), version=3).statements
    assert (one.value, one.supersedes) == ("A bus", "2.1")


@pytest.mark.parametrize(
    ("other", "differs"),
    [
        (carried("A bus", at="catalogue:Card index#B 1"), True),
        (carried("A bus", at="catalogue:Shelf list#A 12/3"), True),
        (carried("A bus", lang="en"), False),  # one source says both
        (Assertion("title", "A bus"), True),
    ],
    ids=["another record", "another catalogue", "another language", "an assertion"],
)
def test_nothing_else_takes_its_place_and_what_differs_is_a_conflict(
    other: Assertion,
    differs: bool,
) -> None:
    of = after(after(record(), carried("A tram")), other, version=3)
    assert [s.value for s in of.statements] == ["A tram", "A bus"]
    assert of.in_conflict("title") is differs


@pytest.mark.parametrize(
    ("there", "displayed"),
    [(said("title", "A bus"), "A bus"), (file_says("title", "A bus"), "A tram")],
    ids=["an assertion", "the file"],
)
def test_it_is_shown_behind_assertions_before_the_file_and_contradicts_both(
    there: Any,  # noqa: ANN401 - a statement
    displayed: str,
) -> None:
    of = after(record(there), carried("A tram"))
    assert (of.displayed("title"), of.in_conflict("title")) == (displayed, True)


def test_it_counts_as_imported_and_says_so_in_the_change() -> None:
    told = carried("A tram")
    assert answer_of(after(record(), told), "title") == 2
    said_of_it = Change([told, Assertion("creator", "Lee")]).document()
    assert (said_of_it["imported"], said_of_it["asserted"]) == (["title"], ["creator"])


@pytest.mark.parametrize("field", sorted(LAW))
def test_the_law_is_asserted_and_never_carried_over(field: str) -> None:
    with pytest.raises(MustBeAsserted, match="as a records manager") as refused:
        after(record(), carried("2019", field))
    assert list(refused.value.pointers) == ["/assert/0"]
    assert after(record(), Assertion("custodian", "Unit")).statements  # others are not meant


def test_what_the_policy_leaves_to_a_role_is_never_carried_over() -> None:
    reserved = Weighing(named={"credit_line": "curator"}, reserved=frozenset({"credit_line"}))
    with pytest.raises(MustBeAsserted, match="as a curator"):
        after(Record((), (), reserved), carried("By Lee", "credit_line"))


def test_what_only_the_file_knows_is_never_carried_over() -> None:
    with pytest.raises(StatementMalformed, match="no such field"):
        after(record(), Assertion("technical", {"width": 1}, locator=PLACE, kind="imported"))


def test_it_is_taken_back_with_a_reason() -> None:
    of = after(record(), carried("A tram"))
    change = Change(retractions=[Retraction("2.1", "of another card")])
    assert apply_change(of, change, CLERK, version=3).statements == ()


@pytest.mark.parametrize(("kind", "how"), [("imported", "superseded"), ("extracted", "read_again")])
def test_the_history_tells_what_was_corrected_from_what_was_read_again(
    kind: SourceKind, how: str
) -> None:
    then = Moment(1, datetime(2026, 1, 1, tzinfo=UTC), "key:clerk", uuid4(), None)
    told = {"1.1": Told(said("title", "A tram", kind).document(), then)}
    end_those_gone(told, [{"id": "2.1", "supersedes": "1.1"}], [], replace(then, version=2))
    assert (told["1.1"].how, told["1.1"].superseded_by) == (how, "2.1")


# -- over HTTP -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def system(town: World) -> System:
    return town.a_source_system()


@pytest.fixture(scope="module")
def pool(town: World, system: System) -> Iterator[UUID]:
    return iter(read_assets(town, system, [{"description": "A bus"}] * 20))


@pytest.fixture
def asset(pool: Iterator[UUID]) -> UUID:
    return next(pool)


class Desk:
    """A cataloguer who changes one record after another."""

    def __init__(self, town: World, api: httpx2.Client, system: System) -> None:
        self.api, self.headers = api, town.headers("cataloguer", department=system.department)

    def change(self, asset: UUID, change: Json) -> httpx2.Response:
        path = f"/v1/assets/{asset}/provenance"
        version = self.api.get(path, headers=self.headers).json()["version"]
        sent = self.headers | {"If-Match": f'"{version}"'}
        return self.api.patch(path, json=change, headers=sent)

    def carry(self, asset: UUID, field: str, value: object, **source: object) -> httpx2.Response:
        said = {"field": field, "value": value, "source": CARDS | source}
        return self.change(asset, {"assert": [said]})

    def story(self, asset: UUID, field: str) -> list[Json]:
        path = f"/v1/assets/{asset}/provenance/fields/{field}/history"
        told: list[Json] = self.api.get(path, headers=self.headers).json()["statements"]
        return told


@pytest.fixture
def desk(town: World, town_api: httpx2.Client, system: System) -> Desk:
    return Desk(town, town_api, system)


def test_a_record_shows_what_was_carried_over_beside_the_file_and_in_its_history(
    town: World, desk: Desk, asset: UUID
) -> None:
    first = desk.carry(asset, "description", "A tram")
    assert first.status_code == 200, first.text
    [shown] = [f for f in first.json()["fields"] if f["field"] == "description"]
    assert (shown["displayed"], shown["conflict"]) == ("A tram", True)
    kinds = {s["source_kind"]: s["locator"] for s in shown["statements"]}
    assert kinds["imported"] == PLACE
    assert desk.carry(asset, "description", "A tramcar", record=" A 12/3 ").status_code == 200
    taken = named(town, asset, "description", "imported")
    back = {"retract": [{"statement": taken, "reason": "of another card"}]}
    assert desk.change(asset, back).status_code == 200
    told = [t for t in desk.story(asset, "description") if t["statement"]["locator"] == PLACE]
    assert [(t["statement"]["value"], t["how"], t["reason"]) for t in told] == [
        ("A tram", "superseded", None),
        ("A tramcar", "retracted", "of another card"),
    ]


def test_it_completes_a_record_where_the_policy_takes_it_and_nowhere_else(
    town: World, desk: Desk, asset: UUID
) -> None:
    assert {"missing:rights_statement", "missing:custodian"} <= set(lacking(town, asset))
    desk.carry(asset, "rights_statement", "InC")
    desk.carry(asset, "custodian", "Unit")
    assert "source:custodian" in lacking(town, asset)
    assert not [code for code in lacking(town, asset) if code.endswith("rights_statement")]


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("legal_status", ["government_record"], "must-be-asserted"),
        ("legal_basis", ["deed"], "must-be-asserted"),
        ("technical", {"width": 1}, "statement-malformed"),
    ],
)
def test_the_law_and_the_files_own_facts_are_refused(
    desk: Desk, asset: UUID, field: str, value: object, code: str
) -> None:
    answer = desk.carry(asset, field, value)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert [e["pointer"] for e in answer.json()["errors"]] == ["/assert/0"]


@pytest.mark.parametrize(
    "source",
    [
        {"kind": "asserted"},
        {"catalogue": "A#B"},
        {"catalogue": " "},
        {"record": ""},
        {"record": None},
        {"record": "\u200b"},
        {"page": 1},
    ],
    ids=str,
)
def test_a_source_that_names_no_record_of_a_catalogue_is_refused(
    desk: Desk, asset: UUID, source: Json
) -> None:
    answer = desk.carry(asset, "title", "A tram", **source)
    assert (answer.status_code, answer.json()["code"]) == (422, "malformed-request")


def test_a_series_is_asserted(town: World, town_api: httpx2.Client, system: System) -> None:
    headers = town.headers("records_manager", department=system.department)
    body = {"assert": [{"field": "custodian", "value": "Unit", "source": CARDS}]}
    path = f"/v1/series/source-system/{system.code}/provenance"
    answer = town_api.patch(path, json=body, headers=headers | {"If-Match": '"0"'})
    assert (answer.status_code, answer.json()["code"]) == (422, "malformed-request")
