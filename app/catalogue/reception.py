"""From a request to the spool: the body streams by, and only whole pieces are kept of it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request

from app.catalogue import spool
from app.catalogue.receiving import Cutter, Piece, refuse_beyond, unpacking
from app.catalogue.spool import Announced, Scan
from app.catalogue.spreadsheets import AsIs, TableLines
from app.kit.db import Database, retried
from app.kit.errors import Malformed
from app.kit.refusals import Refusal
from app.people.roles import Principal

RANGE = re.compile(r"bytes (?:(\d{1,18})-(\d{1,18})|\*)/(\d{1,18}|\*)")
NOTHING = (
    "There is nothing to do: send at least one line, or, of a table, one row below the names of its"
    " columns."
)


@dataclass(frozen=True, slots=True)
class Part:
    """Which bytes of an import a request carries."""

    start: int = 0
    last: bool = True  # nothing comes after it
    asks: bool = False  # carries nothing: asks how far the import is
    total: int | None = None  # of the whole import; None: not told


def part_of(content_range: str | None) -> Part:
    """Read a Content-Range (RFC 9110, 14.4).

    Raises:
        Malformed: it is none, or says what cannot be (HTTP 422).
    """
    if content_range is None:
        return Part()
    found = RANGE.fullmatch(content_range.strip())
    if found is None:
        raise Malformed(
            "Content-Range is written `bytes 0-499/1234`, `bytes 0-499/*`, `bytes */*`."
        )
    total = None if found[3] == "*" else int(found[3])
    if found[1] is None:
        return Part(last=False, asks=True, total=total)
    first, last = int(found[1]), int(found[2])
    if last < first or (total is not None and last >= total):
        raise Malformed("Content-Range names bytes that the import does not have.")
    return Part(first, total is not None and last + 1 == total, total=total)


def announced(
    request: Request,
    part: Part,
    scan: Scan | None,
    instructions: Mapping[str, Any] | None = None,
) -> Announced:
    """Read what the headers say of the import as a whole.

    Raises:
        Malformed: the key is empty or too long, or a part comes without one (HTTP 422).
    """
    key = request.headers.get("Idempotency-Key")
    if key is not None and not (0 < len(key) <= 255 and key.isprintable()):
        raise Malformed("An Idempotency-Key has 1 to 255 printable characters.")
    ranged = "Content-Range" in request.headers
    if key is None and ranged:
        raise Malformed("A part needs the Idempotency-Key of its import.")
    packed = request.headers.get("Content-Encoding", "identity").strip().lower() != "identity"
    packed = packed or bool(instructions and instructions["mapping"])  # a table is translated
    if packed and ranged:
        raise Malformed(
            "A packed body or a table is sent whole; what was received before is passed over."
        )
    length = request.headers.get("Content-Length")
    whole = int(length) if length and length.isdecimal() and not packed and not ranged else None
    if whole:
        refuse_beyond(whole)
    return Announced(key, part.total if ranged else whole or None, scan, instructions)


class Reception:
    """One request's way into one import."""

    def __init__(self, database: Database, caller: Principal, said: Announced, part: Part) -> None:
        """Find the import that this key began before, if it did."""
        self.database = database
        self.caller = caller
        self.said = said
        self.part = part
        self.import_id: UUID | None = None
        self.received = 0
        self.replayed = False
        self._find()

    async def take(self, request: Request, translate: AsIs | TableLines) -> UUID:
        """Keep the body piece by piece, and say when it is whole."""
        unpack = unpacking(request.headers.get("Content-Encoding"))
        skip = max(0, self.received - self.part.start)
        cutter = Cutter(self.part.start + skip)
        try:
            async for packed in request.stream():
                for data in (d for part in unpack.feed(packed) for d in translate.feed(part)):
                    skipped, skip = min(skip, len(data)), max(0, skip - len(data))
                    await self._keep(cutter.feed(data[skipped:]))
            unpack.finish()
            for data in translate.finish():
                skipped, skip = min(skip, len(data)), max(0, skip - len(data))
                await self._keep(cutter.feed(data[skipped:]))
        except ClientDisconnect as gone:
            await self._keep(cutter.finish(broken=True))
            await self._end("broken")
            raise Malformed("The connection broke off before the body was whole.") from gone
        except Refusal as refusal:
            await self._keep(cutter.finish(broken=True))
            await self._end("refused", always=refusal.status != 409)
            raise
        return await self._finish(cutter)

    def begin(self) -> UUID:
        """Begin the import if nobody has."""
        if self.import_id is None:
            self.import_id = retried(self._begin)
        return self.import_id

    async def _finish(self, cutter: Cutter) -> UUID:
        await self._keep(cutter.finish(broken=not self.part.last))
        nothing_yet = self.import_id is None and not self.part.asks
        if nothing_yet and self.said.scan is None:  # a scan may well find an empty folder
            raise Malformed(NOTHING)
        import_id = await run_in_threadpool(self.begin)
        if self.part.last and not self.replayed:
            await self._end("complete", always=True)
        return import_id

    async def _keep(self, pieces: Iterator[Piece]) -> None:
        for piece in pieces:
            if self.import_id is not None or piece.filled:  # blank lines alone begin nothing
                await run_in_threadpool(self._keep_one, piece)

    def _keep_one(self, piece: Piece) -> None:
        import_id = self.begin()

        def once() -> None:
            with self.database.transaction() as db:
                spool.keep(db, import_id, piece)

        retried(once)

    async def _end(self, how: str, *, always: bool = False) -> None:
        """End the import; one with a key can be continued when its connection broke."""
        if self.import_id is None or not (always or self.said.idempotency_key is None):
            return
        import_id = self.import_id

        def once() -> None:
            with self.database.transaction() as db:
                spool.end(db, self.caller.agent, import_id, how)

        await run_in_threadpool(retried, once)

    def _find(self) -> None:
        with self.database.transaction() as db:
            row = spool.find(db, self.caller, self.said)
            if row is None:
                spool.refuse_gap(self.part.start, 0)
                return
            self.import_id, self.received = row.id, row.received_bytes
            self.replayed = row.ended is not None
            if not self.replayed:
                spool.refuse_gap(self.part.start, row.received_bytes)
                if self.said.declared_bytes is not None:
                    spool.declare(db, row.id, self.said.declared_bytes)

    def _begin(self) -> UUID:
        with self.database.transaction() as db:
            return spool.begin(db, self.caller, self.said)
