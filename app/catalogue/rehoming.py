"""Lines that move assets to another source system: each for itself, and read again there."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.assets.errors import CopyDiffers, IdentityTaken
from app.assets.events import BytesChanged
from app.assets.locks import lock_decisions
from app.assets.models import AssetRow, SourceSystemRow
from app.assets.queries import referenced_places, visible_assets
from app.assets.rehoming import Move, rehome, taken_names
from app.assets.service import system_for
from app.assets.withdrawing import told as told_withdrawn
from app.assets.withdrawing import withdrawals_of
from app.catalogue.changing import SAMPLE
from app.catalogue.models import ImportRow
from app.catalogue.reading_lines import Line
from app.catalogue.schemas import MoveIn
from app.catalogue.service import one_form
from app.kit.errors import NoSuchResource, RevisionStale
from app.kit.jobs import batches, publish
from app.kit.refusals import Refusal
from app.ledger.service import Event, record_all
from app.people.roles import Principal
from app.provenance import queries
from app.provenance.bulk import AT_ONCE, Edited
from app.provenance.inheriting import Inheritance, inheritance, with_series
from app.provenance.projection import Record
from app.provenance.restating import restate
from app.provenance.service import NewVersion, record_of, seal_complete, write_versions
from app.provenance.speaking import Speaker
from app.readings.queries import newest_readings
from app.storage.buckets import is_bucket_root
from app.storage.opening import open_located


@dataclass(frozen=True, slots=True)
class Known:
    """One asset as it stands before it moves; `path` None: its content is kept here."""

    row: AssetRow
    version: int
    record: Record
    path: str | None
    size_bytes: int | None  # None: not read yet


@dataclass(frozen=True, slots=True)
class Going:
    """Where a whole piece of work moves assets to."""

    operation: UUID
    caller: Principal
    to: SourceSystemRow
    how: MoveIn

    def identifier(self, of: str) -> str:
        """Return an asset's new identifier."""
        return self.how.add_prefix + of.removeprefix(self.how.strip_prefix)

    def path(self, of: str) -> str:
        """Return an asset's new location beneath the new root."""
        moved = self.how.add_location + of.removeprefix(self.how.strip_location)
        return one_form(moved, self.to.root)


def rehome_lines(
    db: Session, caller: Principal, row: ImportRow, lines: Sequence[Line]
) -> list[Edited | Refusal]:
    """Move the assets that lines name; what cannot move stays, with the reason."""
    instructions = row.instructions or {}
    how = MoveIn.model_validate(instructions["rehoming"])
    going = Going(row.id, caller, system_for(db, caller, how.to_system), how)
    wanted = [(UUID(told["asset_id"]), int(told["revision"])) for told in map(read, lines)]
    if not instructions["preview"]:
        lock_decisions(db, [asset_id for asset_id, _ in wanted])
    outcomes: list[Edited | Refusal] = []
    for some in batches(wanted, AT_ONCE):
        outcomes += move_some(db, going, some, preview=instructions["preview"])
    shown = [one for one in outcomes if isinstance(one, Edited) and one.changed]
    room = SAMPLE - len(row.sample)
    if room > 0 and shown:
        row.sample = [*row.sample, *map(sampled, shown[:room])]
    return outcomes


def read(line: Line) -> dict[str, Any]:
    """Read a line that was written by the listing of the members."""
    told: dict[str, Any] = json.loads(line.content or b"{}")
    return told


def sampled(one: Edited) -> dict[str, Any]:
    """Show an asset's name and place before and after."""
    return {"asset_id": str(one.asset_id), "before": one.before, "after": one.after}


def move_some(
    db: Session, going: Going, wanted: Sequence[tuple[UUID, int]], *, preview: bool
) -> list[Edited | Refusal]:
    """Move up to 500 assets, or say what would become of them."""
    known = known_assets(db, going.caller, [asset_id for asset_id, _ in wanted])
    withdrawn = withdrawals_of(db, list(known))
    names = [
        (one.row.id, going.to.code, going.identifier(one.row.source_identifier))
        for one in known.values()
    ]
    taken = taken_names(db, names)
    outcomes: list[Edited | Refusal] = []
    for asset_id, revision in wanted:
        try:
            one = known.get(asset_id)
            if one is None:
                raise NoSuchResource(f"There is no asset {asset_id}.")
            if asset_id in withdrawn:
                raise told_withdrawn(withdrawn[asset_id])
            outcomes.append(prove_movable(going, one, revision, taken))
        except Refusal as refusal:
            outcomes.append(refusal)
    if not preview:
        moving = [one for one in outcomes if isinstance(one, Edited) and one.changed]
        move_all(db, going, [known[one.asset_id] for one in moving])
    return outcomes


