"""People's answers about values that differ, and what opens the question again."""

from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stated import CLERK, IMPORT, MANAGER, SYSTEM, file_says, record, said

from app.kit.refusals import Refusal
from app.people.errors import RoleMissing
from app.provenance.changes import Assertion, Change, Retraction, Speaker, apply_change
from app.provenance.duties import prove_duty
from app.provenance.errors import HoldsOneValue, NoSuchStatement, NothingToSettle
from app.provenance.projection import CONFLICT, Record, answer_of, project
from app.provenance.settling import Choice, settle
from app.provenance.weighing import Weighing

LEGAL = said("legal_status", ["undetermined"], name="1.0")
TWO_CREATORS = record(LEGAL, said("creator", "Chan; Lee", name="1.2"), file_says("creator", "Wong"))


def answered(of: Record, *choices: Choice, version: int = 2) -> Record:
    return settle(of, choices, MANAGER, version=version)


def both(field: str, *statements: str) -> Choice:
    return Choice(field, statements[0], "both signed it", "both_true", statements[1:])


def default(field: str, statement: str) -> Choice:
    return Choice(field, statement, "the camera writes it", "device_default")


# -- both are true ---------------------------------------------------------------------------------


def test_two_creators_are_both_true_and_both_shown() -> None:
    after = answered(TWO_CREATORS, both("creator", "1.2", "1.9"))
    assert TWO_CREATORS.in_conflict("creator")
    assert not after.in_conflict("creator")
    assert after.displayed("creator") == ["Chan", "Lee", "Wong"]
    assert project(after)["creator"] == "Chan; Lee; Wong"


def test_a_third_creator_opens_the_question_again() -> None:
    after = answered(TWO_CREATORS, both("creator", "1.2", "1.9"))
    newer = replace(after, statements=(*after.statements[:2], file_says("creator", "Ho")))
    assert newer.in_conflict("creator")


@pytest.mark.parametrize("field", ["date_created", "rights_statement"])
def test_of_a_field_with_one_value_two_cannot_be_true(field: str) -> None:
    of = record(said(field, "1967", name="1.2"), file_says(field, "1968"))
    with pytest.raises(HoldsOneValue, match=field):
        answered(of, both(field, "1.2", "1.9"))


# -- a device default ------------------------------------------------------------------------------


def test_a_device_default_counts_no_more_and_stays_in_sight() -> None:
    of = record(said("title", "A tram", name="1.2"), file_says("title", "DSC"))
    after = answered(of, default("title", "1.9"))
    assert of.in_conflict("title")
    assert (after.in_conflict("title"), after.displayed("title")) == (False, "A tram")
    assert len(after.statements) == 2
    assert project(after)["extracted_title"] is None


def test_a_device_default_answers_nothing_though_nobody_says_more() -> None:
    of = record(LEGAL, file_says("title", "DSC"))
    assert answer_of(of, "title") == 1
    assert answer_of(answered(of, default("title", "1.9")), "title") == 0


def test_the_same_default_read_again_is_still_none_and_another_value_counts() -> None:
    after = answered(
        record(said("title", "A", name="1.2"), file_says("title", "DSC")), default("title", "1.9")
    )
    again = replace(after, statements=(after.statements[0], file_says("title", "dsc", name="3.1")))
    other = replace(after, statements=(after.statements[0], file_says("title", "B", name="3.1")))
    assert not again.in_conflict("title")
    assert other.in_conflict("title")


def test_choosing_what_was_called_a_default_takes_that_back() -> None:
    of = answered(record(LEGAL, file_says("title", "DSC")), default("title", "1.9"))
    after = answered(of, Choice("title", "1.9", "it is the name of the place"))
    assert after.displayed("title") == "DSC"
    assert [r.kind for r in after.resolutions] == ["choice"]


@pytest.mark.parametrize(
    ("choice", "refusal"),
    [
        (default("title", "1.2"), NoSuchStatement),
        (default("title", "7.7"), NoSuchStatement),
        (default("nothing", "1.2"), NoSuchStatement),
        (both("creator", "1.2", "1.9"), NoSuchStatement),
        (Choice("place", "1.4", "why"), NothingToSettle),
    ],
    ids=["of a person", "not there", "no field", "of another field", "no conflict"],
)
def test_an_answer_is_about_values_that_stand(choice: Choice, refusal: type[Refusal]) -> None:
    of = record(
        said("title", "A", name="1.2"),
        file_says("title", "B"),
        said("place", [{"name": "Central"}], name="1.4"),
    )
    with pytest.raises(refusal):
        answered(of, choice)


