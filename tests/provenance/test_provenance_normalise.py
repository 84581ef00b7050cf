"""When two values say the same."""

from typing import Any

import pytest

from app.policies.rules.terms import last_segment
from app.provenance.fields import FIELDS, Kind
from app.provenance.normalise import normalise, same

RIGHTS = "http://rightsstatements.org/vocab"
LICENCES = "https://creativecommons.org/licenses"
FULL_WIDTH = "\uff23\uff48\uff41\uff4e"  # Chan
TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype"


def agree(field: str, one: Any, other: Any) -> bool:  # noqa: ANN401 - any JSON value
    there, back = (
        same(field, normalise(field, one), normalise(field, other), within=2),
        same(field, normalise(field, other), normalise(field, one), within=2),
    )
    assert there == back, "agreement has no direction"
    return there


@pytest.mark.parametrize(
    ("field", "one", "other"),
    [
        ("creator", "Chan Siu Ming", "  CHAN  siu ming "),
        ("creator", "Chan; Wong", ["wong", "CHAN"]),
        ("creator", "Chan;;Wong;", "Wong; Chan"),
        ("creator", FULL_WIDTH, "chan"),
        ("creator", f"{FULL_WIDTH}\uff1bWong", "wong; chan"),
        ("title", "Straße", "STRASSE"),
        ("title", "ﬁlm  still", "film still"),
        ("legal_status", ["a", "b"], ["b", "a"]),
        ("legal_status", "a", ["a"]),
        ("digital_source_type", f"{TYPES}/print", "print"),
        ("digital_source_type", f"{TYPES}/print/", f"{TYPES}/print"),
        ("place", {"a": 1, "b": [2]}, {"b": [2], "a": 1}),
        ("date_created", " 1967? ", "1967?"),
        ("date_created", "2019-05-02T10:11:12", "2019-05-02T10:11:14"),
        ("date_created", "2019-05-02T10:11:12.9", "2019-05-02T10:11:12"),
        ("date_created", "2019-05-02T10:11:12.9", "2019-05-02T10:11:14"),
        ("date_created", "2019-05-02T10:11:12.95", "2019-05-02T10:11:14.9"),
        ("title", "電車與巴士", "电车与巴士"),
        ("creator", "陳大文; 張三", "张三\uff1b陈大文"),
        ("digital_source_type", f"{TYPES}/pr%69nt", f"{TYPES}/print"),
        ("date_created", "2019-05-02T10:11:12Z", "2019-05-02T10:11:12"),
        ("date_created", "2019-05-02T10:11:12+08:00", "2019-05-02T10:11:12"),
        ("date_created", "2019-05-02T10:11:12+08:00", "2019-05-02T02:11:13Z"),
        ("date_created", "2019-05-02T10:11:12+0800", "2019-05-01T22:11:12-04:00"),
        ("date_created", "2019-05-02T23:59:59", "2019-05-03T00:00:01"),
        ("date_created", "9999-12-31T23:59:59-14:00", "9999-12-31T23:59:58-14:00"),
    ],
)
def test_these_say_the_same(field: str, one: Any, other: Any) -> None:  # noqa: ANN401
    assert agree(field, one, other)


@pytest.mark.parametrize(
    ("field", "one", "other"),
    [
        ("creator", "Chan Siu Ming", "Chan Siu"),
        ("creator", ["Chan", "Wong"], ["Chan"]),
        ("title", "A tram", "A trams"),
        ("legal_status", ["a"], ["a", "b"]),
        ("digital_source_type", f"{TYPES}/print", f"{TYPES}/negativeFilm"),
        ("place", {"a": 1}, {"a": 2}),
        ("date_created", "1967", "1967?"),
        ("date_created", "2019-05-02T10:11:12.1", "2019-05-02T10:11:14.9"),
        ("title", "電車", "巴士"),
        ("creator", "陳大文", "陳大明"),
        ("date_created", "2019-05-02T10:11:12", "2019-05-02T10:11:15"),
        ("date_created", "2019-05-02T10:11:12+08:00", "2019-05-02T10:11:12Z"),
        ("date_created", "2019-05-02T10:11:12-04:30", "2019-05-02T10:11:12-04:00"),
        ("date_created", "2019-05", "2019-05-02T10:11:12"),
        ("date_created", "2019-05-02T10:11:12", "2019-05"),
    ],
)
def test_these_differ(field: str, one: Any, other: Any) -> None:  # noqa: ANN401 - any JSON value
    assert not agree(field, one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (f"{RIGHTS}/InC/1.0/", f"{RIGHTS}/NKC/1.0/"),
        (f"{LICENCES}/by/4.0/", f"{LICENCES}/by-nc-nd/4.0/"),
    ],
    ids=["in copyright, no known copyright", "free to change, not to be changed"],
)
def test_two_rights_statements_differ_though_their_addresses_end_in_one_version(
    one: str, other: str
) -> None:
    assert not agree("rights_statement", one, other)


def test_a_rights_statement_agrees_with_its_own_address() -> None:
    assert agree("rights_statement", "InC", f"{RIGHTS}/InC/1.0/")


@pytest.mark.parametrize("written", ["2019-01-01T24:00:00", "0000-01-01T00:00:00"])
def test_a_moment_that_python_cannot_say_is_compared_without_a_fault(written: str) -> None:
    assert not agree("date_created", written, "2019-05-02T10:11:12")


@pytest.mark.parametrize(
    ("term", "last"),
    [("print", "print"), (f"{TYPES}/print", "print"), ("a/b///", "b"), ("/", "/"), ("", "")],
)
def test_of_a_uri_the_last_segment_counts(term: str, last: str) -> None:
    assert last_segment(term) == last


@pytest.mark.parametrize("field", sorted(FIELDS))
@pytest.mark.parametrize("value", ["text", ["a", "b"], {"a": [1]}, 1.5, True, None])
def test_every_field_can_say_every_json_value(field: str, value: Any) -> None:  # noqa: ANN401
    assert isinstance(normalise(field, value), str)


def test_dates_that_are_no_text_are_compared_as_json() -> None:
    assert FIELDS["date_created"].kind is Kind.DATE
    assert normalise("date_created", {"from": 1}) == '{"from": 1}'
