"""An overlay may only tighten; whatever loosens is refused and named."""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.policies.documents import parse_policy, tighten
from app.policies.errors import PolicyLoosens, PolicyMalformed
from app.policies.packaged import packaged_documents
from app.policies.rules.conditions import AnyOf, In, Not, either
from app.policies.rules.joins import STATUSES, WEAKEST_STATUS
from app.policies.rules.policy import Policy
from app.policies.rules.tightening import joined

PACKAGED = {d["policy"]["id"]: d for d in packaged_documents() if "policy" in d}
LABEL = {"en": "Label", "zh-Hant": "標籤", "zh-Hans": "标签"}
FILM = ["negativeFilm", "positiveFilm", "print"]


def city(**rules: Any) -> Policy:  # noqa: ANN401
    """Return the city default, with the rules of some fields, or whole sections, put in."""
    document = deepcopy(PACKAGED["hk-city-default"])
    for name, value in rules.items():
        section = document if name in document else document["completeness"]["fields"]
        section[name] = {**section.get(name, {}), **value}
    return parse_policy(document)


def overlay(pointer: str = "", value: object = None, **header: object) -> dict[str, Any]:
    """Return an overlay on the city default that states one thing."""
    own = {
        "id": "an-overlay",
        "version": "1.0.0",
        "extends": "hk-city-default@1.0.0",
        "effective_from": "2026-10-01",
        "status": "example",
        "label": LABEL,
        "authority": [],
    }
    document: dict[str, Any] = {"policy": own | header}
    place = document
    *way, last = pointer.strip("/").split("/")
    for step in way:
        place = place.setdefault(step, {})
    if last:
        place[last] = value
    return document


@pytest.mark.parametrize("name", ["hk-film-archive", "newsroom"])
def test_the_packaged_overlays_only_tighten(name: str) -> None:
    effective = tighten(city(), PACKAGED[name])
    assert effective.header.id == name
    assert set(city().completeness.fields) < set(effective.completeness.fields)


@pytest.mark.parametrize("name", ["hk-film-archive", "newsroom"])
def test_what_holds_is_never_looser_than_the_base_and_joins_it_without_change(name: str) -> None:
    effective = tighten(city(), PACKAGED[name])
    again, loosenings = joined(city(), effective)
    assert loosenings == []
    assert again == effective
    _, back = joined(effective, city())
    assert back != []


def test_the_film_archive_asks_more_than_the_city() -> None:
    effective = tighten(city(), PACKAGED["hk-film-archive"])
    standard, disposal = effective.duplicate_standard, effective.disposal
    assert standard.min_verified_copies == 3
    assert standard.keeper_fixity_max_age_days == 7
    assert standard.classes["derivative_converted"].default == "keep_as_variant"
    assert standard.classes["derivative_reduced"].condition["not_in_use"] is True
    assert (disposal.recovery_window_days, disposal.permit_valid_hours) == (180, 24)
    roles = {approval.role: approval for approval in disposal.approvals}
    assert set(roles) == {
        "curator",
        "records_manager",
        "legal_officer",
        "external_authority",
        "conservator",
    }
    donor = effective.completeness.fields["donor_agreement"].when
    assert donor == AnyOf(
        parts=(
            In(field="legal_status", values=("donor_restricted",)),
            In(field="acquisition_method", values=("donation", "deposit")),
        )
    )


def test_what_an_overlay_leaves_out_it_takes_from_its_base() -> None:
    effective = tighten(city(), overlay())
    assert effective.completeness == city().completeness
    assert effective.duplicate_standard == city().duplicate_standard
    assert effective.disposal == city().disposal


def test_approvals_of_one_role_are_one_with_the_greater_number() -> None:
    added = [{"role": "legal_officer", "min": 2, "order": 3, "label": LABEL}]
    effective = tighten(city(), overlay("/disposal/approvals", added))
    (legal,) = [one for one in effective.disposal.approvals if one.role == "legal_officer"]
    assert (legal.min, legal.when) == (2, None)
    assert len(effective.disposal.approvals) == 4


