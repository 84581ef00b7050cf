"""Which instruments bind a record, and what law asks of it, is what a naive reading says."""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, get_args
from uuid import uuid4

import pytest
from ground import Ground
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from oracle import conditions_over, holds
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Row,
    Text,
    cast,
    func,
    insert,
    null,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, array
from sqlalchemy.orm import Session
from stated import record, said

from app.disposals.binding import binding
from app.disposals.legal import CONDITIONS, common_demands, conditions_of, law
from app.disposals.retention import DATED, retained_until, retention_codes
from app.kit.db import Database
from app.people.models import DepartmentRow
from app.policies.documents import parse_instruments
from app.policies.packaged import packaged_documents
from app.policies.rules.bodies import BodyKind
from app.policies.rules.in_force import Registers
from app.policies.rules.instruments import Instrument
from app.policies.rules.terms import TERMS
from app.policies.service import load_packaged, registers_in_force
from app.provenance.models import VERSIONS
from app.provenance.projection import project
from app.provenance.statements import Statement

TODAY = date(2026, 11, 26)
KINDS: tuple[BodyKind | None, ...] = (None, *get_args(BodyKind))
REGISTER = packaged_documents()[4]
STATUS_ASKS = {"contract_restricted": ["contract_terms_recorded", "contract_permits_or_expired"]}
OPEN = "external_authority_agreement"
EVIDENT = {"contract_terms_recorded": "contract_reference"}
CLOSED = {"custodian_kind"}  # beside personal data, of which a foreign word blocks anyway
TEXT = "supplier"  # has no terms, so nobody can know what a condition asks of it
ANSWERS: Mapping[str, Sequence[Any]] = {
    "personal_data_status": ["none", "present", "unknown", "Unknown", "https://x.org/present/"],
    "custodian_kind": ["archive", "department", "Archive"],
    "genre": ["news", "portrait"],
    TEXT: ["news"],
    "contract_reference": ["C-17"],
    "legal_basis": [["one"], ["two", "none-such"], ["none-such"]],
    "legal_status": [["contract_restricted"], ["institution_owned_non_record"]],
}


@pytest.fixture(scope="module")
def table(ground: Ground) -> Iterator[Session]:
    """A session with records and departments of its own, a department of each kind of body."""
    name = ground.clone()
    database = Database(ground.url("catalogue_owner", name), pool_size=1)
    with database.transaction() as db:
        load_packaged(db)
        for own in ("provenance_versions", "departments"):
            db.execute(text(f"CREATE TEMP TABLE {own} (LIKE public.{own})"))
        facts: Any = {"label": {}, "policy_id": None, "event_id": uuid4()}
        facts["body_kind_event_id"] = None
        kinds = [{"code": str(n), "body_kind": kind, **facts} for n, kind in enumerate(KINDS)]
        db.execute(insert(DepartmentRow), kinds)
        yield db
    database.close()
    ground.drop(name)


# -- random records and registers ------------------------------------------------------------------

leaves = st.sampled_from(["personal_data_status", "custodian_kind", "genre", TEXT]).flatmap(
    lambda field: st.fixed_dictionaries(
        {
            "field": st.just(field),
            "in": st.lists(
                st.sampled_from([one for one in ANSWERS[field] if one[0].islower()]),
                min_size=1,
                max_size=2,
            ),
        }
    )
)
conditions = conditions_over(leaves, widest=2, most=3)
bodies = st.lists(st.sampled_from([*KINDS[1:4], "kingdom"]), min_size=1, max_size=2, unique=True)
asks = st.sampled_from(
    [[], [OPEN], ["erasure_assessment"], [OPEN, "erasure_assessment"], ["contract_terms_recorded"]]
)
days = st.sampled_from([None, None, None, "2026-11-26", "2026-11-27", "2020-01-01"])
instruments = st.fixed_dictionaries(
    {
        "applies_to": st.one_of(
            st.fixed_dictionaries({"when": conditions}),
            st.fixed_dictionaries({"when": conditions}),
            st.fixed_dictionaries({"body_kinds": bodies, "when": conditions}),
            st.fixed_dictionaries({}, optional={"body_kinds": bodies}),
        ),
        "requires": asks,
        "effective_from": days,
    }
)
registers = st.lists(instruments, min_size=2, max_size=2)
answers = st.fixed_dictionaries(
    {field: st.sampled_from([None, *values]) for field, values in ANSWERS.items()}
).map(lambda one: {field: value for field, value in one.items() if value is not None})
records = st.lists(answers, min_size=6, max_size=6)


