"""One SELECT says of random records under random policies what a naive reading says (P23).

And overlays only tighten: whatever the two together let pass, the base alone lets pass.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from ground import Ground
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from oracle import conditions_over, holds, missing
from sqlalchemy import ColumnElement, DateTime, Text, cast, func, insert, null, select, text
from sqlalchemy.dialects.postgresql import ARRAY, array
from sqlalchemy.orm import Session
from stated import record, said

from app.kit.db import Database
from app.policies.compile import compile_condition
from app.policies.documents import parse_policy, tighten
from app.policies.errors import PolicyLoosens, PolicyMalformed
from app.policies.packaged import packaged_documents
from app.policies.rules.conditions import Condition, In
from app.policies.rules.in_force import PolicyInForce
from app.policies.rules.policy import Policy
from app.policies.service import load_packaged, registers_in_force
from app.provenance.completeness import Answers, completeness_demands
from app.provenance.models import VERSIONS
from app.provenance.projection import project
from app.provenance.statements import Statement

CITY = packaged_documents()[0]
LABEL = CITY["policy"]["label"]
UNASKED = {"level": "recommended", "sources": ["asserted"], "label": LABEL}
URI = "http://cv.iptc.org/newscodes/genre/"
# Terms as people write them: bare, as a URI, with a version that is no term.
TERMS = ["a", "b", "c", f"{URI}a", f"{URI}b/", f"{URI}c/1.0/", "by/4.0", f"{URI}by/4.0"]
CODED = ("genre", "published", "access_rights", "still_type", "legal_status", "legal_basis")
SETS = ("legal_status", "legal_basis")
PLAIN = ("supplier", "event_name", "usage_terms")
EVERY = (*CODED, *PLAIN)
KINDS = ("extracted", "imported", "asserted", "derived")
TIMES = settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def table(ground: Ground) -> Iterator[Session]:
    """A session whose `provenance_versions` is a table of its own, without keys or triggers."""
    name = ground.clone()
    database = Database(ground.url("catalogue_owner", name), pool_size=1)
    with database.transaction() as db:
        load_packaged(db)
        db.execute(text("CREATE TEMP TABLE provenance_versions (LIKE public.provenance_versions)"))
        yield db
    database.close()
    ground.drop(name)


# -- random records and policies -------------------------------------------------------------------


def statements(field: str) -> st.SearchStrategy[Statement]:
    """Return statements on a field, known or a reasoned unknown."""
    kinds = st.just("asserted") if field in SETS else st.sampled_from(KINDS)
    term = st.sampled_from(TERMS)
    value: st.SearchStrategy[Any] = term
    if field in SETS:
        value = st.lists(term, min_size=1, max_size=3)
    roles = st.lists(st.sampled_from(["curator", "records_manager"]), unique=True).map(tuple)
    known = st.builds(lambda v, k, r: said(field, v, k, roles=r), value, kinds, roles)
    unknown = st.builds(lambda k: said(field, None, k, unknown_reason="lost"), kinds)
    return st.one_of(known, known, unknown)


records = st.lists(
    st.fixed_dictionaries({}, optional={field: statements(field) for field in EVERY}).map(
        lambda by_field: tuple(by_field.values())
    ),
    min_size=1,
    max_size=8,
)
leaves = st.fixed_dictionaries(
    {
        "field": st.sampled_from(CODED),
        "in": st.lists(st.sampled_from(TERMS), min_size=1, max_size=3),
    }
)
conditions = conditions_over(leaves, widest=3, most=5)


def rules(field: str) -> st.SearchStrategy[dict[str, Any]]:
    """Return rules on a field, whole."""
    kinds = ("asserted",) if field in SETS else KINDS
    terms = st.lists(st.sampled_from(TERMS), min_size=1, max_size=4, unique=True)
    narrow = st.one_of(st.none(), terms) if field in CODED else st.none()
    shape = {
        "sources": st.lists(st.sampled_from(kinds), min_size=1, unique=True),
        "unknown_allowed": st.booleans(),
        "values": narrow,
        "not_values": st.one_of(st.just([]), terms) if field in CODED else st.just([]),
        "confirmed_by_role": st.sampled_from([None, None, "records_manager"]),
        "any_of": st.sampled_from([None, None, ["supplier", "usage_terms"]]),
        "label": st.just(LABEL),
    }
    level = st.one_of(
        st.sampled_from([{"level": "required"}, {"level": "recommended"}]),
        conditions.map(lambda when: {"level": "required_when", "when": when}),
    )
    return st.builds(whole, st.fixed_dictionaries(shape), level)


def whole(rule: dict[str, Any], levelled: dict[str, Any]) -> dict[str, Any]:
    """Return one rule: texts have no terms, so of fields that are texts none are asked for."""
    no_terms: dict[str, Any] = {"values": None, "not_values": []} if rule["any_of"] else {}
    return rule | no_terms | levelled


fields = st.fixed_dictionaries({}, optional={field: rules(field) for field in EVERY}).filter(bool)


def policy_of(fields: dict[str, Any], most: int | None = None) -> Policy:
    """Return a base policy that asks for these fields alone, and for no older readings."""
    freshness = {"reading_must_match_current_bytes": True, "max_extractor_age_days": most}
    complete = CITY["completeness"] | {"fields": fields, "freshness": freshness}
    conflicts = complete["conflicts"] | {"material_fields": []}
    document = CITY | {"completeness": complete | {"conflicts": conflicts}}
    return parse_policy(document)


# -- the two readings ------------------------------------------------------------------------------


def told(
    db: Session, stated: Sequence[tuple[Statement, ...]], *asked: ColumnElement[Any]
) -> list[Any]:
    """Write records as the product projects them and ask something of each."""
    db.execute(text("TRUNCATE provenance_versions"))
    silent = {"change": {}, "resolutions": [], "weighed_by": {}, "recorded_by": "test"}
    rows = [
        {
            "asset_id": uuid4(),
            "version": number,
            "statements": [],
            "recorded_at": datetime(2026, 11, 26, tzinfo=UTC),
            "event_id": uuid4(),
            **silent,
            **project(record(*one)),
        }
        for number, one in enumerate(stated)
    ]
    with db.begin_nested():  # an error spoils one example and not all that come after
        db.execute(insert(VERSIONS), rows)
        return [
            row.said
            for row in db.execute(select(*asked).select_from(VERSIONS).order_by(VERSIONS.c.version))
        ]


def naive(stated: tuple[Statement, ...]) -> dict[str, Any]:
    """Read a record as a person would: who says what of each field."""
    found = {}
    for one in stated:
        known = one.unknown_reason is None
        terms = one.value if isinstance(one.value, list) else [one.value]
        found[one.field] = {
            "values": terms if known else [],
            "sources": [one.source_kind] if known else [],
            "unknown_by": [] if known else [one.source_kind],
            "roles": one.roles if one.source_kind == "asserted" and known else (),
        }
    return found


def lacking(db: Session, policy: Policy, age: timedelta | None = None) -> ColumnElement[Any]:
    """Return what a record lacks under a policy, by the statement's own demands."""
    held = PolicyInForce(uuid4(), policy, "p", "1.0.0", "", "published")
    read_at = cast(null() if age is None else func.statement_timestamp() - age, DateTime(True))
    demands = completeness_demands(held, registers_in_force(db), read_at)
    codes = [one.code for one in demands if not one.rule.startswith("floor:")]
    every = cast(array([*codes, null()], type_=Text), ARRAY(Text))
    found: ColumnElement[Any] = func.array_remove(every, null())
    return found.label("said")


