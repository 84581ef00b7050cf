"""From one record to the next."""

from typing import Any

import pytest
from stated import CLERK, MANAGER, STATUSES, SYSTEM, file_says, ids_of, record, said

from app.kit.refusals import Refusal
from app.provenance.changes import (
    Assertion,
    Change,
    Choice,
    Retraction,
    Speaker,
    add_assertions,
    apply_change,
)
from app.provenance.errors import (
    FieldNeedsAnswer,
    NoSuchStatement,
    NothingToSettle,
    StatementMalformed,
)
from app.provenance.fields import FIELDS
from app.provenance.fitting import fault_of, is_edtf, is_read_as_edtf
from app.provenance.projection import Record

SERIES = Speaker("key:clerk", "a-clerk", ("cataloguer",), SYSTEM)
STATUS = said("legal_status", ["undetermined"], name="1.1")


def after(of: Record, *asserted: Assertion, speaker: Speaker = CLERK) -> Record:
    return apply_change(of, Change(asserted, legal_statuses=STATUSES), speaker, version=2)


def test_an_assertion_says_who_by_which_way_and_since_when() -> None:
    one = Assertion("title", "A tram", "en", None, "probable", "register, page 3")
    [title] = after(record(), one, speaker=MANAGER).statements
    assert title == said(
        "title",
        "A tram",
        name="2.1",
        agent="key:manager",
        person="a-manager",
        roles=("records_manager",),
        since_version=2,
        lang="en",
        certainty="probable",
        evidence="register, page 3",
    )


def test_an_assertion_follows_the_earlier_one_of_its_field() -> None:
    of = after(record(STATUS, said("title", "A", name="1.2")), Assertion("title", "B"))
    assert [(s.value, s.supersedes) for s in of.of("title")] == [("B", "1.2")]


@pytest.mark.parametrize(
    "other",
    [
        said("title", "A", lang="zh-Hant"),
        said("description", "A"),
        said("title", "A", locator=SYSTEM),
        file_says("title", "A"),
        said("title", "A", "imported"),
    ],
    ids=["another language", "another field", "a series'", "the file's", "imported"],
)
def test_an_assertion_leaves_what_it_does_not_follow(other: Any) -> None:  # noqa: ANN401
    of = after(record(other), Assertion("title", "B"))
    assert other in of.statements
    assert of.statements[-1].supersedes is None


def test_an_own_statement_by_another_way_in_is_followed_too() -> None:
    imported_by_line = said("title", "A", locator="csv row 812")
    assert len(after(record(imported_by_line), Assertion("title", "B")).statements) == 1


def test_a_series_follows_its_own_statement_and_no_other_series() -> None:
    other = said("custodian", "Other", name="1.1", locator="series:source-system/other")
    mine, own = said("custodian", "Mine", name="1.2", locator=SYSTEM), said("custodian", "Own")
    of = after(record(other, mine, own), Assertion("custodian", "New"), speaker=SERIES)
    assert {s.value for s in of.statements} == {"Other", "Own", "New"}


def test_statements_of_one_version_are_named_apart_however_they_came() -> None:
    of = record(said("title", "A", name="1.1"))
    for field in ("custodian", "custodian", "custodian_kind"):  # three statements for a series
        of = add_assertions(of, [Assertion(field, "x")], SERIES, version=1)
    names = ids_of(of)
    assert len(set(names)) == len(names), names


def test_a_retraction_takes_an_assertion_back() -> None:
    change = Change(retractions=[Retraction("1.2", "of another image")])
    of = apply_change(record(STATUS, said("title", "A", name="1.2")), change, CLERK, version=2)
    assert of.statements == (STATUS,)


@pytest.mark.parametrize("of", [record(STATUS), record(STATUS, file_says("title", "A"))])
def test_only_todays_assertions_can_be_taken_back(of: Record) -> None:
    change = Change(retractions=[Retraction("1.9", "wrong")])
    with pytest.raises(NoSuchStatement, match=r"no assertion '1\.9'"):
        apply_change(of, change, CLERK, version=2)


@pytest.mark.parametrize(
    "field",
    ["source_system", "source_identifier", "department", "original_name", "legal_status"],
)
def test_what_the_registration_said_can_only_be_followed(field: str) -> None:
    change = Change(retractions=[Retraction("1.1", "wrong")])
    with pytest.raises(FieldNeedsAnswer, match=field):
        apply_change(record(said(field, ["undetermined"])), change, CLERK, version=2)