def test_an_overlay_that_asks_for_fewer_of_a_role_leaves_the_greater_number() -> None:
    curator = {"role": "curator", "min": 3, "order": 1, "label": LABEL}
    base = city(disposal={"approvals": [curator]})
    effective = tighten(base, overlay("/disposal/approvals", [{**curator, "min": 1}]))
    assert [(one.role, one.min) for one in effective.disposal.approvals] == [("curator", 3)]


CLASS, FIELD, DISPOSAL = "/duplicate_standard/classes", "/completeness/fields", "/disposal"
LOOSER = {
    "a level falls": (f"{FIELD}/creator/level", "recommended", "from required to recommended"),
    "a field is required in some cases only": (
        f"{FIELD}/creator",
        {"level": "required_when", "when": {"field": "genre", "in": ["x"]}},
        "from required to required_when",
    ),
    "a conditional field is recommended": (
        f"{FIELD}/digitisation_source/level",
        "recommended",
        "from required_when to recommended",
    ),
    "an unknown is allowed": (f"{FIELD}/format/unknown_allowed", True, "from false to true"),
    "a source is added": (
        f"{FIELD}/custodian/sources",
        ["asserted", "imported"],
        "accepts imported",
    ),
    "a value is added": (
        f"{FIELD}/archival_appraisal/values",
        ["no_archival_value", "not_appraised"],
        "accepts not_appraised",
    ),
    "any value goes": (f"{FIELD}/archival_appraisal/values", None, "to anything"),
    "another field may answer too": (
        f"{FIELD}/title_or_description/any_of",
        ["title", "description", "original_name"],
        "accepts original_name",
    ),
    "other fields may answer": (f"{FIELD}/creator/any_of", ["supplier"], "from nothing"),
    "a vocabulary goes": (f"{FIELD}/legal_basis/vocabulary", None, "to nothing"),
    "a type goes": (f"{FIELD}/date_created/type", None, "from edtf to nothing"),
    "nobody confirms": (f"{FIELD}/legal_status/confirmed_by_role", None, "to nothing"),
    "another role confirms": (
        f"{FIELD}/legal_status/confirmed_by_role",
        "registrar",
        "from records_manager to registrar",
    ),
    "a conflict no longer blocks": (
        "/completeness/conflicts/unresolved_material_conflict_blocks",
        False,
        "from true to false",
    ),
    "dates may differ more": (
        "/completeness/conflicts/date_tolerance_seconds",
        3600,
        "from 2 to 3600",
    ),
    "a software name is a creator": (
        "/completeness/device_defaults/creator_is_software_name",
        False,
        "from true to false",
    ),
    "the time zone is another": (
        "/completeness/default_time_zone",
        "Europe/Oslo",
        "only the base may decide",
    ),
    "a reading may be of other bytes": (
        "/completeness/freshness/reading_must_match_current_bytes",
        False,
        "from true to false",
    ),
    "a class moves away from keeping": (
        f"{CLASS}/derivative_converted/default",
        "deletable_after_review",
        "from curator_decision to deletable_after_review",
    ),
    "fewer reviewers": (f"{CLASS}/derivative_reduced/reviewers", 1, "from 2 to 1"),
    "no reviewers": (f"{CLASS}/derivative_reduced/reviewers", None, "from 2 to nothing"),
    "review by group": (f"{CLASS}/derivative_reduced/review_unit", "group", "from item to group"),
    "replacement where law forbids": (
        f"{CLASS}/identical_image_data/outcome_when_legal_forbids",
        "replace_with_reference",
        "only the base may decide",
    ),
    "a threshold moves": (
        "/duplicate_standard/thresholds/derivative_aspect_difference_max_percent",
        5.0,
        "from 0.5 to 5.0",
    ),
    "smaller crops are whole": (
        "/duplicate_standard/thresholds/crop_coverage_below_percent",
        90.0,
        "from 98.0 to 90.0, but it may only rise",
    ),
    "stronger differences are noise": (
        "/duplicate_standard/thresholds/residual_strength_max",
        3.0,
        "from 2.0 to 3.0, but it may only fall",
    ),
    "less is compared": (
        "/duplicate_standard/thresholds/derivative_compared_pixels_min",
        100,
        "from 6000 to 100, but it may only rise",
    ),
    "other pairs are nominated": ("/duplicate_standard/nomination/pdq_max_bits", 60, "31 to 60"),
    "fewer words nominate": ("/duplicate_standard/nomination/words_min_shared", 3, "4 to 3"),
    "the low-information guard is off": (
        "/duplicate_standard/low_information_guard/enabled",
        False,
        "from true to false",
    ),
    "the repetition alarm is later": (
        "/duplicate_standard/repetition_alarm/more_than_identical",
        9,
        "from 2 to 9",
    ),
    "keepers are ranked otherwise": (
        "/duplicate_standard/keeper_rank",
        ["asset_id"],
        "only the base may decide",
    ),
    "custody tiers change": (
        "/duplicate_standard/custody_tiers",
        ["contracted_platform"],
        "only the base may decide",
    ),
    "fewer verified copies": ("/duplicate_standard/min_verified_copies", 1, "from 2 to 1"),
    "older fixity": ("/duplicate_standard/keeper_fixity_max_age_days", 31, "from 30 to 31"),
    "people need not differ": (f"{DISPOSAL}/distinct_people", False, "from true to false"),
    "the registrar approves": (f"{DISPOSAL}/registrar_may_approve", True, "from false to true"),
    "the nominator approves": (f"{DISPOSAL}/nominator_may_approve", True, "from false to true"),
    "no second sign-in": (f"{DISPOSAL}/reauthentication_for_approval", False, "from true to false"),
    "approvals live longer": (f"{DISPOSAL}/approval_valid_days", 91, "from 90 to 91"),
    "a shorter cooling-off": (f"{DISPOSAL}/cooling_off_days", 13, "from 14 to 13"),
    "permits live longer": (f"{DISPOSAL}/permit_valid_hours", 25, "from 24 to 25"),
    "a shorter recovery": (f"{DISPOSAL}/recovery_window_days", 29, "from 30 to 29"),
    "larger cases": (f"{DISPOSAL}/batch/max_items", 5001, "from 5000 to 5001"),
    "a smaller sample": (
        f"{DISPOSAL}/batch/sample_review_percent",
        {"identical_image_data": 9},
        "identical_image_data from 10 to 9",
    ),
    "a sample where every item was viewed": (
        f"{DISPOSAL}/batch/sample_review_percent",
        {"derivative_converted": 99},
        "derivative_converted from 100 to 99",
    ),
    "thumbnails of what is gone": (f"{DISPOSAL}/tombstone/thumbnail", True, "from false to true"),
    "other redaction": (f"{DISPOSAL}/tombstone/redact_when", None, "only the base may decide"),
    "an approval at another place": (
        f"{DISPOSAL}/approvals",
        [{"role": "curator", "min": 1, "order": 5, "label": LABEL}],
        "curator has order 1 and 5",
    ),
}


