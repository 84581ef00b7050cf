"""Images that may have been made within a time."""

from datetime import date, timedelta

from sqlalchemy import ColumnElement, Integer, and_, literal_column, or_, type_coerce

from app.catalogue.searching.parts import F

WIDE = 366  # days; beyond it a date has an index of its own
LENGTH = type_coerce(F.created_to - F.created_from, Integer)
WIDELY = literal_column(str(WIDE), Integer) < LENGTH  # written out, as the index has it


def made_between(first: date | None, last: date | None) -> ColumnElement[bool]:
    """Tell whether a record's date may lie between two days; without a date it does not.

    Most dates are exact to the year, so the end of a date is near its beginning, and one index of
    beginnings finds both; the few wider ones are asked apart.
    """
    known = and_(F.created_from <= F.created_to, F.created_to >= (first or date.min))
    begun = F.created_from <= (last or date.max)
    if first is None or first.toordinal() <= WIDE:
        return and_(known, begun)
    near = F.created_from >= first - timedelta(days=WIDE)
    return and_(or_(near, WIDELY), known, begun)
