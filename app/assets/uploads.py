"""Uploads: a content comes in pieces that follow each other, and is kept or given up as a whole."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy import Select, func, insert, select, update
from sqlalchemy.orm import Session

from app.assets import queries
from app.assets.errors import ContentAlreadyThere, UploadDiffers, UploadEnded, UploadOffset
from app.assets.events import ContentReceived
from app.assets.keep import enter_object, give_up
from app.assets.locks import lock_decisions
from app.assets.models import (
    AssetRow,
    KeptLocationRow,
    KeptObjectRow,
    LocationRow,
    UploadPartRow,
    UploadRow,
)
from app.assets.rules import Claim, Part
from app.kit.jobs import publish
from app.ledger.agents import Agent
from app.ledger.service import Event, record
from app.storage.keeping import path_of

State = Literal["referenced", "awaited", "open", "kept", "refused"]
Ending = Literal["superseded", "expired"]
Piece = tuple[int, UUID, int]  # first byte, key, length


@dataclass(frozen=True, slots=True)
class Standing:
    """How far an asset's content is; `total` None: not known yet."""

    state: State
    received: int
    total: int | None

    @property
    def unfinished(self) -> bool:
        """Tell whether every piece came and nobody made one content of them."""
        return self.state == "open" and self.received == self.total


@dataclass(frozen=True, slots=True)
class Sent:
    """What a request says that it brings: a part, or without one the whole, begun anew."""

    part: Part | None
    total: int | None
    claims: tuple[Claim, ...]


def standing_of(db: Session, asset_id: UUID) -> Standing:
    """Say how far an asset's content is."""
    last = db.scalars(queries.uploads_of(asset_id).limit(1)).one_or_none()
    if last is not None and last.state in ("open", "kept"):
        return Standing("kept" if last.state == "kept" else "open", *_lengths(last))
    if db.scalar(queries.referenced(asset_id)) is not None:
        return Standing("referenced", 0, None)
    refused = last is not None and last.state == "refused"
    return Standing("refused" if refused else "awaited", 0, None)


def begin_upload(db: Session, agent: Agent, asset_id: UUID, sent: Sent) -> UploadRow:
    """Return the upload that a request goes on with, or begin one.

    One that is kept already is returned too: the same bytes again do no harm.

    Raises:
        ContentAlreadyThere: the asset was registered where its bytes lie.
        UploadOffset: the part begins after what was received.
        UploadDiffers: another length or digest than was said before.
    """
    lock_decisions(db, [asset_id])
    if db.scalar(queries.referenced(asset_id)) is not None:
        raise ContentAlreadyThere("This asset was registered by reference: its content lies there.")
    living = queries.uploads_of(asset_id).where(UploadRow.state.in_(("open", "kept")))
    there = db.scalars(living).one_or_none()
    if there is not None and there.state == "open" and sent.part is None:
        end_upload(db, agent, there, "superseded")
        there = None
    if there is not None:
        _agree(db, there, sent)
    start = sent.part.start if sent.part is not None else 0
    received = there.received_bytes if there is not None else 0
    if start > received:
        raise UploadOffset(f"The next part begins at byte {received}, not {start}.", received)
    return there or _new_upload(db, agent, asset_id, sent)


def add_piece(db: Session, upload: UploadRow, piece: Piece, keep: str) -> UploadRow:
    """Enter a piece that was written behind all that came before it; return how the upload stands.

    Raises:
        UploadEnded: the upload was given up meanwhile.
        UploadOffset: another request was faster.
        UploadDiffers: the content is longer than was said.
    """
    start, key, size = piece
    there = _locked(db, upload)
    if there.received_bytes != start:
        raise UploadOffset(
            f"Another request sends the same content; it stands at byte {there.received_bytes}.",
            there.received_bytes,
        )
    if there.total_bytes is not None and start + size > there.total_bytes:
        raise UploadDiffers(f"This content is {there.total_bytes} bytes long, and no longer.")
    enter_object(db, key, keep=keep, size_bytes=size)
    db.execute(insert(UploadPartRow).values(upload_id=there.id, start_byte=start, key=key))
    _change(db, there, received_bytes=start + size, last_part_at=func.clock_timestamp())
    return there