@pytest.mark.parametrize(("pointer", "value", "how"), LOOSER.values(), ids=LOOSER)
def test_an_overlay_that_loosens_is_refused_and_the_rule_named(
    pointer: str, value: object, how: str
) -> None:
    with pytest.raises(PolicyLoosens) as refusal:
        tighten(city(), overlay(pointer, value))
    ((rule, why),) = refusal.value.loosened.items()
    assert rule.startswith(pointer)
    assert how in why
    assert "an-overlay loosens hk-city-default@1.0.0" in refusal.value.detail


def test_an_age_limit_may_not_be_lifted() -> None:
    aged = dict(PACKAGED["hk-city-default"]["completeness"])
    aged["freshness"] = {"reading_must_match_current_bytes": True, "max_extractor_age_days": 90}
    pointer = "/completeness/freshness/max_extractor_age_days"
    with pytest.raises(PolicyLoosens, match="from 90 to nothing, but it may only fall"):
        tighten(city(completeness=aged), overlay(pointer, None))


def test_an_overlay_may_not_hold_before_its_base() -> None:
    with pytest.raises(PolicyLoosens, match="/policy/effective_from from 2026-10-01 to 2026-09-30"):
        tighten(city(), overlay(effective_from="2026-09-30"))


def test_every_rule_that_loosens_is_named() -> None:
    both = overlay("/disposal/cooling_off_days", 0)
    both["duplicate_standard"] = {"min_verified_copies": 1}
    with pytest.raises(PolicyLoosens) as refusal:
        tighten(city(), both)
    assert set(refusal.value.pointers) == {
        "/disposal/cooling_off_days",
        "/duplicate_standard/min_verified_copies",
    }


