"""The last day that a date can mean: a period that is counted from it never ends too early."""

import re
from calendar import monthrange
from collections.abc import Mapping
from datetime import date

from edtf import EDTFParseException, parse_edtf
from edtf.parser.parser_classes import Level2Season, Season

from app.provenance.statements import Statement

# What a retention schedule can count from. Only what people say of them is counted: a camera's
# clock must not end a period.
TRIGGERS = (
    "retention_trigger_date",
    "date_created",
    "acquisition_date",
    "date_digitised",
    "date_modified",
)
UNTIL = "retention_until"  # the day that a record itself names
DATED = (*TRIGGERS, UNTIL)
SAID = frozenset({"asserted", "derived"})
PLAIN = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T[\d:.]+(?:Z|[+-]\d\d:?\d\d)?)?)?)?")


def latest_days(shown: Mapping[str, Statement | None]) -> dict[str, str]:
    """Return, of the dates that people gave, the last day that each can mean."""
    found = {}
    for field in DATED:
        statement = shown.get(field)
        if statement is not None and statement.source_kind in SAID:
            day = latest_day(str(statement.value))
            if day is not None:
                found[field] = day.isoformat()
    return found


def latest_day(edtf: str) -> date | None:
    """Return the last day that a date can mean; None where it has none, as of a season."""
    try:
        if plain := PLAIN.fullmatch(edtf):
            year, month = int(plain[1]), int(plain[2] or 12)
            return date(year, month, int(plain[3] or monthrange(year, month)[1]))
        parsed = parse_edtf(edtf)
        if isinstance(parsed, Season | Level2Season):
            return None  # whose spring, and of which half of the earth?
        until = parsed.upper_fuzzy()
        return date(until.tm_year, until.tm_mon, until.tm_mday)
    except (AttributeError, EDTFParseException, TypeError, ValueError, OverflowError):
        return None  # an end that is open, a year that no calendar has
