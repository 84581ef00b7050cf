"""Measure pairs where their files lie: only the bytes that were hashed, outside transactions."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

from app.assets.service import Sighted, sighted
from app.comparisons.models import MeasurementRow
from app.comparisons.pairing import AS_MEASURED, File, Pair
from app.fingerprints.registration.aligner import METHOD, Aligner, Measurement, Side
from app.kit.refusals import Refusal
from app.storage.opening import open_located, prove_there
from app.storage.tokens import ByteToken

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of a pair."""

    pair: Pair
    measurement: Measurement


class NotAsHashed(Exception):
    """A file is not there, not within reach, or no longer the bytes that were hashed."""

    def __init__(self, asset_id: UUID, state: Sighted, detail: str) -> None:
        """Keep what was seen, for the record."""
        super().__init__(detail)
        self.asset_id = asset_id
        self.state: Sighted = state
        self.detail = detail


def measure(aligner: Aligner, pairs: Sequence[Pair]) -> Iterator[Measured | NotAsHashed]:
    """Measure pairs one by one; a file that is not as it was hashed costs its own pairs only."""
    for pair in pairs:
        try:
            for file in (pair.a, pair.b):  # whose picture the aligner may have kept
                prove_as_hashed(file, seen_at(file))
            yield Measured(pair, aligner.measure(side_of(pair.a), side_of(pair.b)))
        except NotAsHashed as seen:
            yield seen


def as_measured(db: Session, pairs: Sequence[Pair]) -> list[Measured]:
    """Take over what the same two contents measured before, under other names or readings."""
    a_ids, b_ids = ([getattr(p, side).fingerprint_id for p in pairs] for side in ("a", "b"))
    asked = {"a_ids": a_ids, "b_ids": b_ids, "method": METHOD}
    found = {(a, b): earlier for a, b, earlier in db.execute(AS_MEASURED, asked)}
    taken = []
    for pair in pairs:
        earlier = found.get((pair.a.fingerprint_id, pair.b.fingerprint_id))
        if earlier is not None:
            row = db.get_one(MeasurementRow, earlier)
            by = dict(pair.by) | {"as_measured": str(earlier)}
            said = Measurement(row.outcome, row.measured, row.difference_map, row.tools)
            taken.append(Measured(replace(pair, by=by), said))
    return taken


def side_of(file: File) -> Side:
    """Return a file as the aligner opens it: if and when it has not kept its picture."""
    return Side(file.fingerprint_id, partial(opened, file))


@contextmanager
def opened(file: File) -> Iterator[int]:
    """Open a file if it still is the bytes that were hashed, and look again when it is let go.

    Raises:
        NotAsHashed: it is not, or was not to the end.
    """
    with ExitStack() as held:
        found = within_reach(file, lambda *place: held.enter_context(open_located(*place)))
        prove_as_hashed(file, found.token)
        yield found.descriptor
        if found.current_token() != found.token:
            raise NotAsHashed(file.asset_id, "changed", "The file changed while it was measured.")


def seen_at(file: File) -> ByteToken:
    """Return the state of a file where it lies today; nothing of it is fetched.

    Raises:
        NotAsHashed: it is not there, or not within reach.
    """
    return within_reach(file, prove_there)


def prove_as_hashed(file: File, token: ByteToken) -> None:
    """Tell a file's state from the one in which it was hashed.

    Raises:
        NotAsHashed: it is another.
    """
    if str(token) != file.byte_token:
        raise NotAsHashed(file.asset_id, "changed", "The file is not the bytes that were hashed.")


def within_reach(file: File, look: Callable[[str, str], Found]) -> Found:
    """Look at a file where it lies today.

    Raises:
        NotAsHashed: it is not there, or not within reach.
    """
    if file.place is None:
        raise NotAsHashed(file.asset_id, "unreachable", "Its content lies nowhere today.")
    try:
        return look(*file.place)
    except Refusal as refusal:
        raise NotAsHashed(file.asset_id, sighted(refusal), refusal.detail) from refusal
    except OSError as error:
        told = f"The file could not be read: {error.strerror}."
        raise NotAsHashed(file.asset_id, "unreachable", told) from error
