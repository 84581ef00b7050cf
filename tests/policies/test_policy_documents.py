"""Reading documents: what is taken, what is refused, and how the refusal helps."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import pytest

from app.ledger.canonical import digest_of
from app.policies.documents import (
    header_of,
    kind_of,
    parse_instruments,
    parse_legal_statuses,
    parse_policy,
    read_yaml,
)
from app.policies.errors import PolicyMalformed
from app.policies.packaged import packaged_documents
from app.policies.rules.completeness import ASSERTED_ONLY
from app.policies.rules.conditions import All, AnyOf, In, Not
from app.policies.rules.standard import FLOOR

PACKAGED = {(d.get("policy") or d["register"])["id"]: d for d in packaged_documents()}
CROP = "/duplicate_standard/classes/crop"


def city(changes: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the city default, with values put at JSON Pointers; ... takes one away."""
    document = deepcopy(PACKAGED["hk-city-default"])
    for pointer, value in (changes or {}).items():
        put(document, pointer, value)
    return document


def put(document: dict[str, Any], pointer: str, value: object) -> None:
    *way, last = pointer.strip("/").split("/")
    place: Any = document
    for step in way:
        place = place[int(step)] if isinstance(place, list) else place.setdefault(step, {})
    if value is ...:
        del place[last]
    elif isinstance(place, list):
        place[int(last)] = value
    else:
        place[last] = value