def test_a_status_of_the_asset_may_go_where_its_series_has_one() -> None:
    series = said("legal_status", ["government_record"], name="1.2", locator=SYSTEM)
    change = Change(retractions=[Retraction("1.1", "as its series")])
    assert apply_change(record(STATUS, series), change, CLERK, version=2).statements == (series,)


def test_a_choice_keeps_who_why_and_between_what() -> None:
    of = record(said("title", "A Tram", name="1.2"), file_says("title", "A bus"))
    change = Change(choices=[Choice("title", "1.2", "seen on the print")])
    [kept] = apply_change(of, change, MANAGER, version=2).resolutions
    assert (kept.statements, kept.said) == (("1.2",), ("a tram",))
    assert kept.values == ("a bus", "a tram")
    assert kept.reason == "seen on the print"
    assert (kept.agent, kept.person, kept.since_version) == ("key:manager", "a-manager", 2)


def test_a_later_choice_takes_the_place_of_the_earlier() -> None:
    of = record(said("title", "A", name="1.2"), file_says("title", "B"))
    first = Change(choices=[Choice("title", "1.2", "first")])
    of = apply_change(of, first, CLERK, version=2)
    of = Record((said("title", "C", name="2.1"), *of.statements[1:]), of.resolutions)
    second = Change(choices=[Choice("title", "1.9", "second")])
    assert [r.reason for r in apply_change(of, second, CLERK, version=3).resolutions] == ["second"]


@pytest.mark.parametrize(
    ("choice", "refusal"),
    [
        (Choice("title", "7.7", "why"), NoSuchStatement),
        (Choice("unheard_of", "1.2", "why"), NoSuchStatement),
        (Choice("description", "1.2", "why"), NoSuchStatement),
        (Choice("creator", "1.4", "why"), NothingToSettle),
    ],
    ids=["no such statement", "no such field", "of another field", "no conflict"],
)
def test_a_choice_needs_an_open_conflict_and_one_of_its_statements(
    choice: Choice, refusal: type[Refusal]
) -> None:
    of = record(
        said("title", "A", name="1.2"), file_says("title", "B"), said("creator", "C", name="1.4")
    )
    with pytest.raises(refusal):
        apply_change(of, Change(choices=[choice]), CLERK, version=2)


def test_a_reasoned_unknown_is_no_value_to_choose() -> None:
    of = record(
        said("creator", "Chan", name="1.2"),
        said("creator", None, name="1.3", lang="en", unknown_reason="nobody knows"),
        file_says("creator", "Wong"),
    )
    change = Change(choices=[Choice("creator", "1.3", "nobody knows")])
    with pytest.raises(NoSuchStatement):
        apply_change(of, change, CLERK, version=2)


def test_a_change_says_itself_without_its_values() -> None:
    change = Change(
        [Assertion("title", "A")], [Retraction("1.2", "r")], [Choice("title", "1.3", "c")]
    )
    assert change.document() == {
        "asserted": ["title"],
        "retracted": [{"statement": "1.2", "reason": "r"}],
        "settled": [{"field": "title", "kind": "choice", "statements": ["1.3"], "reason": "c"}],
    }


HOLLOW: list[Any] = [[[]], [{}], {"a": {}}, [None], {"name": None}, [""], {"name": " \u200b"}]
HOLLOW += [[1], [[True]], [[{"a": [[], {"b": None}]}]]]