def keep_content(db: Session, agent: Agent, upload: UploadRow, key: UUID) -> None:
    """Take custody of a content that is whole: the location, the event, the job to read it.

    Raises:
        UploadEnded: it was given up, or somebody else finished it.
    """
    there = _locked(db, upload)
    kept = db.get_one(KeptObjectRow, key)
    path = path_of(key)
    detail = {"upload": str(there.id), "content": path, "size_bytes": kept.size_bytes}
    event_id = _tell(db, agent, there, "acc", detail | {"claims": there.claims})
    _change(
        db,
        there,
        state="kept",
        total_bytes=kept.size_bytes,
        content_key=key,
        settled_at=func.clock_timestamp(),
        event_id=event_id,
    )
    last = select(func.coalesce(func.max(LocationRow.ordinal), 0))
    ordinal = db.scalars(last.where(LocationRow.asset_id == there.asset_id)).one() + 1
    place = {"asset_id": there.asset_id, "ordinal": ordinal}
    db.execute(insert(LocationRow).values(**place, path=path))
    db.execute(insert(KeptLocationRow).values(**place, upload_id=there.id))
    give_up(db, [part for part in _part_keys(db, there) if part != key])
    publish(db, ContentReceived((there.asset_id,)))


def refuse_content(
    db: Session, agent: Agent, upload_id: UUID, detail: Mapping[str, object]
) -> bool:
    """Set a kept content aside, so that nothing refers to it; say whether it was kept until now.

    The caller holds the asset's decision lock.
    """
    there = db.scalars(_fresh(upload_id)).one()
    if there.state != "kept":
        return False
    event_id = _tell(db, agent, there, "x:upload-refused", {"upload": str(upload_id), **detail})
    _change(db, there, state="refused", settled_at=func.clock_timestamp(), event_id=event_id)
    return True


def end_upload(db: Session, agent: Agent, upload: UploadRow, ending: Ending) -> None:
    """Give an open upload up, with its pieces. The caller holds the asset's decision lock."""
    detail = {"upload": str(upload.id), "received_bytes": upload.received_bytes}
    event_id = _tell(db, agent, upload, f"x:upload-{ending}", detail)
    _change(db, upload, state=ending, settled_at=func.clock_timestamp(), event_id=event_id)
    give_up(db, _part_keys(db, upload))


def placed_pieces(db: Session, upload: UploadRow) -> list[tuple[int, UUID, int, str]]:
    """Return what an upload's bytes lie in: first byte, key, length, root of the keep."""
    if upload.content_key is not None:
        content = db.get_one(KeptObjectRow, upload.content_key)
        return [(0, content.key, content.size_bytes, content.keep)]
    found = db.execute(queries.parts_of(upload.id))
    return [(start, key, size, keep) for start, key, size, keep in found]


def _part_keys(db: Session, upload: UploadRow) -> list[UUID]:
    return [key for _, key, _, _ in db.execute(queries.parts_of(upload.id))]


def _lengths(upload: UploadRow) -> tuple[int, int | None]:
    return upload.received_bytes, upload.total_bytes


def _agree(db: Session, upload: UploadRow, sent: Sent) -> None:
    """Take what is said for the first time, and refuse what contradicts what was said before."""
    if sent.total is not None and upload.total_bytes not in (None, sent.total):
        raise UploadDiffers(f"This content is {upload.total_bytes} bytes long, not {sent.total}.")
    claims = [claim.document() for claim in sent.claims]
    told = upload.claims or (claims if upload.state == "open" else [])
    if claims and claims != told:
        raise UploadDiffers("Another digest was claimed for this content before.")
    if upload.state == "kept":
        return
    if sent.total is not None and sent.total < upload.received_bytes:
        raise UploadDiffers(f"{upload.received_bytes} bytes of this content are here already.")
    total = upload.total_bytes if sent.total is None else sent.total
    _change(db, upload, total_bytes=total, claims=claims or upload.claims)


def _new_upload(db: Session, agent: Agent, asset_id: UUID, sent: Sent) -> UploadRow:
    claims = [claim.document() for claim in sent.claims]
    said = {"asset_id": asset_id, "total_bytes": sent.total, "claims": claims}
    begun = insert(UploadRow).values(**said, begun_by=agent.name).returning(UploadRow)
    return db.scalars(begun).one()


def _locked(db: Session, upload: UploadRow) -> UploadRow:
    lock_decisions(db, [upload.asset_id])
    there = db.scalars(_fresh(upload.id)).one()
    if there.state != "open":
        raise UploadEnded("This upload has ended; ask by HEAD how the content stands.")
    return there


def _fresh(upload_id: UUID) -> Select[UploadRow]:
    mine = select(UploadRow).where(UploadRow.id == upload_id)
    return mine.execution_options(populate_existing=True)


def _change(db: Session, upload: UploadRow, **values: object) -> None:
    db.execute(update(UploadRow).where(UploadRow.id == upload.id).values(**values))
    db.refresh(upload)


def _tell(
    db: Session, agent: Agent, upload: UploadRow, kind: str, detail: Mapping[str, object]
) -> UUID:
    department = db.get_one(AssetRow, upload.asset_id).department
    return record(db, agent, Event(kind, detail, upload.asset_id, department))
