"""The books of the keep: entered after an object is durable, given up before it is removed."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, cast, func, insert, select, update
from sqlalchemy.orm import Session

from app.assets.models import KeptObjectRow
from app.kit.settings import settings
from app.storage.keeping import folder_as_keep

# Long enough for whoever restored an older dump: contents that came after it have no rows then.
ORPHANED_FOR = timedelta(days=30)


def keep_root() -> str:
    """Return the root URI of the keep that new objects go to."""
    named = settings().keep
    return named if named is not None else folder_as_keep(settings().data_dir / "keep")


def enter_object(db: Session, key: UUID, *, keep: str, size_bytes: int) -> None:
    """Enter an object that was written."""
    db.execute(insert(KeptObjectRow).values(key=key, keep=keep, size_bytes=size_bytes))


def give_up(db: Session, keys: Iterable[UUID]) -> None:
    """Say that nothing refers to these objects any more; the database refuses it of a content."""
    mine = update(KeptObjectRow).where(KeptObjectRow.key.in_(list(keys)))
    still = mine.where(KeptObjectRow.given_up_at.is_(None))
    db.execute(still.values(given_up_at=func.clock_timestamp()))


def to_remove(db: Session, most: int) -> list[tuple[UUID, str]]:
    """Return objects whose giving up was committed: their keys and keeps."""
    given_up = (
        select(KeptObjectRow.key, KeptObjectRow.keep)
        .where(KeptObjectRow.given_up_at.is_not(None), KeptObjectRow.removed_at.is_(None))
        .order_by(KeptObjectRow.given_up_at)
        .limit(most)
    )
    return [(key, keep) for key, keep in db.execute(given_up)]


def removed(db: Session, keys: Sequence[UUID]) -> None:
    """Say that these objects are gone."""
    db.execute(
        update(KeptObjectRow)
        .where(KeptObjectRow.key.in_(keys), KeptObjectRow.given_up_at.is_not(None))
        .values(removed_at=func.clock_timestamp())
    )


def keeps(db: Session) -> list[str]:
    """Return the root URIs of every keep in use, today's among them."""
    used = db.scalars(select(KeptObjectRow.keep).distinct())
    return sorted({*used, keep_root()})


def orphans(db: Session, keys: Sequence[UUID]) -> list[UUID]:
    """Return those of these keys that are old and in no book.

    Old by the key itself, which the database drew: a store's clock has no say.
    """
    # The type is said: of an empty list PostgreSQL would know none.
    listed = cast(list(keys), ARRAY(Uuid))
    asked = select(func.unnest(listed).label("key")).cte("asked")
    drawn = func.uuid_extract_timestamp(asked.c.key)
    known = select(KeptObjectRow.key).where(KeptObjectRow.key == asked.c.key)
    old = drawn < func.clock_timestamp() - ORPHANED_FOR
    return list(db.scalars(select(asked.c.key).where(old, ~known.exists())))