def known_assets(db: Session, caller: Principal, asset_ids: Sequence[UUID]) -> dict[UUID, Known]:
    """Return how these assets stand, of those that exist for the caller."""
    asked = visible_assets(caller).where(AssetRow.id.in_(asset_ids))
    rows = db.scalars(asked.execution_options(populate_existing=True)).all()
    ids = [row.id for row in rows]
    paths = {row.asset_id: row.path for row in db.execute(referenced_places(ids))}
    sizes = {reading.asset_id: reading.size_bytes for reading in db.scalars(newest_readings(ids))}
    heads = {head.asset_id: head for head in db.scalars(queries.heads(ids))}
    return {
        row.id: Known(
            row,
            heads[row.id].version,
            record_of(heads[row.id]),
            paths.get(row.id),
            sizes.get(row.id),
        )
        for row in rows
    }


def prove_movable(going: Going, one: Known, revision: int, taken: set[UUID]) -> Edited:
    """Say what an asset's name and place are before and after.

    Raises:
        RevisionStale, IdentityTaken, CopyDiffers, and what its storage answers.
    """
    if one.version != revision:
        raise RevisionStale(f"The record is at version {one.version}, not {revision}.")
    identifier = going.identifier(one.row.source_identifier)
    path = None if one.path is None else going.path(one.path)
    before = named(one.row.source_system, one.row.source_identifier, one.path)
    after = named(going.to.code, identifier, path)
    if before == after:
        return Edited(one.row.id, changed=False, before=before, after=after)
    if one.row.id in taken or not identifier:
        raise IdentityTaken(f"{identifier!r} of {going.to.code} is, or was, another asset.")
    if path is not None and not is_bucket_root(going.to.root):
        prove_there(going.to.root, path, one.size_bytes)
    return Edited(one.row.id, changed=True, before=before, after=after)


def named(system: str, identifier: str, path: str | None) -> dict[str, Any]:
    """Write a name and a place."""
    return {"source_system": system, "source_identifier": identifier, "location": path}


def prove_there(root: str, path: str, size_bytes: int | None) -> None:
    """Prove that something as long as what was read lies at the new place."""
    with open_located(root, path) as found:
        if size_bytes is not None and found.token.size != size_bytes:
            raise CopyDiffers(
                f"{path} has {found.token.size} bytes there; {size_bytes} bytes were read."
            )


def move_all(db: Session, going: Going, moving: Sequence[Known]) -> None:
    """Give assets their new names and places, with a version that says so, and read them again."""
    if not moving:
        return
    inherited = inheritance(db, [going.to.code], None)
    event_ids = record_all(db, going.caller.agent, list(events_of(going, moving)))
    moves = [
        Move(
            one.row.id,
            one.row.source_system,
            one.row.source_identifier,
            going.to.code,
            going.identifier(one.row.source_identifier),
            None if one.path is None else going.path(one.path),
            event_id,
        )
        for one, event_id in zip(moving, event_ids, strict=True)
    ]
    versions = [
        version_of(going, one, move, inherited) for one, move in zip(moving, moves, strict=True)
    ]
    rehome(db, going.caller.agent, moves)
    write_versions(db, going.caller.agent, versions)
    seal_complete(db, [move.asset_id for move in moves])
    publish(db, BytesChanged(tuple(m.asset_id for m in moves if m.path is not None)))


def events_of(going: Going, moving: Sequence[Known]) -> Iterator[Event]:
    """Tell of each move."""
    for one in moving:
        path = None if one.path is None else going.path(one.path)
        identifier = going.identifier(one.row.source_identifier)
        detail = {
            "operation": str(going.operation),
            "reason": going.how.reason,
            "from": named(one.row.source_system, one.row.source_identifier, one.path),
            "to": named(going.to.code, identifier, path),
            "version": one.version + 1,
        }
        yield Event("x:rehomed", detail, one.row.id, one.row.department)


def version_of(going: Going, one: Known, move: Move, inherited: Inheritance) -> NewVersion:
    """Return the version that says the new name and place, and what the new series says."""
    version = one.version + 1
    roles = tuple(sorted(going.caller.roles))
    way = f"rehoming:{going.operation}"
    speaker = Speaker(going.caller.agent.name, str(going.caller.person_id), roles, way)
    names = {"source_system": move.to_system, "source_identifier": move.to_identifier}
    uri = None if move.path is None else f"{going.to.root}{move.path}"
    where = [{"uri": uri, "kind": "file", "system": move.to_system}] if uri else None
    record = restate(one.record, names, where, speaker, version=version)
    said = inherited.of(move.to_system, move.to_identifier, None)
    record = with_series(record, said, version=version)
    change = {"rehoming": str(going.operation), "reason": going.how.reason}
    department = one.row.department
    return NewVersion(move.asset_id, version, record, change, department, move.event_id)