# -- who and in what language ----------------------------------------------------------------------


def test_two_spellings_of_one_caption_are_no_conflict_and_both_are_kept() -> None:
    of = record(said("title", "電車", lang="zh-Hant"), file_says("title", "电车"))
    assert not of.in_conflict("title")
    assert [s.value for s in of.of("title")] == ["电车", "電車"]


@pytest.mark.parametrize(
    ("one", "other", "conflict"),
    [
        ("en", "zh-Hant", False),
        ("zh-Hant", "zh-Hans", True),
        ("en", "en-HK", True),
        ("en", None, True),
        ("en", "und", True),
        ("zh", "yue", False),
    ],
)
def test_values_in_two_languages_contradict_nobody(
    one: str | None, other: str | None, *, conflict: bool
) -> None:
    of = record(said("title", "電車", lang=one), replace(file_says("title", "巴士"), lang=other))
    assert of.in_conflict("title") is conflict


def test_two_series_that_differ_are_in_conflict() -> None:
    system, imported = (
        said("rights_statement", value, name=name, locator=locator)
        for value, name, locator in (("InC", "1.1", SYSTEM), ("CNE", "1.2", IMPORT))
    )
    of = record(system, imported)
    assert answer_of(of, "rights_statement") & CONFLICT
    assert not answered(of, Choice("rights_statement", "1.2", "deed")).in_conflict(
        "rights_statement"
    )


def speaker(*roles: str, person: str = "somebody") -> Speaker:
    return Speaker(f"key:{person}", person, roles)


CHOICE = Change(choices=[Choice("title", "1.2", "r")])
LAW = Change(choices=[Choice("rights_holder", "1.2", "r")])
OVER = Change([Assertion("title", "B")])
BACK = Change(retractions=[Retraction("1.2", "r")])
LEGAL_OVER = Change([Assertion("legal_status", ["undetermined"])])
MINE = Change([Assertion("custodian", "Unit")])


@pytest.mark.parametrize(
    ("roles", "person", "change", "may"),
    [
        (("cataloguer",), "x", CHOICE, True),
        (("records_manager",), "x", CHOICE, True),
        (("registrar",), "x", CHOICE, False),
        (("curator",), "x", CHOICE, False),
        (("registrar", "cataloguer"), "x", CHOICE, True),
        (("cataloguer",), "x", LAW, False),
        (("records_manager",), "x", LAW, True),
        (("registrar",), "x", OVER, False),
        (("registrar",), "x", BACK, False),
        (("registrar",), "a-clerk", OVER, True),
        (("registrar",), "a-clerk", BACK, True),
        (("registrar",), "x", MINE, True),
        (("cataloguer",), "x", OVER, True),
        (("cataloguer",), "x", LEGAL_OVER, False),
        (("registrar",), "a-manager", LEGAL_OVER, False),
        (("records_manager",), "x", LEGAL_OVER, True),
    ],
)
def test_each_role_changes_what_is_its_own_to_change(
    roles: tuple[str, ...], person: str, change: Change, *, may: bool
) -> None:
    of = record(
        said("title", "A", name="1.2", person="a-clerk", agent="key:clerk"),
        said(
            "legal_status", ["government_record"], name="1.3",
            person="a-manager", agent="key:m", roles=("records_manager",),
        ),
    )  # fmt: skip
    try:
        prove_duty(of, change, speaker(*roles, person=person))
    except RoleMissing:
        assert not may
    else:
        assert may


@pytest.mark.parametrize(
    ("weighing", "field", "may"),
    [
        (Weighing(), "legal_basis", False),
        (Weighing(), "title", False),
        (Weighing(named={"legal_basis": "legal_officer"}), "legal_basis", True),
        (Weighing(named={"legal_basis": "legal_officer"}), "legal_status", False),
        (Weighing(named={"legal_basis": "legal_officer"}), "title", False),
        (Weighing(named={"title": "legal_officer"}), "title", True),
        (Weighing(confirming="legal_officer"), "legal_status", True),
        (Weighing(confirming="legal_officer"), "title", False),
        (
            Weighing(confirming="legal_officer", named={"legal_basis": "curator"}),
            "legal_basis",
            False,
        ),
    ],
)
def test_a_legal_officer_speaks_where_the_policy_names_one_and_nowhere_else(
    weighing: Weighing, field: str, *, may: bool
) -> None:
    of = replace(record(said(field, "before", name="1.2")), weighing=weighing)
    spoken = speaker("legal_officer")
    changes = [
        Change([Assertion(field, "after")]),
        Change([], retractions=[Retraction("1.2", "It was mistaken for another.")]),
        Change([Assertion("description", "after")]),
    ]
    for change, allowed in zip(changes, (may, may, False), strict=True):
        try:
            prove_duty(of, change, spoken)
        except RoleMissing:
            assert not allowed
        else:
            assert allowed