def faults_of(document: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(PolicyMalformed) as refusal:
        parse_policy(document)
    assert "hk-city-default is malformed" in refusal.value.detail
    return refusal.value.pointers


def test_the_city_default_reads_as_written() -> None:
    policy = parse_policy(city())
    assert (policy.header.id, policy.header.status) == ("hk-city-default", "example")
    assert policy.header.authority == ()
    fields = policy.completeness.fields
    assert len(fields) == 29
    assert sum(rule.level == "required" for rule in fields.values()) == 19
    assert fields["title_or_description"].any_of == ("title", "description")
    assert fields["legal_status"].confirmed_by_role == "records_manager"
    assert fields["legal_status"].not_values == ("undetermined",)
    assert fields["disposal_class"].when == In(
        field="legal_status",
        values=("government_record", "government_record_potential_archival"),
    )
    assert policy.completeness.default_time_zone == "Asia/Hong_Kong"
    assert policy.duplicate_standard.min_verified_copies == 2
    assert policy.duplicate_standard.classes["exact_bytes"].reviewers == 1
    assert [one.role for one in policy.disposal.approvals] == [
        "curator",
        "records_manager",
        "legal_officer",
        "external_authority",
    ]


def test_every_packaged_document_is_an_example_and_none_authorises() -> None:
    assert len(PACKAGED) == 6
    for document in PACKAGED.values():
        assert (document.get("policy") or document["register"])["status"] == "example"
    assert all(not d["policy"]["authority"] for d in PACKAGED.values() if "policy" in d)


def test_a_document_tells_its_kind() -> None:
    assert [kind_of(document) for document in packaged_documents()] == [
        "policy",
        "policy",
        "policy",
        "legal_status",
        "legal_instruments",
        "retention_schedules",
    ]
    with pytest.raises(PolicyMalformed, match="a document without a name"):
        kind_of({"rules": []})


def test_a_condition_nests_and_keeps_its_shape() -> None:
    written = {
        "any": [
            {"all": [{"field": "creator", "in": ["a"]}, {"not": {"field": "place", "in": ["b"]}}]},
            {"field": "genre", "in": ["c", "d"]},
        ]
    }
    policy = parse_policy(city({"/completeness/fields/disposal_class/when": written}))
    when = policy.completeness.fields["disposal_class"].when
    assert when == AnyOf(
        parts=(
            All(
                parts=(
                    In(field="creator", values=("a",)),
                    Not(part=In(field="place", values=("b",))),
                )
            ),
            In(field="genre", values=("c", "d")),
        )
    )
    assert when is not None
    assert when.model_dump(mode="json") == written


@pytest.mark.parametrize(
    ("pointer", "value", "named_at", "why"),
    [
        ("/completeness/fields/creator/levle", "required", None, "Extra inputs"),
        ("/surprise", {}, None, "Extra inputs"),
        ("/disposal", ..., None, "Field required"),
        ("/policy/label/zh-Hans", ..., None, "Field required"),
        ("/policy/label/en", "a\0b", None, "pattern"),
        ("/policy/version", "1.0", None, "pattern"),
        ("/policy/version", "1.0.01", None, "pattern"),
        ("/policy/effective_from", "soon", None, "date"),
        ("/policy/status", "final", None, "'draft', 'example', 'published' or 'superseded'"),
        ("/completeness/fields/Bad Name", {}, None, "pattern"),
        ("/completeness/fields/creator/level", "mandatory", None, "'required'"),
        ("/completeness/fields/creator/sources", ["guessed"], "+/0", "'asserted'"),
        ("/completeness/fields/creator/sources", [], None, "at least 1"),
        ("/completeness/fields/creator/values", [], None, "at least 1"),
        ("/completeness/fields/creator/unknown_allowed", "yes", None, "boolean"),
        ("/completeness/default_time_zone", "+08:00", None, "pattern"),
        ("/completeness/default_time_zone", "Etc/GMT-8", None, "pattern"),
        ("/completeness/fields/disposal_class/when", {"field": "x"}, None, "{field, in}"),
        ("/completeness/fields/disposal_class/when", "always", None, "{field, in}"),
        ("/completeness/fields/disposal_class/when", {"any": []}, "+/any", "at least 1"),
        (
            "/completeness/fields/disposal_class/when",
            {"any": [{"not": {"field": "creator", "values": ["x"]}}]},
            "+/any/0/not",
            "{field, in}",
        ),
        (
            "/completeness/fields/disposal_class/when",
            {"all": [{"field": "creator", "in": [1]}]},
            "+/all/0/in/0",
            "string",
        ),
        (CROP, ..., "/duplicate_standard/classes", "absent: crop"),
        ("/duplicate_standard/min_verified_copies", 0, None, "greater than or equal to 1"),
        ("/duplicate_standard/keeper_filters/0", "pretty", None, "'present'"),
        (f"{CROP}/condition", {"not_in_use": False}, "+/not_in_use", "True"),
        ("/disposal/approval_valid_days", 1.5, None, "integer"),
        ("/disposal/distinct_people", 1, None, "boolean"),
    ],
)  # fmt: skip
def test_a_fault_is_named_by_document_pointer_and_reason(
    pointer: str, value: object, named_at: str | None, why: str
) -> None:
    at = pointer if named_at is None else named_at.replace("+", pointer)
    assert why in faults_of(city({pointer: value}))[at]


def test_all_faults_are_named_at_once() -> None:
    wrong = {"/disposal/permit_valid_hours": 0, "/policy/id": "Hong Kong"}
    document = city(wrong)
    with pytest.raises(PolicyMalformed) as refusal:
        parse_policy(document)
    assert set(refusal.value.pointers) == set(wrong)
    assert refusal.value.status == 422


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"level": "required_when"}, "go together"),
        ({"when": {"field": "place", "in": ["x"]}}, "go together"),
        ({"unknown_allowed": ...}, "say by unknown_allowed"),
    ],
    ids=["a level without its condition", "a condition without its level", "silence on unknown"],
)
def test_a_field_rule_that_contradicts_itself_is_refused(
    changes: dict[str, object], why: str
) -> None:
    place = "/completeness/fields/creator"
    faults = faults_of(city({f"{place}/{key}": value for key, value in changes.items()}))
    assert why in faults[place]


@pytest.mark.parametrize("field", ASSERTED_ONLY)
def test_extraction_never_decides_about_law(field: str) -> None:
    rule = dict(city()["completeness"]["fields"]["custodian"], sources=["asserted", "extracted"])
    faults = faults_of(city({f"/completeness/fields/{field}": rule}))
    assert f"{field} is a legal field" in faults["/completeness"]


@pytest.mark.parametrize("name", FLOOR)
def test_no_policy_makes_a_variant_deletable(name: str) -> None:
    looser = {f"/duplicate_standard/classes/{name}/default": "deletable_after_review"}
    assert name in faults_of(city(looser))["/duplicate_standard/classes"]


