"""The recorded versions, a page at a time."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.orm import Session

from app.kit.errors import NoSuchResource
from app.kit.paging import Listing, Page, read_page
from app.policies import queries
from app.policies.models import PolicyVersionRow

T = TypeVar("T")
Show = Callable[[PolicyVersionRow], T]


def policies_in_force(db: Session, *, limit: int, cursor: str | None, show: Show[T]) -> Page[T]:
    """Return a page of the policies that hold today, one version of each."""
    statement, listing = queries.policies_in_force(), Listing("policies", ())
    return read_page(
        db, statement, listing, limit=limit, cursor=cursor, show=lambda found: show(found[0])
    )


def policy_versions(
    db: Session, policy_id: str, *, limit: int, cursor: str | None, show: Show[T]
) -> Page[T]:
    """Return a page of a policy's versions, the last recorded first.

    Raises:
        NoSuchResource: there is no such policy (HTTP 404).
    """
    statement, listing = queries.versions_of(policy_id), Listing("policy-versions", (policy_id,))
    page = read_page(
        db, statement, listing, limit=limit, cursor=cursor, show=lambda found: show(found[0])
    )
    if not page.items and cursor is None:
        raise NoSuchResource(f"No policy is called {policy_id}.")
    return page