TIGHTER = {
    "a level rises": (f"{FIELD}/date_digitised", {"level": "required", "unknown_allowed": True}),
    "cases become always": (f"{FIELD}/donor_agreement/level", "required"),
    "an unknown is no answer": (f"{FIELD}/creator/unknown_allowed", False),
    "sources narrow": (f"{FIELD}/creator/sources", ["asserted"]),
    "values narrow": (f"{FIELD}/custodian_kind/values", ["archive"]),
    "one of the two fields": (f"{FIELD}/title_or_description/any_of", ["description"]),
    "a role confirms": (f"{FIELD}/legal_basis/confirmed_by_role", "records_manager"),
    "a class moves towards keeping": (f"{CLASS}/exact_bytes/default", "keep_as_variant"),
    "more reviewers": (f"{CLASS}/exact_bytes/reviewers", 3),
    "review by item": (f"{CLASS}/exact_bytes/review_unit", "item"),
    "reviewers where there were none": (f"{CLASS}/crop/reviewers", 2),
    "a condition is added": (f"{CLASS}/exact_bytes/condition", {"not_in_use": True}),
    "an age limit": ("/completeness/freshness/max_extractor_age_days", 365),
    "more copies": ("/duplicate_standard/min_verified_copies", 9),
    "fresher fixity": ("/duplicate_standard/keeper_fixity_max_age_days", 1),
    "shorter approvals": (f"{DISPOSAL}/approval_valid_days", 1),
    "shorter permits": (f"{DISPOSAL}/permit_valid_hours", 1),
    "a longer cooling-off": (f"{DISPOSAL}/cooling_off_days", 99),
    "smaller cases": (f"{DISPOSAL}/batch/max_items", 1),
    "a larger sample": (f"{DISPOSAL}/batch/sample_review_percent", {"exact_bytes": 100}),
}


@pytest.mark.parametrize(("pointer", "value"), TIGHTER.values(), ids=TIGHTER)
def test_an_overlay_that_tightens_is_taken(pointer: str, value: object) -> None:
    effective = tighten(city(), overlay(pointer, value))
    held: Any = effective.model_dump(mode="json")
    for step in pointer.strip("/").split("/"):
        held = held[step]
    assert held == {**held, **value} if isinstance(value, dict) else held == value


def test_a_field_that_was_conditional_and_is_required_has_no_condition() -> None:
    effective = tighten(city(), overlay(f"{FIELD}/donor_agreement/level", "required"))
    assert effective.completeness.fields["donor_agreement"].when is None


def test_a_field_that_was_recommended_takes_the_overlays_cases() -> None:
    case = {"field": "genre", "in": ["news"]}
    rule = {"level": "required_when", "when": case, "unknown_allowed": False}
    place = tighten(city(), overlay(f"{FIELD}/place", rule)).completeness.fields["place"]
    assert (place.level, place.when) == ("required_when", In(field="genre", values=("news",)))


@pytest.mark.parametrize(
    ("pointer", "added"),
    [
        ("/completeness/conflicts/material_fields", "place"),
        ("/completeness/device_defaults/text", "NIKON"),
        ("/completeness/device_defaults/dates", "1904-01-01"),
        (f"{FIELD}/legal_status/not_values", "government_record"),
        (f"{DISPOSAL}/tombstone/keep", "certificate"),
    ],
)
def test_lists_only_grow_and_nothing_is_removed_by_leaving_it_out(pointer: str, added: str) -> None:
    before: Any = city().model_dump(mode="json")
    after: Any = tighten(city(), overlay(pointer, [added])).model_dump(mode="json")
    for step in pointer.strip("/").split("/"):
        before, after = before[step], after[step]
    assert after == [*before, added]


