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
    signer = URLSafeSerializer(_key(), salt=listing.salt)
    marker = None
    if cursor is not None:
        try:
            marker = unserialize_bookmark(signer.loads(cursor))
        except (BadSignature, ValueError) as error:
            raise CursorUnknown("Take the cursor from `next` or `prev` of this list.") from error
    page: KeysetPage[Any] = select_page(db, statement, per_page=limit, page=marker)
    paging = page.paging
    after = signer.dumps(serialize_bookmark(paging.next)) if paging.has_next else None
    before = signer.dumps(serialize_bookmark(paging.previous)) if paging.has_previous else None
    around = {"next": after, "prev": before}
    db.info[AROUND] = {rel: found for rel, found in around.items() if found is not None}
    return Page(items=[show(row) for row in page], next=after, prev=before)
