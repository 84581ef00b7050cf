"""Small pictures: asked for, made by the worker of what was fingerprinted, kept for the next."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from sqlalchemy import Select, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app.assets.finishing import draw_key
from app.assets.keep import enter_object, keep_root
from app.assets.queries import whereabouts
from app.fingerprints import queries
from app.fingerprints.errors import ThumbnailAwaited, ThumbnailTooLarge, ThumbnailUndecodable
from app.fingerprints.events import ThumbnailsRequested
from app.fingerprints.models import FingerprintRow, ThumbnailRequestRow, ThumbnailRow
from app.fingerprints.thumbnailer import Thumbnail, Thumbnailer
from app.kit.jobs import in_transaction, publish
from app.kit.refusals import Refusal
from app.storage.keeping import open_keep
from app.storage.opening import OpenBytes, open_located

FILES_AT_ONCE = 20
CHANGED = Thumbnail("changed")


@dataclass(frozen=True, slots=True)
class Wanted:
    """One fingerprint somebody wants to see, and where its bytes lie today."""

    fingerprint_id: UUID
    asset_id: UUID
    byte_token: str
    root: str
    path: str


def thumbnail_of(db: Session, asset_id: UUID) -> ThumbnailRow | None:
    """Return the small picture of an asset's newest reading; None: asked for, and on its way.

    Raises:
        ThumbnailAwaited: no fingerprint yet, or the content was set aside.
        ThumbnailTooLarge, ThumbnailUndecodable: there is none, and there will be none.
    """
    current = db.scalars(queries.current_fingerprint(asset_id)).one_or_none()
    if current is None or not db.execute(whereabouts([asset_id])).all():
        raise ThumbnailAwaited("The image is still to be read and fingerprinted.")
    made = db.get(ThumbnailRow, current.id)
    if made is None:
        request(db, current)
        return None
    if made.outcome == "too_large":
        raise ThumbnailTooLarge("The picture has more pixels than are decoded here.")
    if made.outcome != "made":
        raise ThumbnailUndecodable(f"No small picture could be made: {made.reason or 'changed'}.")
    return made


def request(db: Session, fingerprint: FingerprintRow) -> None:
    """Ask the worker for a small picture, once."""
    said = {"fingerprint_id": fingerprint.id, "asset_id": fingerprint.asset_id}
    asked = upsert(ThumbnailRequestRow).values(**said).on_conflict_do_nothing()
    if db.execute(asked.returning(ThumbnailRequestRow.fingerprint_id)).first() is not None:
        publish(db, ThumbnailsRequested((fingerprint.asset_id,)))


def make_requested() -> None:
    """Make every small picture that is asked for; what is out of reach waits for the sweep."""
    tried: set[UUID] = set()
    while found := in_transaction(partial(some_wanted, tried=tried)):
        tried |= found.keys()
        for one, thumbnail in made_of([one for one in found.values() if one is not None]):
            keep_thumbnail(one, thumbnail)


def some_wanted(db: Session, tried: set[UUID]) -> dict[UUID, Wanted | None]:
    """Return what is asked for and not made, the earliest first; None: it lies nowhere today."""
    rows = db.execute(left(tried).limit(FILES_AT_ONCE)).all()
    places = {a: (root, path) for a, root, path in db.execute(whereabouts([r[1] for r in rows]))}
    return {
        fingerprint_id: Wanted(fingerprint_id, asset_id, token, *places[asset_id])
        if asset_id in places
        else None
        for fingerprint_id, asset_id, token in rows
    }


def left(tried: set[UUID]) -> Select[UUID, UUID, str]:
    """Select requests without an outcome: fingerprint, asset, byte token."""
    made = select(ThumbnailRow.fingerprint_id).where(
        ThumbnailRow.fingerprint_id == ThumbnailRequestRow.fingerprint_id
    )
    return (
        select(FingerprintRow.id, FingerprintRow.asset_id, FingerprintRow.byte_token)
        .join(ThumbnailRequestRow, ThumbnailRequestRow.fingerprint_id == FingerprintRow.id)
        .where(~made.exists(), FingerprintRow.id.not_in(tried))
        .order_by(ThumbnailRequestRow.requested_at)
    )


def made_of(wanted: Sequence[Wanted]) -> Iterator[tuple[Wanted, Thumbnail]]:
    """Open files, have small pictures made, and yield those whose bytes were the ones hashed."""
    with ExitStack() as held:
        opened: list[tuple[Wanted, OpenBytes]] = []
        for one in wanted:
            try:
                file = held.enter_context(open_located(one.root, one.path))
            except Refusal:
                continue
            if str(file.token) == one.byte_token:
                opened.append((one, file))
            else:
                yield one, CHANGED
        with Thumbnailer() as maker:
            found = maker.make([file.descriptor for _, file in opened])
        for (one, file), thumbnail in zip(opened, found, strict=True):
            yield one, thumbnail if file.current_token() == file.token else CHANGED


def keep_thumbnail(one: Wanted, thumbnail: Thumbnail) -> None:
    """Put a small picture into the keep, then into the books; a second one is thrown away."""
    root, key = keep_root(), None
    if thumbnail.outcome == "made":
        key = draw_key(in_transaction)
        open_keep(root).put(key, [thumbnail.content])

    def enter(db: Session) -> bool:
        if db.get(ThumbnailRow, one.fingerprint_id) is not None:
            return False
        if key is not None:
            enter_object(db, key, keep=root, size_bytes=len(thumbnail.content))
        said = {"outcome": thumbnail.outcome, "reason": thumbnail.reason, "key": key}
        whose = {"fingerprint_id": one.fingerprint_id, "asset_id": one.asset_id}
        size = {"width": thumbnail.width, "height": thumbnail.height}
        db.execute(insert(ThumbnailRow).values(**whose, **said, **size))
        return True

    if not in_transaction(enter) and key is not None:
        open_keep(root).remove(key)