def test_keeper_filters_cannot_be_left_out() -> None:
    pointer = "/duplicate_standard/keeper_filters"
    effective = tighten(city(), overlay(pointer, ["present"]))
    assert effective.duplicate_standard.keeper_filters == city().duplicate_standard.keeper_filters


@pytest.mark.parametrize(
    ("base", "own", "held"),
    [
        (["a"], ["b"], ("a", "b")),
        (["a"], ["a"], ("a",)),
        (["a"], [], ()),
        ([], ["b"], ()),
    ],
    ids=["both must hold", "said twice", "the overlay has none", "the base has none"],
)
def test_without_both_authorities_there_is_none(
    base: list[str], own: list[str], held: tuple[str, ...]
) -> None:
    effective = tighten(city(policy={"authority": base}), overlay(authority=own))
    assert effective.header.authority == held


def test_a_published_overlay_of_an_example_is_an_example() -> None:
    assert tighten(city(), overlay(status="published")).header.status == "example"
    published = city(policy={"status": "published"})
    assert tighten(published, overlay(status="published")).header.status == "published"
    assert tighten(published, overlay(status="draft")).header.status == "draft"


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        (overlay(extends="hk-city-default@1.0.1"), "/policy/extends"),
        (overlay(extends=None), "/policy/extends"),
        (overlay("/disposal/approvals", None), "/disposal/approvals"),
        (overlay("/disposal", None), "/disposal"),
        (overlay("/disposal/cooling_of_days", 30), "/disposal/cooling_of_days"),
        (overlay(f"{CLASS}/lookalike", {"default": "keep_as_variant"}), f"{CLASS}/lookalike"),
        (overlay(f"{FIELD}/place/level", "required"), f"{FIELD}/place"),
        ({"disposal": {}}, "/policy"),
    ],
    ids=[
        "another version of the base",
        "no base",
        "no approvals",
        "no disposal",
        "a word misspelt",
        "a class nobody knows",
        "silence on unknown",
        "no header",
    ],
)
def test_an_overlay_without_form_is_malformed(document: dict[str, Any], pointer: str) -> None:
    with pytest.raises(PolicyMalformed) as refusal:
        tighten(city(), document)
    assert pointer in refusal.value.pointers


def test_the_same_case_is_not_said_twice() -> None:
    film = In(field="digital_source_type", values=tuple(FILM))
    assert either(film, film) == film
    assert either(AnyOf(parts=(film, Not(part=film))), film) == AnyOf(parts=(film, Not(part=film)))


NUMBERS = {
    "/disposal/approval_valid_days": st.integers(1, 200),
    "/disposal/cooling_off_days": st.integers(0, 60),
    "/disposal/recovery_window_days": st.integers(0, 365),
    "/duplicate_standard/min_verified_copies": st.integers(1, 5),
    "/duplicate_standard/classes/exact_bytes/reviewers": st.integers(1, 4),
    "/completeness/fields/creator/unknown_allowed": st.booleans(),
}


@given(st.fixed_dictionaries({}, optional=NUMBERS), st.fixed_dictionaries({}, optional=NUMBERS))
def test_an_overlay_of_an_overlay_never_falls_below_the_city(
    first: dict[str, int], second: dict[str, int]
) -> None:
    policy = city()
    for number, values in enumerate([first, second]):
        extends = f"{policy.header.id}@1.0.0"
        stated = overlay(id=f"overlay-{number}", extends=extends)
        for pointer, value in values.items():
            _merge(stated, overlay(pointer, value), keep={"policy"})
        try:
            policy = tighten(policy, stated)
        except PolicyLoosens:
            return
    assert joined(city(), policy)[1] == []


def _merge(into: dict[str, Any], other: dict[str, Any], keep: set[str]) -> None:
    for key, value in other.items():
        if key in keep:
            continue
        if isinstance(value, dict):
            _merge(into.setdefault(key, {}), value, set())
        else:
            into[key] = value


@pytest.mark.parametrize("status", STATUSES)
def test_no_status_is_firmer_than_its_own(status: str) -> None:
    assert WEAKEST_STATUS.of("published", status) == status
    assert WEAKEST_STATUS.of(status, "superseded") == "superseded"