def register_of(drawn: Sequence[dict[str, Any]]) -> tuple[Instrument, ...]:
    """Return instruments of these facts; the second has ended, which changes nothing."""
    document = deepcopy(REGISTER)
    ended = {"effective_to": "2026-11-30" if drawn[1]["effective_from"] else "2020-12-31"}
    one, other = (REGISTER["instruments"][0] | facts for facts in drawn)
    document["instruments"] = [one | {"id": "one"}, other | {"id": "two"} | ended]
    return parse_instruments(document).instruments


# -- the two readings ------------------------------------------------------------------------------


def answered(
    db: Session, stated: Sequence[dict[str, Any]], held: Registers, *more: ColumnElement[Any]
) -> Sequence[Row[Any]]:
    """Write records as the product projects them and judge each as every kind of body's."""
    db.execute(text("TRUNCATE provenance_versions"))
    fixed: Any = {"change": {}, "resolutions": [], "weighed_by": {}, "recorded_by": "test"}
    fixed |= {"statements": [], "recorded_at": datetime(2026, 11, 26, tzinfo=UTC)}
    rows = [
        {"asset_id": uuid4(), "event_id": uuid4(), "version": n, **fixed, **project(record(*one))}
        for n, one in enumerate(map(statements, stated))
    ]
    wanted = [d.code for d in common_demands(held, TODAY) if of_instruments(d.rule)]
    codes = cast(array([*wanted, null()], type_=Text), ARRAY(Text))
    asked = (
        func.array_remove(codes, null()).label("codes"),
        conditions_of(held, TODAY).label("conditions"),
        binding(held, TODAY).label("instruments"),
        *more,
    )
    every = select(VERSIONS.c.version, DepartmentRow.body_kind, *asked).select_from(VERSIONS)
    with db.begin_nested():
        db.execute(insert(VERSIONS), rows)
        joined = every.join(DepartmentRow, text("true"))
        return db.execute(joined.order_by(VERSIONS.c.version, DepartmentRow.code)).all()


def test_without_any_schedule_a_record_is_kept_until_the_day_that_it_names(table: Session) -> None:
    held = registers_in_force(table)
    none = held.retention_schedules.model_copy(update={"schedules": ()})
    held = replace(held, retention_schedules=none)
    classed = {"disposal_class": "X", "legal_status": ["government_record"]}
    stated = [classed, classed | {"retention_until": "2040"}, {}]
    found = answered(table, stated, held, *(one.label(name) for name, one in DATED.items()))
    schedules = held.retention_schedules.by_class()
    kept = {
        row.version: retained_until(
            schedules, row.record_codes, row.latest_days, names_a_day=row.names_a_day
        )
        for row in found
    }
    assert kept == {
        0: ("no_schedule", None),
        1: ("record", date(2040, 12, 31)),
        2: ("no_class", None),
    }
    codes = retention_codes(held, TODAY)
    assert {one.value for one in codes.values() if isinstance(one, BindParameter)} == {
        *("?legal:retention_elapsed", "?legal:disposal_action_is_destroy"),
    }


@pytest.mark.parametrize("many", [0, 2], ids=["no instrument", "two"])
def test_what_is_looked_at_once_is_what_each_demand_would_see(table: Session, many: int) -> None:
    facts = {"applies_to": {"body_kinds": ["charity"]}, "requires": ["erasure_assessment"]}
    found = register_of([facts | {"effective_from": None}] * 2)[:many]
    held = holding(table, found)
    answered(table, [{"legal_status": ["contract_restricted"]}], held)
    asked = select(CONDITIONS.label("once"), conditions_of(held, TODAY).label("each"))
    joined = asked.select_from(VERSIONS).join(DepartmentRow, text("true"))
    for one in table.execute(joined.outerjoin(law(held, TODAY), text("true"))).all():
        assert one.once == one.each
        assert "contract_terms_recorded" in one.once


def holding(db: Session, found: Sequence[Instrument]) -> Registers:
    """Return the registers as if these were the instruments."""
    held = registers_in_force(db)
    return replace(held, instruments=held.instruments.model_copy(update={"instruments": found}))


def of_instruments(rule: str) -> bool:
    return rule.startswith("instrument:") or rule == "legal:body_kind"


def statements(answers: Mapping[str, Any]) -> list[Statement]:
    return [
        said(field, value, name=f"1.{n}", roles=("records_manager",))
        for n, (field, value) in enumerate(answers.items())
    ]


