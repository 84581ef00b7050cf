"""The orders that a list can be walked in: by several keys, the first of which has an index."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlakeyset.types import Marker
from sqlalchemy import ColumnElement, Select, select

from app.assets.models import AssetRow
from app.catalogue.searching.filters import Narrowed, joined
from app.catalogue.searching.parts import KEYS, F


@dataclass(frozen=True, eq=False)
class Key:
    """A column to sort by, none of whose values is unknown, and the way."""

    column: Any
    falling: bool

    @property
    def ordered(self) -> ColumnElement[Any]:
        """Return it as a part of ORDER BY."""
        column: ColumnElement[Any] = self.column
        return column.desc() if self.falling else column.asc()

    def not_before(self, value: Any, *, backwards: bool) -> ColumnElement[bool]:  # noqa: ANN401
        """Leave out what lies on the side of a value that was walked already."""
        upwards = self.falling == backwards
        told: ColumnElement[bool] = self.column >= value if upwards else self.column <= value
        return told


def keys_of(sort: Sequence[str]) -> list[Key]:
    """Return the keys of an order; ids break its ties, the same way as what they come behind.

    Nothing can be asked behind the id, which has no equals.
    """
    keys: list[Key] = []
    for name in (*sort, "-id" if sort[-1].startswith("-") else "id"):
        bare = name.removeprefix("-")
        # The id of the table that is walked: an index holds it behind the key.
        own = F.asset_id if keys else AssetRow.id
        keys.append(Key(KEYS.get(bare, own), name.startswith("-")))
        if bare not in KEYS:
            return keys
    return keys


def ids_in_order(found: Narrowed, sort: Sequence[str], at: Marker | None = None) -> Select[Any]:
    """Select the ids that were found, in an order that no insert upsets, from a place on.

    Where not all keys go one way the place alone gives an index no beginning; its first key does.
    """
    keys = keys_of(sort)
    statement = joined(select(AssetRow.id.label("asset_id")), found)
    if at is not None and at.place is not None and len({key.falling for key in keys}) > 1:
        first = keys[0].not_before(at.place[0], backwards=at.backwards)
        statement = statement.where(first)
    return statement.order_by(*(key.ordered for key in keys))
