"""When two values of a field say the same (domain: conflicts)."""

import json
import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from app.kit.chinese import to_simplified
from app.policies.rules.terms import last_segment
from app.provenance.fields import FIELDS, Kind

SEMICOLONS = re.compile("[;\uff1b]")
ESCAPED = re.compile("%(2[DE]|3[0-9]|4[1-9A-F]|5[0-9AF]|6[1-9A-F]|7[0-9AE])", re.IGNORECASE)
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
            return last_segment(canonical_uri(str(value).strip()))
        case Kind.TEXT | Kind.DATE if isinstance(value, str):
            return fold(value) if FIELDS[field].kind is Kind.TEXT else value.strip()
        case _:
            return json.dumps(value, sort_keys=True, ensure_ascii=False)


def same(field: str, one: str, other: str, *, within: int) -> bool:
    """Tell whether two normalised values agree.

    Moments do within so many seconds, texts and names in traditional and simplified characters.
    """
    if one == other:
        return True
    match FIELDS[field].kind:
        case Kind.DATE:
            return same_moment(one, other, timedelta(seconds=within))
        case Kind.AGENTS:
            return variants_of_names(one) == variants_of_names(other)
        case Kind.TEXT:
            return to_simplified(one) == to_simplified(other)
        case _:
            return False


def variants_of_names(normalised: str) -> list[str]:
    """Return names in simplified characters, sorted anew: the order was that of the others."""
    return sorted(to_simplified(normalised).split("; "))


def same_moment(one: str, other: str, tolerance: timedelta) -> bool:
    """Tell whether two dates are moments no further apart than that."""
    first, second = MOMENT.fullmatch(one), MOMENT.fullmatch(other)
    if first is None or second is None:
        return False
    zoned, finer = (all(m[part] for m in (first, second)) for part in (3, 2))
    try:
        apart = moment(first, zoned=zoned, finer=finer) - moment(second, zoned=zoned, finer=finer)
        return abs(apart) <= tolerance
    except (ValueError, OverflowError):  # the year 0000, 24:00, an offset past the last year
        return False


def moment(found: re.Match[str], *, zoned: bool, finer: bool) -> datetime:
    """Return a moment for comparison; offset and sub-seconds count only when both have them."""
    at = datetime.fromisoformat(found[1]).replace(tzinfo=UTC)
    if finer:
        at += timedelta(microseconds=int(found[2][:6].ljust(6, "0")))
    if not zoned or found[3] == "Z":
        return at
    sign = -1 if found[3][0] == "-" else 1
    hours, minutes = int(found[3][1:3]), int(found[3][-2:])
    zone = timezone(sign * min(timedelta(hours=hours, minutes=minutes), timedelta(hours=23)))
    return at.replace(tzinfo=zone)


def canonical_uri(term: str) -> str:
    """Write a URI in its one form: letters that need no escape are not escaped (RFC 3986, 6.2.2).

    Scheme and host say nothing here: of a vocabulary's term the last segment counts.
    """
    if "://" not in term:
        return term
    return ESCAPED.sub(lambda found: chr(int(found[1], 16)), term.partition("#")[0] or term)


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