# -- what holds of every sequence of changes -------------------------------------------------------

MEANING = {"電車": 1, "电车": 1, "Tram": 2, " tram": 2, "bus": 3, "巴士": 4, "DSC": 5}
LANGS = (None, "en", "zh-Hant", "zh-Hans")
values = st.sampled_from(sorted(MEANING))
steps = st.one_of(
    st.tuples(st.just("assert"), values, st.sampled_from(LANGS)),
    st.tuples(st.just("read"), values, st.just(None)),
    st.tuples(st.just("retract"), st.integers(0, 3), st.just(None)),
    st.tuples(st.sampled_from(["choice", "both_true", "device_default"]), st.integers(0, 3),
              st.just(None)),
)  # fmt: skip


@dataclass
class Oracle:
    """What stands of one field, told by hand: languages to meanings, the file's, what is known."""

    people: dict[str | None, int] = field(default_factory=dict)
    file: int | None = None
    defaults: set[int] = field(default_factory=set)
    known: set[int] | None = None

    def read(self) -> int | None:
        return None if self.file in self.defaults else self.file

    def conflict(self) -> bool:
        theirs = self.read()
        if theirs is None or not self.people or theirs in self.people.values():
            return False
        return not (self.known is not None and {theirs, *self.people.values()} <= self.known)


def statement_at(of: Record, at: int) -> str | None:
    found = of.offered("title")
    return found[at % len(found)].id if found else None


def step(of: Record, oracle: Oracle, told: tuple[Any, ...], version: int) -> Record:
    """Take one step in the record and by hand; a refused one changes neither."""
    kind, what, lang = told
    if kind == "read":
        kept = tuple(s for s in of.statements if s.source_kind != "extracted")
        oracle.file = MEANING[what]
        return replace(of, statements=(*kept, file_says("title", what, name=f"{version}.1")))
    if kind == "assert":
        oracle.people[lang] = MEANING[what]
        change = Change([Assertion("title", what, lang)])
        return apply_change(of, change, CLERK, version=version)
    name = statement_at(of, what)
    if name is None:
        return of
    named = next(s for s in of.statements if s.id == name)
    also: tuple[str, ...] = ()
    if kind == "retract":
        change = Change(retractions=[Retraction(name, "r")])
    else:
        others = [s.id for s in of.offered("title") if s.id != name]
        also = tuple(others[:1]) if kind == "both_true" else ()
        change = Change(choices=[Choice("title", name, "r", kind, also)])
    try:
        after = apply_change(of, change, CLERK, version=version)
    except Refusal:
        return of
    if kind == "retract":
        del oracle.people[named.lang]
    elif kind == "device_default":
        oracle.defaults.add(MEANING[named.value])
    else:
        about = [s for s in of.statements if s.id in (name, *also)]
        oracle.defaults -= {MEANING[s.value] for s in about}
        read = oracle.read()
        oracle.known = set(oracle.people.values()) | ({read} if read is not None else set())
    return after


@settings(max_examples=300, database=None)
@given(st.lists(steps, max_size=14))
def test_conflicts_are_those_that_one_finds_by_hand(told: list[tuple[Any, ...]]) -> None:
    of, oracle = record(LEGAL), Oracle()
    history = [(of, repr(of))]
    for version, one in enumerate(told, start=2):
        was = of.in_conflict("title")
        of = step(of, oracle, one, version)
        history.append((of, repr(of)))
        assert of.in_conflict("title") is oracle.conflict(), one
        assert bool(project(of)["title_answer"] & CONFLICT) is of.in_conflict("title")
        if of.in_conflict("title") and not was:
            assert one[0] in ("assert", "read", "retract", "choice", "both_true")
    assert all(repr(then) == written for then, written in history), "an earlier version changed"
    assert [s.id for s in of.statements] == list(dict.fromkeys(s.id for s in of.statements))
