"""Keyset pages behind signed cursors that belong to one filter and one sort."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query
from itsdangerous import BadSignature, URLSafeSerializer
from pydantic import BaseModel
from sqlakeyset import Page as KeysetPage
from sqlakeyset import serialize_bookmark, unserialize_bookmark
from sqlakeyset.paging import select_page
from sqlakeyset.types import Marker
from sqlalchemy import Row, Select
from sqlalchemy.orm import Session

from app.kit.errors import CursorUnknown
from app.kit.settings import settings

T = TypeVar("T")
Limit = Annotated[int, Query(ge=1, le=500, description="How many on a page.")]
Cursor = Annotated[str | None, Query(max_length=2000, description="From `next` or `prev`.")]
AROUND = "pages around"  # in a session's `info`: the cursors that become `Link` headers


class Page(BaseModel, Generic[T]):
    """Some of many: the items and the cursors before and after them."""

    items: list[T]
    next: str | None
    prev: str | None


@dataclass(frozen=True)
class Listing:
    """What a cursor is bound to: the list's name, its filter and its sort."""

    name: str
    filter: Sequence[object]

    @property
    def salt(self) -> str:
        """Say all of it in one string, so that a cursor fits no other list."""
        return f"{self.name}:{[str(value) for value in self.filter]}"


@lru_cache
def _key() -> str:
    # One process alone may draw its own; several behind one address share CATALOGUE_SECRET_KEY.
    return settings().secret_key or secrets.token_urlsafe(32)


def read_page(
    db: Session,
    statement: Select[*tuple[Any, ...]],
    listing: Listing,
    *,
    limit: int,
    cursor: str | None,
    show: Callable[[Row[Any]], T],
) -> Page[T]:
    """Return the page at a cursor, by keyset and never by offset.

    Raises:
        CursorUnknown: the cursor was changed, or belongs to another filter or sort.
    """
    marker = read_cursor(listing, cursor)
    page: KeysetPage[Any] = select_page(db, statement, per_page=limit, page=marker)
    paging = page.paging
    around = Around(
        paging.next if paging.has_next else None,
        paging.previous if paging.has_previous else None,
    )
    after, before = sign(db, listing, around)
    return Page(items=[show(row) for row in page], next=after, prev=before)


@dataclass(frozen=True)
class Around:
    """The places behind and before what is shown; None where nothing can be."""

    next: Marker | None
    prev: Marker | None


def read_cursor(listing: Listing, cursor: str | None) -> Marker | None:
    """Return the place that a cursor names.

    Raises:
        CursorUnknown: it was changed, or belongs to another filter or sort.
    """
    if cursor is None:
        return None
    try:
        return unserialize_bookmark(_signer(listing).loads(cursor))
    except (BadSignature, ValueError) as error:
        raise CursorUnknown("Take the cursor from `next` or `prev` of this list.") from error


def sign(db: Session, listing: Listing, around: Around) -> tuple[str | None, str | None]:
    """Return the cursors of the places around, and leave them to become `Link` headers."""
    signer = _signer(listing)
    after, before = (
        None if place is None else signer.dumps(serialize_bookmark(place))
        for place in (around.next, around.prev)
    )
    cursors = {"next": after, "prev": before}
    db.info[AROUND] = {rel: found for rel, found in cursors.items() if found is not None}
    return after, before


def _signer(listing: Listing) -> URLSafeSerializer:
    return URLSafeSerializer(_key(), salt=listing.salt)


class Walk:
    """A walk over many rows, of which only some are shown: by keyset, in steps, either way."""

    def __init__(self, db: Session, statement: Select[*tuple[Any, ...]], at: Marker | None) -> None:
        """Stand at a place; nothing is read yet."""
        self.db, self.statement = db, statement
        self.begun_inside = at is not None
        self.backwards = at is not None and at.backwards
        self.at = at
        self.ended = False
        self.first: Any = None  # the places of the first and of the last row that was passed
        self.last: Any = None

    def step(self, many: int) -> list[tuple[Any, Row[Any]]]:
        """Return the next rows in the walk's own order, each with its place."""
        page: KeysetPage[Any] = select_page(self.db, self.statement, per_page=many, page=self.at)
        paging = page.paging
        self.ended = not paging.has_further
        self.at = paging.further
        rows = [(marker.place, row) for marker, row in paging.items()]
        return rows[::-1] if self.backwards else rows

    def passed(self, place: Any) -> None:  # noqa: ANN401 - a keyset
        """Leave a row behind, shown or not."""
        self.first = place if self.first is None else self.first
        self.last = place

    def around(self, *, more: bool) -> Around:
        """Say from where to go on, and from where back; `more`: something may lie ahead."""
        ahead = Marker(self.last, self.backwards) if more and self.last is not None else None
        back = Marker(self.first, not self.backwards) if self.first is not None else None
        if self.backwards:
            return Around(back, ahead)
        return Around(ahead, back if self.begun_inside else None)
