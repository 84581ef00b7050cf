"""A seal stands on a readable file, a record and a policy, and lacks no core fact (P2)."""

import re
from uuid import uuid4

import pytest
from attacks import (
    CHECK,
    City,
    Refused,
    Row,
    a_reading,
    a_seal,
    allowed,
    insert,
    refusal,
)

SEALERS = ["catalogue_worker", "catalogue_api"]
OWNER = "catalogue_owner"
UNFOUNDED = Refused(CHECK, "seals_core_facts", None)
CORE = [
    "source_system",
    "source_identifier",
    "original_name",
    "locations",
    "department",
    "custodian",
    "custodian_kind",
    "format",
    "technical",
    "legal_status",
    "legal_basis",
    "rights_statement",
    "personal_data_status",
]


def another(city: City) -> object:
    """Return a policy version under which nothing is sealed."""
    return city.ask("SELECT id FROM policy_versions WHERE document_id = 'newsroom'")


def in_order(city: City) -> Row:
    """Return a seal that would be right; only its policy differs from the one that is there."""
    reading = city.reading_of(city.sealed)
    return a_seal(city, city.sealed, reading_id=reading, policy_version_id=another(city))


def version(city: City, *, number: int, **answers: int) -> str:
    """Write the next version of the sealed record, with other answers."""
    columns = city.ask(
        "SELECT string_agg(column_name, ', ') FROM information_schema.columns"
        " WHERE table_name = 'provenance_versions' AND column_name <> ALL (:own)",
        own=["version", *answers],
    )
    named = "".join(f", {name}" for name in answers)
    said = "".join(f", {value}" for value in answers.values())
    return (
        f"INSERT INTO provenance_versions (version, {columns}{named})"  # noqa: S608 - our own
        f" SELECT {number}, {columns}{said} FROM provenance_versions"
        f" WHERE asset_id = '{city.sealed}' AND version = {city.head_of(city.sealed)}"
    )


@pytest.mark.parametrize("role", [*SEALERS, OWNER])
@pytest.mark.parametrize(
    ("wrong", "constraint"),
    [
        ({"reading_id": uuid4()}, "seals_core_facts"),
        ({"provenance_version": 77}, "seals_core_facts"),
        ({"policy_version_id": uuid4()}, "fk_seals_policy_version_id"),
        ({"event_id": uuid4()}, "fk_seals_event_id"),
    ],
)
def test_no_seal_without_what_it_stands_on(
    city: City, role: str, wrong: Row, constraint: str
) -> None:
    allowed(city, role, insert("seals", in_order(city)))
    assert refusal(city, role, insert("seals", in_order(city) | wrong)).constraint == constraint


def test_no_seal_by_another_assets_reading(city: City) -> None:
    row = in_order(city) | {"reading_id": city.reading_of(city.other)}
    assert refusal(city, SEALERS[0], insert("seals", row)).constraint == "seals_core_facts"


@pytest.mark.parametrize("role", [*SEALERS, OWNER])
def test_no_seal_on_an_unreadable_file(city: City, role: str) -> None:
    row = a_seal(city, city.unreadable, reading_id=city.reading_of(city.unreadable))
    assert refusal(city, role, insert("seals", row)) == UNFOUNDED


@pytest.mark.parametrize("role", [*SEALERS, OWNER])
def test_no_seal_on_an_undetermined_legal_status(city: City, role: str) -> None:
    row = a_seal(city, city.undetermined, reading_id=city.reading_of(city.undetermined))
    assert refusal(city, role, insert("seals", row)) == UNFOUNDED


def test_no_seal_on_a_record_that_only_registration_has_filled(city: City) -> None:
    row = a_seal(city, city.read, reading_id=city.reading_of(city.read))
    assert refusal(city, SEALERS[0], insert("seals", row)) == UNFOUNDED


@pytest.mark.parametrize("fact", CORE)
@pytest.mark.parametrize("answer", [0, 16, 256], ids=["nothing", "unknown", "conflict"])
def test_no_seal_lacks_a_core_fact(city: City, fact: str, answer: int) -> None:
    lacking = version(city, number=50, **{f"{fact}_answer": answer})
    row = in_order(city) | {"provenance_version": 50}
    assert refusal(city, SEALERS[0], lacking, insert("seals", row)) == UNFOUNDED
    allowed(city, SEALERS[0], version(city, number=50), insert("seals", row))


def test_no_seal_lacks_both_title_and_description(city: City) -> None:
    row = insert("seals", in_order(city) | {"provenance_version": 50})
    lacking = version(city, number=50, title_answer=0, description_answer=0)
    assert refusal(city, SEALERS[0], lacking, row) == UNFOUNDED
    allowed(city, SEALERS[0], version(city, number=50, title_answer=0, description_answer=4), row)


def sealing(row: Row) -> tuple[str, Row]:
    """Write a seal whose values do not share names with another row's."""
    statement, values = insert("seals", row)
    for name in values:
        statement = re.sub(rf":{name}\b", f":seal_{name}", statement)
    return statement, {f"seal_{name}": value for name, value in values.items()}


def test_no_seal_comes_before_its_reading_within_one_statement(city: City) -> None:
    """The statement's own reading comes later than the row that the trigger sees."""
    reading = a_reading(city, city.sealed, outcome="unreadable", reason="broken")
    later, values = insert("readings", reading)
    statement, sealed = sealing(in_order(city) | {"reading_id": reading["id"]})
    attack = (f"WITH later AS ({later}) {statement}", values | sealed)
    assert refusal(city, SEALERS[0], attack) == UNFOUNDED


def test_no_seal_comes_before_its_version_within_one_statement(city: City) -> None:
    """The statement's own version comes later than the row that the trigger sees."""
    later = version(city, number=50, custodian_answer=0)
    statement, sealed = sealing(in_order(city) | {"provenance_version": 50})
    attack = (f"WITH later AS ({later}) {statement}", sealed)
    assert refusal(city, SEALERS[0], attack) == UNFOUNDED


def test_one_seal_for_a_version_under_a_policy(city: City) -> None:
    row = in_order(city) | {"policy_version_id": city.policy}
    assert refusal(city, SEALERS[0], insert("seals", row)).constraint == "uq_seals_what_is_sealed"
