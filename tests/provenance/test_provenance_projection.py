"""What a record's statements amount to, before any policy judges them."""

from dataclasses import fields, replace

import pytest
from stated import IMPORT, MANAGER, SYSTEM, file_says, record, said

from app.provenance.fields import FIELDS
from app.provenance.projection import BITS, CONFLICT, UNKNOWN_SHIFT, Record, answer_of, project
from app.provenance.settling import Choice, settle
from app.provenance.statements import Resolution, SourceKind, Statement

LEGAL = said("legal_status", ["government_record"], name="1.0")
RM = ("records_manager",)


@pytest.mark.parametrize("kind", sorted(BITS))
def test_each_kind_of_source_has_its_own_bit(kind: SourceKind) -> None:
    assert answer_of(record(said("title", "A tram", kind)), "title") == BITS[kind]


@pytest.mark.parametrize("kind", sorted(BITS))
def test_a_reasoned_unknown_sets_the_bit_of_its_source_beside_the_answers(kind: SourceKind) -> None:
    unknown = record(said("creator", None, kind, unknown_reason="lost with the register"))
    assert answer_of(unknown, "creator") == BITS[kind] << UNKNOWN_SHIFT


def test_nothing_said_is_no_bit() -> None:
    assert answer_of(record(LEGAL), "title") == 0


def test_all_bits_fit_beside_each_other() -> None:
    every = [said("title", kind, kind, name=kind) for kind in BITS]
    unknown = [said("title", None, kind, unknown_reason="?", lang="en") for kind in BITS]
    assert answer_of(record(*every, *unknown), "title") == 15 | 15 << UNKNOWN_SHIFT | CONFLICT


def test_the_file_and_a_person_who_differ_are_in_conflict() -> None:
    both = record(said("title", "A tram"), file_says("title", "A bus"))
    assert both.in_conflict("title")
    assert answer_of(both, "title") == BITS["asserted"] | BITS["extracted"] | CONFLICT


def test_two_people_in_two_languages_are_no_conflict() -> None:
    assert not record(said("title", "A tram"), said("title", "電車", lang="zh-Hant")).in_conflict(
        "title"
    )


def test_one_agreeing_language_corroborates_the_file() -> None:
    three = record(
        said("title", "A tram"), said("title", "電車", lang="zh-Hant"), file_says("title", "電車")
    )
    assert not three.in_conflict("title")


def test_derived_values_and_unknowns_contradict_nobody() -> None:
    assert not record(
        said("title", "A", "derived"),
        said("title", None, unknown_reason="illegible"),
        file_says("title", "B"),
    ).in_conflict("title")


def settled(of: Record, field: str, statement: str) -> Record:
    return settle(of, [Choice(field, statement, "as the register says")], MANAGER, version=2)


def test_a_choice_settles_the_values_it_saw_and_is_displayed() -> None:
    both = record(said("title", "A tram"), file_says("title", "A bus"))
    after = settled(both, "title", "1.9")
    assert (both.displayed("title"), after.displayed("title")) == ("A tram", "A bus")
    assert not after.in_conflict("title")


def test_a_new_value_opens_the_conflict_again() -> None:
    after = settled(record(said("title", "A tram"), file_says("title", "A bus")), "title", "1.9")
    newer = replace(after, statements=(said("title", "A tram"), file_says("title", "A lorry")))
    assert newer.in_conflict("title")


def test_the_same_values_read_again_leave_the_choice_as_it_was() -> None:
    after = settled(record(said("title", "A tram"), file_says("title", "A bus")), "title", "1.9")
    again = replace(
        after, statements=(said("title", "A tram"), file_says("title", "A bus", name="3.2"))
    )
    assert not again.in_conflict("title")
    assert again.displayed("title") == "A bus"


def test_a_choice_of_one_field_settles_no_other() -> None:
    four = record(
        said("title", "A"),
        file_says("title", "B"),
        said("creator", "A", name="1.2"),
        file_says("creator", "B", name="1.8"),
    )
    assert settled(four, "title", "1.9").in_conflict("creator")


