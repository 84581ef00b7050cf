"""When two values of a field say the same (domain: conflicts)."""

import json
import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from app.provenance.fields import FIELDS, Kind, last_segment

TOLERANCE = timedelta(seconds=2)
SEMICOLONS = re.compile("[;\uff1b]")
MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:?\d\d)?"  # EDTF level 0
)


def normalise(field: str, value: Any) -> str:  # noqa: ANN401 - any JSON value
    """Return the canonical text of a value, equal where two values say the same.

    Names: NFKC, case and spaces folded, lists split at semicolons and sorted. Terms: the last
    segment of a URI. Dates as written; moments are compared by `same`.
    """
    match FIELDS[field].kind:
        case Kind.AGENTS:
            return "; ".join(sorted(fold(name) for name in names(value)))
        case Kind.CODES:
            return "; ".join(sorted(terms(value)))
        case Kind.CODE:
            return last_segment(str(value).strip())
        case Kind.TEXT | Kind.DATE if isinstance(value, str):
            return fold(value) if FIELDS[field].kind is Kind.TEXT else value.strip()
        case _:
            return json.dumps(value, sort_keys=True, ensure_ascii=False)


def same(field: str, one: str, other: str) -> bool:
    """Tell whether two normalised values agree; moments do within two seconds."""
    if one == other:
        return True
    if FIELDS[field].kind is not Kind.DATE:
        return False
    first, second = MOMENT.fullmatch(one), MOMENT.fullmatch(other)
    if first is None or second is None:
        return False
    both = all(m[3] for m in (first, second))
    try:
        return abs(moment(first, zoned=both) - moment(second, zoned=both)) <= TOLERANCE
    except (ValueError, OverflowError):  # the year 0000, 24:00, an offset past the last year
        return False


def moment(found: re.Match[str], *, zoned: bool) -> datetime:
    """Return a moment for comparison; the offset counts only when both sides have one."""
    at = datetime.fromisoformat(found[1]).replace(tzinfo=UTC)
    if not zoned or found[3] == "Z":
        return at
    sign = -1 if found[3][0] == "-" else 1
    hours, minutes = int(found[3][1:3]), int(found[3][-2:])
    zone = timezone(sign * min(timedelta(hours=hours, minutes=minutes), timedelta(hours=23)))
    return at.replace(tzinfo=zone)


def names(value: Any) -> list[str]:  # noqa: ANN401 - any JSON value
    """Return the names of a value: a list, or a text split at semicolons."""
    parts = value if isinstance(value, list) else SEMICOLONS.split(str(value))
    return [str(part).strip() for part in parts if str(part).strip()]


def terms(value: Any) -> list[str]:  # noqa: ANN401 - any JSON value
    """Return the terms of a set-valued field."""
    return [str(term) for term in (value if isinstance(value, list) else [value])]


def fold(text: str) -> str:
    """Fold what is no difference between two texts: compatibility forms, case, white space."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
