"""Files are opened a few ahead of their turn to be read; what they said comes in parcels."""

from collections import deque
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from app.assets.sent_beside import Named
from app.assets.service import Sighted, sighted
from app.kit.refusals import Refusal
from app.readings.extractor import Extractor
from app.readings.openings import Opened, opened
from app.readings.service import Found
from app.readings.sidecars import joined
from app.storage.opening import OpenBytes

MOST_FILES, MOST_BYTES = 50, 16 << 20  # recorded in one transaction
Place = tuple[UUID, str, str]  # an asset, the root URI, the path beneath it
Seen = tuple[UUID, Sighted, str]  # what was seen where an asset should lie, and how


@dataclass(slots=True)
class Parcel:
    """What is recorded in one transaction: what files said, and which could not be read so."""

    read: list[Found] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    size: int = 0

    def asset_ids(self) -> list[UUID]:
        """Say whose files these were."""
        return [one.asset_id for one in self.read] + [one[0] for one in self.seen]

    def is_full(self) -> bool:
        """Tell whether it is worth a transaction."""
        return len(self.read) + len(self.seen) >= MOST_FILES or self.size >= MOST_BYTES


class InTurn:
    """Opens files for a reader that takes them ahead; each is closed when its turn is over.

    Behind each go the sidecars that lie beside it.
    """

    def __init__(
        self,
        places: Sequence[Place],
        sidecars: Mapping[UUID, Sequence[str]] | None = None,
        sent: Mapping[UUID, Named] | None = None,
    ) -> None:
        self._places = places
        self._sidecars = sidecars or {}
        self._sent = sent or {}
        self._open: deque[tuple[UUID, Opened]] = deque()
        self._stopped = False
        self.parcel = Parcel()

    def stop(self) -> None:
        """End with the file that is being read."""
        self._stopped = True

    def descriptors(self) -> Iterator[int]:
        """Yield the descriptors of each file that opens; the others are told to the parcel."""
        for asset_id, root, path in self._places:
            try:
                beside = self._sidecars.get(asset_id, ())
                one = opened(root, path, beside, self._sent.get(asset_id))
            except Refusal as refusal:
                self.parcel.seen.append((asset_id, sighted(refusal), refusal.detail))
                continue
            self._open.append((asset_id, one))
            yield from one.descriptors()

    def parcels(self, reader: Extractor) -> Generator[Parcel]:
        """Yield full parcels, and the last one as it is."""
        try:
            answers = reader.each(self.descriptors())
            for extraction in answers:
                asset_id, one = self._open.popleft()
                with one.held:
                    beside = one.heard(answers)
                    same = self._is_same(asset_id, one.file)
                if same:
                    whole = joined(extraction, beside)
                    self.parcel.read.append(Found(asset_id, one.file.token, whole, tuple(beside)))
                    self.parcel.size += len(whole.raw)
                if self._stopped:
                    return
                if self.parcel.is_full():
                    full, self.parcel = self.parcel, Parcel()
                    yield full
            yield self.parcel
        finally:
            for _, one in self._open:
                one.held.close()

    def _is_same(self, asset_id: UUID, file: OpenBytes) -> bool:
        """Tell whether a file stayed the same bytes while it was read, or tell the parcel why not.

        An object store may fall silent meanwhile.
        """
        try:
            if file.current_token() == file.token:
                return True
            why: tuple[Sighted, str] = ("changed", "The file changed while it was read.")
        except Refusal as refusal:
            why = (sighted(refusal), refusal.detail)
        self.parcel.seen.append((asset_id, *why))
        return False