@pytest.mark.parametrize(
    ("kinds", "shown"),
    [
        (("derived", "extracted", "imported", "asserted"), "asserted"),
        (("derived", "extracted", "imported"), "imported"),
        (("derived", "extracted"), "extracted"),
        (("derived",), "derived"),
    ],
)
def test_the_weightiest_source_is_displayed(kinds: tuple[SourceKind, ...], shown: str) -> None:
    of = record(*(said("title", kind, kind, name=kind) for kind in kinds))
    assert of.displayed("title") == shown


@pytest.mark.parametrize("field", [name for name, field in FIELDS.items() if field.asserted_only])
@pytest.mark.parametrize("kind", ["extracted", "imported", "derived"])
def test_only_people_answer_a_legal_field(field: str, kind: SourceKind) -> None:
    of = record(said(field, ["x"], kind))
    assert (of.of(field), answer_of(of, field), of.displayed(field)) == ([], 0, None)


def test_the_own_statement_beats_the_series() -> None:
    of = record(said("custodian", "Series", locator=SYSTEM), said("custodian", "Own", name="2.1"))
    assert [s.value for s in of.of("custodian")] == ["Own"]


@pytest.mark.parametrize(
    ("series_roles", "own_roles", "shown"),
    [
        ((), (), "own"),
        (RM, (), "series"),
        (RM, RM, "own"),
        ((), RM, "own"),
    ],
    ids=["neither confirmed", "series confirmed", "both confirmed", "own confirmed"],
)
def test_a_confirmed_series_beats_an_unconfirmed_own_statement(
    series_roles: tuple[str, ...], own_roles: tuple[str, ...], shown: str
) -> None:
    of = record(
        said("custodian", "own", roles=own_roles),
        said("custodian", "series", name="1.2", locator=SYSTEM, roles=series_roles),
    )
    assert of.displayed("custodian") == shown


def test_a_series_alone_counts_for_the_asset() -> None:
    of = record(said("custodian", "series", locator=IMPORT))
    assert answer_of(of, "custodian") == BITS["asserted"]


@pytest.mark.parametrize("source", ["negativeFilm", "positiveFilm", "print", "http://x/y/print/"])
def test_the_embedded_date_of_a_scan_says_nothing_of_when_it_was_made(source: str) -> None:
    date = file_says("date_created", "2019-05-02T10:11:12")
    of = record(said("digital_source_type", source), date)
    assert of.scanned()
    assert (of.of("date_created"), answer_of(of, "date_created")) == ([], 0)


def test_the_embedded_date_of_a_photograph_counts() -> None:
    date = file_says("date_created", "2019-05-02T10:11:12")
    assert record(said("digital_source_type", "digitalCapture"), date).of("date_created") == [date]


def test_a_person_may_date_a_scan() -> None:
    of = record(said("digital_source_type", "print"), said("date_created", "196X"))
    assert of.displayed("date_created") == "196X"


def test_a_confirmation_names_field_and_role_of_every_assertion_that_counts() -> None:
    of = record(
        said("legal_status", ["government_record"], roles=("cataloguer", "records_manager")),
        said("title", "A tram", roles=("cataloguer",)),
        file_says("title", "A tram"),
    )
    assert project(of)["confirmed"] == [
        "legal_status:cataloguer",
        "legal_status:records_manager",
        "title:cataloguer",
    ]


def test_the_own_status_that_is_displayed_is_the_one_that_was_confirmed() -> None:
    of = record(
        said("legal_status", ["institution_owned_non_record"], name="1.2", lang="en"),
        said("legal_status", ["government_record"], name="2.1", roles=RM),
    )
    shown = project(of)
    assert "legal_status:records_manager" in shown["confirmed"]
    assert shown["legal_status"] == ["government_record"]