@TIMES
@given(records, conditions)
def test_a_condition_is_what_a_naive_reading_makes_of_it(
    table: Session, stated: list[tuple[Statement, ...]], written: dict[str, Any]
) -> None:
    condition = condition_of(written)
    asked = compile_condition(condition, Answers()).label("said")
    assert told(table, stated, asked) == [holds(condition, naive(one)) for one in stated]


def condition_of(written: dict[str, Any]) -> Condition:
    """Read a condition as a document's."""
    rule = {"level": "required_when", "when": written, "sources": ["asserted"], "label": LABEL}
    policy = policy_of({"genre": rule | {"unknown_allowed": False}})
    when = policy.completeness.fields["genre"].when
    assert when is not None
    return when


@TIMES
@given(records, fields)
def test_what_a_record_lacks_is_what_a_naive_reading_misses(
    table: Session, stated: list[tuple[Statement, ...]], asked: dict[str, Any]
) -> None:
    policy = policy_of(asked)
    found = [set(one) for one in told(table, stated, lacking(table, policy))]
    assert found == [missing(policy.completeness, naive(one)) for one in stated]


# Hours since the newest reading of an image; None: nobody has read it.
ages = st.none() | st.integers(0, 90 * 24).map(lambda hours: timedelta(hours=hours, minutes=1))


