"""What a document would say in vain is refused when it is new, and read as ever when it is not."""

from copy import deepcopy
from typing import Any, get_args

import pytest
from sqlalchemy.orm import Session

from app.policies.documents import parse_instruments, parse_policy
from app.policies.errors import PolicyMalformed
from app.policies.packaged import packaged_documents
from app.policies.rules.bodies import BODY_KINDS, BodyKind
from app.policies.rules.terms import without_effect
from app.policies.service import check_document

CITY = packaged_documents()[0]
CASE = "/completeness/fields/contract_reference/when"
SLIP = {"field": "custodian_kind", "in": ["archive", "contracted-platform"]}
KNOWN = "archive, contracted_platform, department, library_or_museum_repository"
WHY = f"'contracted-platform' is no term of custodian_kind; known: {KNOWN}"


def city(pointer: str, value: object) -> dict[str, Any]:
    """Return the city's policy with one value put in."""
    document = deepcopy(CITY)
    place = document
    *way, last = pointer.strip("/").split("/")
    for step in way:
        place = place[step]
    place[last] = value
    return document


@pytest.mark.parametrize(
    ("written", "at"),
    [
        (SLIP, "/in/1"),
        ({"not": SLIP}, "/not/in/1"),
        ({"any": [{"field": "genre", "in": ["x"]}, {"all": [SLIP]}]}, "/any/1/all/0/in/1"),
    ],
    ids=["alone", "denied", "within"],
)
def test_a_word_that_no_vocabulary_has_is_refused_naming_rule_field_and_terms(
    db: Session, written: dict[str, Any], at: str
) -> None:
    with pytest.raises(PolicyMalformed) as refusal:
        check_document(db, city(CASE, written))
    assert refusal.value.pointers == {f"{CASE}{at}": WHY}
    parse_policy(city(CASE, written))  # as one that was recorded before


@pytest.mark.parametrize("rule", ["values", "not_values"])
def test_a_word_that_no_answer_can_be_is_refused(db: Session, rule: str) -> None:
    pointer = f"/completeness/fields/acquisition_method/{rule}"
    with pytest.raises(PolicyMalformed) as refusal:
        check_document(db, city(pointer, ["donated"]))
    assert list(refusal.value.pointers) == [f"{pointer}/0"]


def test_of_a_uri_the_last_segment_is_a_term() -> None:
    case = {"field": "personal_data_status", "in": ["https://example.org/terms/sensitive/"]}
    assert not without_effect(city("/disposal/tombstone/redact_when", case))


def test_a_register_of_instruments_is_looked_through_too(db: Session) -> None:
    document = deepcopy(packaged_documents()[4])
    document["instruments"][1]["applies_to"] = {"when": SLIP}
    with pytest.raises(PolicyMalformed) as refusal:
        check_document(db, document)
    assert refusal.value.pointers == {"/instruments/1/applies_to/when/in/1": WHY}


def test_a_kind_of_body_that_no_department_can_be_is_refused_by_name(db: Session) -> None:
    document = deepcopy(packaged_documents()[4])
    document["instruments"][3]["applies_to"] = {"body_kinds": ["mainland_body", "kingdom"]}
    with pytest.raises(PolicyMalformed) as refusal:
        check_document(db, document)
    [(pointer, why)] = refusal.value.pointers.items()
    assert pointer == "/instruments/3/applies_to/body_kinds/1"
    assert why.startswith("'kingdom' is no kind of body; known: charity, government_bureau,")
    parse_instruments(document)  # as one that was recorded before


def test_every_kind_of_body_is_called_in_three_scripts() -> None:
    assert tuple(BODY_KINDS) == get_args(BodyKind)
    labels = [(one.en, one.zh_hant, one.zh_hans) for one in BODY_KINDS.values()]
    assert len(set(labels)) == len(BODY_KINDS)


def test_no_policy_lets_a_reading_be_of_other_bytes(db: Session) -> None:
    pointer = "/completeness/freshness/reading_must_match_current_bytes"
    with pytest.raises(PolicyMalformed) as refusal:
        check_document(db, city(pointer, value=False))
    assert list(refusal.value.pointers) == [pointer]


def test_nothing_that_comes_with_the_product_is_said_in_vain() -> None:
    assert [without_effect(one) for one in packaged_documents()] == [{}] * 6
