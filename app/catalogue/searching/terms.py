"""Single terms of a question: by field, as words, as whole values, as spans of time."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from luqum import tree  # type: ignore[import-untyped]

from app.assets.models import AssetRow
from app.catalogue.errors import QueryMalformed
from app.catalogue.searching.created import made_between
from app.catalogue.searching.parts import F, Part, Plain
from app.catalogue.searching.wording import holding, too_short, whole
from app.policies.rules.terms import last_segment
from app.provenance.searched import LETTERS
from app.provenance.spans import UNKNOWN, Span, span_of

Condition = Callable[[str], Part]
DATE = "date_created"


def equal(column: Any) -> Condition:  # noqa: ANN401 - an attribute of a table's class
    """Compare a column with a value."""
    return lambda value: Plain(column == value)


WHOLE: dict[str, Condition] = {
    "department": equal(AssetRow.department),
    "source_system": equal(AssetRow.source_system),
    "format": equal(F.format),
    "mime": equal(F.mime),
    "reading": equal(F.outcome),
    "legal_status": lambda value: whole("legal_status", value),
    "digital_source_type": lambda value: whole("digital_source_type", last_segment(value)),
    "custodian_kind": lambda value: whole("custodian_kind", value),
}
KNOWN = sorted([*LETTERS, *WHOLE, DATE])


def term_of(node: tree.Term, field: str | None, place: int) -> Part:
    """Return what a word or a phrase asks for.

    Raises:
        QueryMalformed: naming the place.
    """
    phrase = isinstance(node, tree.Phrase)
    text = unescaped(node.value[1:-1] if phrase else node.value)
    beginning = not phrase and is_beginning(node, place)
    if beginning:
        text = text[:-1]
    if field is None or field in LETTERS:
        if beginning and too_short(text):
            raise QueryMalformed("More letters must stand before the `*`", place)
        found = holding(text, [field] if field else list(LETTERS), beginning=beginning)
        if found is None:
            raise QueryMalformed("No word stands here", place)
        return found
    if beginning:
        raise QueryMalformed(f"`{field}` is compared as a whole, without `*`", place)
    if field == DATE:
        return Plain(made_between(*day_or_days(text, place)))
    return known(field, place)(text)


def known(field: str, place: int) -> Condition:
    """Return how a field's whole values are compared."""
    if field not in WHOLE:
        raise QueryMalformed(f"There is no field `{field}`; known are {', '.join(KNOWN)}", place)
    return WHOLE[field]


def unescaped(text: str) -> str:
    """Take signs behind a backslash as they are."""
    return str(tree.Word(text).unescaped_value)


def is_beginning(node: tree.Term, place: int) -> bool:
    """Tell whether a word ends in the one wildcard that is answered."""
    wildcards = [(span, sign) for span, sign in node.iter_wildcards() if not sign.startswith("\\")]
    if not wildcards:
        return False
    (start, end), sign = wildcards[0]
    if sign != "*" or end != len(node.value):
        raise QueryMalformed("Only the end of a word may be left open, by one `*`", place + start)
    return True


def range_of(node: tree.Item, field: str | None, place: int) -> Part:
    """Return what a range asks for: images that may have been made within it.

    Raises:
        QueryMalformed: a range of anything but dates, or its ends are none.
    """
    if field != DATE:
        raise QueryMalformed(f"Only `{DATE}` is asked for by range", place)
    match node:
        case tree.Range():
            low = first_day(node.low, node.include_low, place)
            high = last_day(node.high, node.include_high, place)
        case tree.From():
            low, high = first_day(node.children[0], node.include, place), None
        case _:
            low, high = None, last_day(node.children[0], node.include, place)
    return Plain(made_between(low, high))


def first_day(end: tree.Item, included: bool, place: int) -> date | None:
    """Return the first day of a range; None where it is open."""
    if str(end).strip() == "*":
        return None
    first, last = day_or_days(bare(end), place)
    return first if included or last == date.max else last + timedelta(days=1)


def last_day(end: tree.Item, included: bool, place: int) -> date | None:
    """Return the last day of a range; None where it is open."""
    if str(end).strip() == "*":
        return None
    first, last = day_or_days(bare(end), place)
    return last if included or first == date.min else first - timedelta(days=1)


def bare(end: tree.Item) -> str:
    """Return an end of a range without its quotes."""
    return unescaped(str(end).strip().strip('"'))


def day_or_days(text: str, place: int) -> Span:
    """Return the days that a date may mean."""
    found = span_of(text)
    if found == UNKNOWN:
        raise QueryMalformed(f"`{text[:40]}` is no date in EDTF, such as 1967-05 or 196X", place)
    return found