def known(answers: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what of a record conditions can ask by: no texts, no words of no vocabulary."""
    coded = {field: value for field, value in answers.items() if field != TEXT}
    words = {field: value if isinstance(value, list) else [value] for field, value in coded.items()}
    return {
        field: {"values": said}
        for field, said in words.items()
        if field not in CLOSED or said[0].rstrip("/").split("/")[-1] in TERMS[field]
    }


def ways(one: Instrument, answers: Mapping[str, Any], kind: str | None) -> list[bool | None]:
    """Say by which ways an instrument binds: cited, by whose it is, by what the record says."""
    kinds, when = one.applies_to.body_kinds, one.applies_to.when
    by_kind: bool | None = kind in kinds
    if not by_kind and (kind is None or "kingdom" in kinds):
        by_kind = None
    return [
        one.id in answers.get("legal_basis", []),
        by_kind if kinds else False,
        holds(when, known(answers)) if when else False,
    ]


def naively(
    asking: Sequence[Instrument], answers: Mapping[str, Any], kind: str | None
) -> tuple[set[str], list[str], list[str]]:
    """Say what law asks of a record by its instruments: codes, conditions, and who binds."""
    codes: set[str] = set()
    conditions = [c for s in answers.get("legal_status", []) for c in STATUS_ASKS.get(s, [])]
    bound = []
    for one in asking:
        told = ways(one, answers, kind)
        if True in told:
            bound.append(one.id)
            conditions += one.requires
            codes |= {code(c, answers) for c in one.requires if c != OPEN}
            codes.discard("")
        else:
            if told[1] is None and kind is None:
                codes.add("?body_kind:unknown")
            asked_anyway = one.applies_to.when and names(one) <= {"personal_data_status"}
            if (told[1] is None and kind) or (told[2] is None and not asked_anyway):
                codes.add(f"?instrument:{one.id}")
    return codes, sorted(set(conditions)), bound


def code(condition: str, answers: Mapping[str, Any]) -> str:
    if condition not in EVIDENT:
        return f"?legal:{condition}"
    return "" if EVIDENT[condition] in answers else f"legal:{condition}"


def names(one: Instrument) -> set[str]:
    """Return the fields that a condition names."""
    written = one.applies_to.model_dump_json(by_alias=True)
    return {field for field in ANSWERS if f'"{field}"' in written}


@settings(
    max_examples=40,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(records, registers)
def test_what_instruments_ask_is_what_a_naive_reading_asks(
    table: Session, stated: list[dict[str, Any]], drawn: list[dict[str, Any]]
) -> None:
    found = register_of(drawn)
    held = holding(table, found)
    asking = [one for one in found if one.requires and (one.effective_from or TODAY) <= TODAY]
    for row in answered(table, stated, held):
        codes, conditions, bound = naively(asking, stated[row.version], row.body_kind)
        assert (set(row.codes), row.conditions, row.instruments) == (codes, conditions, bound)


NEWS = {"field": "genre", "in": ["news"]}
OF_ARCHIVES = {"field": "custodian_kind", "in": ["archive"]}
UNCLEAR = ["?instrument:one"]
BINDS = ["?legal:erasure_assessment"]
CASES: dict[str, tuple[dict[str, Any], dict[str, Any], list[str]]] = {
    "what the record says": ({"genre": "news"}, {"when": NEWS}, BINDS),
    "another answer": ({"genre": "portrait"}, {"when": NEWS}, []),
    "no answer": ({}, {"when": NEWS}, UNCLEAR),
    "no answer, denied": ({}, {"when": {"not": NEWS}}, UNCLEAR),
    "a word of no vocabulary": ({"custodian_kind": "Archive"}, {"when": OF_ARCHIVES}, UNCLEAR),
    "a text": ({TEXT: "news"}, {"when": NEWS | {"field": TEXT}}, UNCLEAR),
    "no field at all": ({}, {"when": NEWS | {"field": "weather"}}, UNCLEAR),
    "one answer of two decides": ({"genre": "news"}, {"when": {"any": [NEWS, OF_ARCHIVES]}}, BINDS),
    "whose it is": ({}, {"body_kinds": ["charity"]}, BINDS),
    "whose it is, whatever it says": ({}, {"body_kinds": ["charity"], "when": NEWS}, BINDS),
    "a kind that nobody can be": ({}, {"body_kinds": ["kingdom"]}, UNCLEAR),
    "cited, though nobody knows": ({"legal_basis": ["one"]}, {"when": NEWS}, BINDS),
    "naming nobody": ({}, {}, []),
    "naming nobody, and cited": ({"legal_basis": ["one"]}, {}, BINDS),
}


@pytest.mark.parametrize(("answers", "applies_to", "codes"), CASES.values(), ids=CASES)
def test_an_instrument_binds_a_charitys_record_by(
    table: Session, answers: dict[str, Any], applies_to: dict[str, Any], codes: list[str]
) -> None:
    facts = {"applies_to": applies_to, "requires": ["erasure_assessment"], "effective_from": None}
    silent = facts | {"applies_to": {}, "requires": []}
    rows = answered(table, [answers], holding(table, register_of([facts, silent])))
    [row] = [row for row in rows if row.body_kind == "charity"]
    assert row.codes == codes
    assert row.instruments == (["one"] if codes == BINDS else [])