@pytest.mark.parametrize(
    "one",
    [
        Assertion("unheard_of", "x"),
        *(Assertion(name, "x") for name, field in FIELDS.items() if not field.settable),
    ],
    ids=lambda one: one.field,
)
def test_only_fields_that_people_know_of_are_asserted(one: Assertion) -> None:
    assert fault_of(one, STATUSES) == "there is no such field to assert"


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (Assertion("title"), "give either"),
        (Assertion("title", "A", unknown_reason="lost"), "give either"),
        (Assertion("legal_status", unknown_reason="lost"), "it must have a value"),
        (Assertion("title", ["A"]), "kind text"),
        (Assertion("title", " \n"), "kind text"),
        (Assertion("creator", []), "kind agents"),
        (Assertion("creator", ["A", " "]), "kind agents"),
        (Assertion("creator", {"name": "A"}), "kind agents"),
        (Assertion("creator", " ; ;"), "kind agents"),
        (Assertion("genre", 7), "kind code"),
        (Assertion("legal_basis", "hk-gc-2-2009"), "kind codes"),
        (Assertion("legal_basis", [["x"]]), "kind codes"),
        (Assertion("place", {}), "kind object"),
        (Assertion("place", "Central"), "kind object"),
        *((Assertion("place", one), "with something in it") for one in HOLLOW),
        (Assertion("date_created", "nonsense"), "kind date"),
        (Assertion("date_created", 1967), "kind date"),
        (Assertion("legal_status", ["government_record", "mine"]), "known statuses are"),
        (Assertion("legal_status", ["Government_record"]), "known statuses are"),
        (Assertion("title", "\u200b"), "to be seen"),
        (Assertion("title", "\ufeff\u3000\u0301"), "to be seen"),
        (Assertion("title", "\u3164"), "to be seen"),
        (Assertion("creator", ["\u00ad"]), "parted by semicolons"),
        (Assertion("creator", unknown_reason="\u200b"), "says in words why"),
        (Assertion("date_created", "../.."), "196X"),
        (Assertion("date_created", "XXXX"), "196X"),
        (Assertion("personal_data_status", "Unknown"), "none, present, sensitive, unknown"),
        (Assertion("custodian_kind", "Contracted platform"), "known terms are archive,"),
        (Assertion("acquisition_method", "gift"), "donation"),
    ],
    ids=lambda one: f"{one.field} {one.value!r}" if isinstance(one, Assertion) else one,
)
def test_what_does_not_fit_its_field_is_refused_with_the_place(one: Assertion, why: str) -> None:
    with pytest.raises(StatementMalformed) as refused:
        after(record(STATUS), Assertion("title", "A tram"), one)
    assert why in refused.value.detail
    assert list(refused.value.pointers) == ["/assert/1"]


@pytest.mark.parametrize(
    "one",
    [
        Assertion("title", unknown_reason="illegible"),
        Assertion("title", "?"),
        Assertion("title", "می\u200cخواهم"),
        Assertion("personal_data_status", " none "),
        Assertion("custodian_kind", "https://terms.example/archive"),
        Assertion("creator", ["A"]),
        Assertion("creator", "A; B"),
        Assertion("place", [{"name": "Central"}]),
        Assertion("place", ["Central"]),
        Assertion("place", {"name": "", "coords": {"lat": 0}}),
        Assertion("capture_device", {"flash": False, "sizes": [1, None]}),
        Assertion("legal_status", ["government_record", "undetermined"]),
    ],
)
def test_what_fits_its_field_is_entered(one: Assertion) -> None:
    assert after(record(), one).statements[0].value == one.value


EDTF = "1967 1967? 1967~ 196X 19XX 1967-05 1967-05-02 1967-05/1968 1964/.. ../1964 2001-21"
EDTF += " Y170000002 [1667,1668] {1667..1670} 2019-05-02T10:11:12 2019-05-02T10:11:12Z"


@pytest.mark.parametrize("written", [*EDTF.split(), "2019-05-02T10:11:12+08:00"])
def test_these_are_dates(written: str) -> None:
    assert is_edtf(written)


NO_DATES = (
    "nonsense open uuuu 196x 2019-13 2019-02-30 12345 1967-5-2 02/05/1967 2019-05-02T25:61:61"
)


@pytest.mark.parametrize(
    "written",
    [
        *NO_DATES.split(),
        "",
        " ",
        "May 1967",
        "2019 - 05",
        "'); DROP TABLE assets",
        "٢٠١٩",
        1967,
        "2019-01-01T24:00:01",
        "1965-02-29",
        "1967\n",
        "[" * 200,
    ],
)
def test_these_are_none(written: object) -> None:
    assert not is_edtf(written)


PARTS = (
    ("0000", "0001", "1900", "1967", "9999", "12345"),
    ("00", "02", "12", "13", "21"),
    ("29", "31"),
)
TIMES = (
    "10:11:12",
    "24:00:00",
    "25:00:00",
    "10:60:00",
    "::::::::",
    "10:11:1",
    "10:11:12Z",
    "10:11:12ZZ",
)


@pytest.mark.parametrize("year", PARTS[0])
def test_a_date_written_as_most_are_is_one_where_the_whole_grammar_says_so(year: str) -> None:
    months = [year, *(f"{year}-{month}" for month in PARTS[1])]
    days = [*months, *(f"{month}-{day}" for month in months[1:3] for day in PARTS[2])]
    for text in [*days, *(f"{days[-2]}T{time}" for time in TIMES)]:
        assert is_edtf(text) == is_read_as_edtf(text), text


def test_no_date_is_so_long_that_reading_it_takes_seconds() -> None:
    long = "[" + ",".join(["1667"] * 240) + "]"
    assert fault_of(Assertion("date_created", long), STATUSES) is not None
