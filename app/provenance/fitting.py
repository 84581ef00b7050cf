"""What is asserted must be written as its field asks."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Literal

from edtf import EDTFParseException, parse_edtf

from app.policies.rules.terms import TERMS
from app.provenance.errors import StatementMalformed
from app.provenance.fields import FIELDS, Kind
from app.provenance.normalise import names, normalise

LONGEST_DATE = 100  # characters; EDTF lists can be made to take seconds
DAY = re.compile(r"\d{4}-\d\d-\d\d")
DIGIT = re.compile("[0-9]")
UNSEEN = "CZM"  # general categories: controls and joiners, spaces, marks without a letter
BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")  # letters and signs that show nothing
PLAIN = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})(?:T([0-9:]{8})Z?)?)?)?")


@dataclass(frozen=True, slots=True)
class Assertion:
    """A value that somebody vouches for or carries over, or a reasoned unknown."""

    field: str
    value: Any = None
    lang: str | None = None
    unknown_reason: str | None = None
    certainty: str | None = None
    evidence: Any = None  # a text, or a list of documents
    locator: str | None = None  # where it stands, if not where the speaker's words do
    kind: Literal["asserted", "imported"] = "asserted"  # imported: the locator names the catalogue


def check(one: Assertion, pointer: str, legal_statuses: frozenset[str]) -> None:
    """Refuse an assertion that does not fit its field."""
    why = fault_of(one, legal_statuses)
    if why is not None:
        raise StatementMalformed(f"{one.field}: {why}.", pointers={pointer: why})


def fault_of(one: Assertion, legal_statuses: frozenset[str]) -> str | None:
    """Return what is wrong with an assertion, if anything is."""
    known = FIELDS.get(one.field)
    if known is None or not known.settable:
        return "there is no such field to assert"
    if (one.value is None) == (one.unknown_reason is None):
        return "give either a value or an unknown_reason"
    if one.lang is not None and known.kind is not Kind.TEXT:
        return "only a text has a language"
    if one.value is None:
        return fault_of_unknown(one)
    if not FITS[known.kind](one.value):
        return f"the value is not written like a field of kind {known.kind}: {ASKED[known.kind]}"
    if one.field == "legal_status" and not set(one.value) <= legal_statuses:
        return f"known statuses are {', '.join(sorted(legal_statuses))}"
    terms = TERMS.get(one.field)
    if terms is not None and normalise(one.field, one.value) not in terms:
        return f"known terms are {', '.join(sorted(terms))}"
    return None


def fault_of_unknown(one: Assertion) -> str | None:
    """Return what is wrong with a reasoned unknown, if anything is."""
    if one.field == "legal_status":
        return "it must have a value"
    return None if is_line(one.unknown_reason) else "an unknown_reason says in words why"


def is_line(value: Any) -> bool:  # noqa: ANN401 - any JSON value
    """Tell whether it is a text in which something can be seen."""
    return isinstance(value, str) and any(
        letter not in BLANK and unicodedata.category(letter)[0] not in UNSEEN for letter in value
    )


def is_lines(value: Any) -> bool:  # noqa: ANN401 - any JSON value
    """Tell whether it is a list of texts, not empty."""
    return isinstance(value, list) and bool(value) and all(map(is_line, value))


def is_edtf(value: Any) -> bool:  # noqa: ANN401 - any JSON value
    """Tell whether it is a date in EDTF that the calendar knows, and says when at all."""
    if not is_line(value) or len(value) > LONGEST_DATE or value != value.strip():
        return False
    if not DIGIT.search(value):  # `../..` or `XXXX`: a reasoned unknown says why
        return False
    return is_plain_date(value) or is_read_as_edtf(value)


def is_plain_date(text: str) -> bool:
    """Tell whether a date is written as most are: a year, a month, a day, a second of one.

    Reading a date by the whole grammar takes some 10 ms, which a table of 100,000 rows pays.
    """
    found = PLAIN.fullmatch(text)
    if found is None:
        return False
    year, month, day, time = found.groups()
    try:
        datetime.fromisoformat(f"{year}-{month or '01'}-{day or '01'}T{time or '00:00:00'}")
    except ValueError:
        return False  # a season, the year 0000, 24:00: the grammar says
    return True


@lru_cache(maxsize=10_000)
def is_read_as_edtf(text: str) -> bool:
    """Tell whether the whole grammar reads a date, and every day of it is one."""
    try:
        parse_edtf(text)
        for day in DAY.findall(text):
            date.fromisoformat(day)
    except (EDTFParseException, ValueError):
        return False
    return True


def is_names(value: Any) -> bool:  # noqa: ANN401 - any JSON value
    """Tell whether it is a list of names, or a text that holds some."""
    return is_lines(value) or (is_line(value) and bool(names(value)))


def is_structure(value: Any) -> bool:  # noqa: ANN401 - any JSON value
    """Tell whether it is an object or list in which anything is said.

    That is a text to be seen anywhere in it, or a number or a truth under a name.
    """
    return isinstance(value, dict | list) and says_something(value, named=False)


def says_something(value: Any, *, named: bool) -> bool:  # noqa: ANN401 - any JSON value
    """Tell whether there is an answer in it; `named`: it stands under a name of an object."""
    match value:
        case dict():
            return any(says_something(part, named=True) for part in value.values())
        case list():
            return any(says_something(part, named=named) for part in value)
        case str():
            return is_line(value)
        case _:
            return named and value is not None


ASKED: Mapping[Kind, str] = {
    Kind.TEXT: "a text with something to be seen in it",
    Kind.AGENTS: "a name, several parted by semicolons, or a list of names",
    Kind.DATE: "EDTF, such as 1967-05-02, 1967-05, 1967?, 196X or 1964/1968",
    Kind.CODE: "one term, as text",
    Kind.CODES: "a list of terms",
    Kind.OBJECT: "a JSON object or list with something in it",
}
FITS: Mapping[Kind, Any] = {
    Kind.TEXT: is_line,
    Kind.AGENTS: is_names,
    Kind.DATE: is_edtf,
    Kind.CODE: is_line,
    Kind.CODES: is_lines,
    Kind.OBJECT: is_structure,
}