def test_two_entries_of_one_role_are_one_approval() -> None:
    first, *rest = city()["disposal"]["approvals"]
    case = {"field": "personal_data_status", "in": ["sensitive"]}
    other = {"field": "legal_status", "in": ["evidential"]}
    entries = [
        {**first, "when": case, "evidence_required": ["scan"]},
        {**first, "when": other, "min": 3, "evidence_required": ["scan", "letter"]},
        *rest,
    ]
    curator = parse_policy(city({"/disposal/approvals": entries})).disposal.approvals[0]
    assert (curator.role, curator.min) == ("curator", 3)
    assert curator.evidence_required == ("scan", "letter")
    assert curator.when is not None
    assert curator.when.model_dump(mode="json") == {"any": [case, other]}


def test_one_role_at_two_places_in_the_order_is_refused() -> None:
    entries = city()["disposal"]["approvals"]
    faults = faults_of(city({"/disposal/approvals": [*entries, {**entries[0], "order": 9}]}))
    assert "curator has order 1 and 9" in faults["/disposal/approvals"]


def test_an_overlay_alone_is_no_policy() -> None:
    faults = faults_of(city({"/policy/extends": "hk-other@1.0.0"}))
    assert "read over its base" in faults["/policy/extends"]


def test_a_header_is_read_of_base_and_overlay_alike() -> None:
    assert header_of(PACKAGED["newsroom"]).extends == "hk-city-default@1.0.0"
    with pytest.raises(PolicyMalformed) as refusal:
        header_of({"policy": {"id": 7}})
    assert "/policy/version" in refusal.value.pointers


def too_deep() -> dict[str, Any]:
    condition: dict[str, Any] = {"field": "creator", "in": ["x"]}
    for _ in range(5000):
        condition = {"not": condition}
    return condition


@pytest.mark.parametrize(
    "value", [float("nan"), 2**60, too_deep()], ids=["not a number", "too large", "too deep"]
)
def test_what_json_cannot_say_is_refused(value: object) -> None:
    document = city()
    document["disposal"]["approval_valid_days"] = value
    with pytest.raises(PolicyMalformed, match="JSON cannot say it"):
        parse_policy(document)


def test_a_condition_too_deep_to_evaluate_is_refused() -> None:
    condition: dict[str, Any] = {"field": "creator", "in": ["x"]}
    for _ in range(300):
        condition = {"not": condition}
    assert faults_of(city({"/completeness/fields/disposal_class/when": condition}))


def test_equal_documents_have_equal_digests_however_they_are_written() -> None:
    document = city()
    turned = dict(reversed(document.items()))
    assert digest_of(turned) == digest_of(document)
    assert digest_of(city({"/policy/label/en": "Another"})) != digest_of(document)


def test_the_packaged_city_default_still_says_what_was_recorded() -> None:
    # A change of a packaged document is a new version: installations hold this digest.
    assert digest_of(PACKAGED["hk-city-default"]) == CITY_DIGEST


CITY_DIGEST = "57c038bb9d1c597574e0193d826b1f9843fbc4b63acdee67052b479cc9f7119e"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a: 1\nb: {c: 1, c: 2}", "'c' stands twice"),
        ("1: a", "1 is no text"),
        ("? [a, b]\n: c", "is no text"),
        ("a: [", "expected the node content"),
        ("a: 1\n---\nb: 2", "expected a single document"),
        ("a: !!python/object:os.system x", "could not determine a constructor"),
        ("- a", "a document is an object"),
    ],
)
def test_yaml_that_json_would_not_say_is_refused(text: str, why: str) -> None:
    with pytest.raises(PolicyMalformed) as refusal:
        read_yaml("a-file", text)
    assert "a-file is malformed" in refusal.value.detail
    assert why in refusal.value.pointers[""]


def test_yaml_words_are_read_as_json_would() -> None:
    text = "verified: {by: no, on: 2026-10-01, note: yes, so: true, not: null, n: 2}"
    assert read_yaml("a-file", text) == {
        "verified": {
            "by": "no",
            "on": "2026-10-01",
            "note": "yes",
            "so": True,
            "not": None,
            "n": 2,
        }
    }


def test_registers_name_their_faults_too() -> None:
    statuses = deepcopy(PACKAGED["legal-status"])
    statuses["register"]["id"] = "another"
    with pytest.raises(PolicyMalformed, match="/register/id: Input should be 'legal-status'"):
        parse_legal_statuses(statuses)
    instruments = deepcopy(PACKAGED["legal-instruments"])
    instruments["instruments"][0]["kind"] = "rumour"
    with pytest.raises(PolicyMalformed, match="/instruments/0/kind"):
        parse_instruments(instruments)