@TIMES
@given(records, fields, st.none() | st.integers(1, 60), ages)
def test_a_reading_is_too_old_as_a_naive_reading_of_the_calendar_finds(
    table: Session,
    stated: list[tuple[Statement, ...]],
    asked: dict[str, Any],
    most: int | None,
    age: timedelta | None,
) -> None:
    policy = policy_of(asked, most)
    found = [set(one) for one in told(table, stated, lacking(table, policy, age))]
    assert found == [missing(policy.completeness, naive(one), age) for one in stated]


@pytest.mark.parametrize("most", [36_500, 2_000_000_000])
def test_no_limit_is_so_long_that_it_cannot_be_asked(table: Session, most: int) -> None:
    policy = policy_of({"supplier": UNASKED}, most)
    assert told(table, [(said("supplier", "a"),)], lacking(table, policy, timedelta(1))) == [[]]


@TIMES
@given(records, fields, fields)
def test_no_overlay_lets_pass_what_its_base_does_not(
    table: Session,
    stated: list[tuple[Statement, ...]],
    asked: dict[str, Any],
    more: dict[str, Any],
) -> None:
    base = policy_of(asked)
    header = CITY["policy"] | {"id": "over", "extends": "hk-city-default@1.0.0"}
    both = {
        name: tightened(asked[name], rule) if name in asked else rule for name, rule in more.items()
    }
    try:
        effective = tighten(base, {"policy": header, "completeness": {"fields": both}})
    except (PolicyLoosens, PolicyMalformed) as refusal:
        event(f"refused: {type(refusal).__name__}")
        return
    event("taken")
    before = told(table, stated, lacking(table, base))
    after = told(table, stated, lacking(table, effective))
    for alone, together in zip(before, after, strict=True):
        assert names_in(alone) <= names_in(together)


def tightened(base: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Return a rule that mostly tightens: what it states of another is often within the base."""
    sources = [one for one in other["sources"] if one in base["sources"]]
    said: dict[str, Any] = {
        "sources": sources or base["sources"],
        "not_values": other["not_values"],
    }
    if base["values"] and other["values"]:
        said["values"] = [one for one in base["values"] if one in other["values"]] or base["values"]
    elif other["values"]:
        said["values"] = other["values"]
    if not other["unknown_allowed"]:
        said["unknown_allowed"] = False
    said |= {key: other[key] for key in ("level", "when") if key in other}
    return said


def names_in(codes: Sequence[str]) -> set[str]:
    """Return the fields that codes are about."""
    return {code.partition(":")[2] for code in codes}


@pytest.mark.parametrize("asked", [{"values": ["a"]}, {"not_values": ["b"]}])
def test_terms_that_a_text_cannot_have_are_never_met(table: Session, asked: dict[str, Any]) -> None:
    rule = {"level": "required", "sources": ["asserted"], "unknown_allowed": False, "label": LABEL}
    policy = policy_of({"supplier": rule | asked})
    assert told(table, [(said("supplier", "a"),)], lacking(table, policy)) == [["source:supplier"]]


def test_a_term_is_compared_by_its_last_segment(table: Session) -> None:
    stated = [(said("genre", term),) for term in TERMS]
    asked = compile_condition(In(field="genre", values=("a", "by/4.0")), Answers()).label("said")
    assert told(table, stated, asked) == [True, False, False, True, False, False, True, True]