def test_the_status_of_two_series_that_is_displayed_is_the_one_that_was_confirmed() -> None:
    of = record(
        said("legal_status", ["institution_owned_non_record"], locator=SYSTEM),
        said("legal_status", ["government_record"], name="2.1", locator=IMPORT, roles=RM),
    )
    shown = project(of)
    assert "legal_status:records_manager" in shown["confirmed"]
    assert shown["legal_status"] == ["government_record"]


def test_what_is_filtered_stands_in_columns() -> None:
    shown = project(
        record(
            LEGAL,
            said("legal_basis", ["hk-gc-2-2009"], name="1.1"),
            said("rights_statement", "http://x/vocab/InC", name="1.2"),
            said("creator", ["Chan", "Wong"], name="1.3"),
            file_says("creator", "Camera; Two", name="1.4"),
            file_says("date_created", "1980-01-01T00:00:00", name="1.5"),
            file_says("capture_device", {"make": "X", "software": "Gimp"}, name="1.6"),
        )
    )
    assert shown["legal_status"] == ["government_record"]
    assert shown["legal_basis"] == ["hk-gc-2-2009"]
    assert (shown["rights_statement"], shown["creator"]) == ("InC", "Chan; Wong")
    assert (shown["title"], shown["extracted_title"]) == (None, None)
    assert (shown["extracted_creator"], shown["extracted_software"]) == ("Camera; Two", "Gimp")
    assert shown["extracted_date_created"] == "1980-01-01T00:00:00"
    assert shown["asserted_count"] == 4
    assert shown["codes"] == [
        "legal_basis=hk-gc-2-2009",
        "legal_status=government_record",
        "rights_statement=InC",
    ]


def test_a_record_without_a_legal_status_has_none_that_the_database_could_take() -> None:
    assert project(record())["legal_status"] == []


@pytest.mark.parametrize("device", [{"make": "X"}, {"software": ""}, [1]])
def test_a_device_without_software_names_none(device: object) -> None:
    assert project(record(LEGAL, file_says("capture_device", device)))["extracted_software"] is None


def test_a_code_that_differs_by_white_space_alone_is_the_same_code() -> None:
    shown = project(record(LEGAL, said("personal_data_status", " present ")))
    assert "personal_data_status=present" in shown["codes"]


FULL = Statement(
    series_statements="01990000-0000-7000-8000-000000000000",
    id="3.4",
    field="title",
    value={"en": ["A tram"]},
    source_kind="extracted",
    locator="XMP:XMP-dc:Title",
    agent="process:reading",
    since_version=3,
    lang="zh-Hant",
    roles=("cataloguer",),
    person="p",
    unknown_reason="u",
    certainty="probable",
    evidence="e",
    tool="t",
    tool_version="1",
    reading="r",
    raw="AAE=",
    raw_charset="big5",
    charset_origin="guessed",
    charset_certainty=0.5,
    rule="redecode-undeclared",
    inputs=("2.0",),
    shown_as="s",
    note="n",
    supersedes="2.1",
)


@pytest.mark.parametrize(
    "one",
    [
        FULL,
        said("creator", None, unknown_reason="lost"),
        *(said("place", value) for value in (0, False, "", [], {}, 1.5, [None], {"a": None})),
    ],
)
def test_a_statement_survives_its_document(one: Statement) -> None:
    assert Statement.of(one.document()) == one


def test_the_fullest_statement_says_everything_a_statement_can_say() -> None:
    assert set(FULL.document()) == {field.name for field in fields(Statement)}


def test_a_resolution_survives_its_document() -> None:
    one = Resolution(
        "title", "choice", ("1.9",), ("a",), ("a", "b"), "as the register says", "key:1", None, 2
    )
    assert Resolution.of(one.document()) == one
    before = {k: v for k, v in one.document().items() if k not in ("kind", "statements", "said")}
    assert Resolution.of(before | {"chosen": "1.9", "chosen_value": "a"}) == one
