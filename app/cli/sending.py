"""Lines on their way in: sent part by part in little memory, continued, followed, told."""

import json
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from app.cli.progress import Track
from app.cli.remote import NotDone, Refused, Remote

A_PART = 4 * 1024 * 1024
LONGEST_LINE = 256 * 1024  # what the catalogue takes; of a longer one it is sent enough to say so
POLL_SECONDS = 0.2
PATIENCE_SECONDS = 300.0
ATTEMPTS = 6  # to reach a catalogue that has answered before; waits double from a second
MOST_TOLD = 10_000  # refused lines, with their reasons
FINISHED = ("done", "cancelled", "failed")
COUNTED = ("registered", "already_there", "moved", "changed", "missing", "refused", "cancelled")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of NDJSON, and what people know it by where its number says nothing."""

    content: bytes
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """Where lines are sent, and what names them, so that they are sent once."""

    path: str
    key: str
    params: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Part:
    """Some lines, the byte they begin at, and whether nothing comes after them."""

    start: int
    content: bytes
    last: bool

    @property
    def end(self) -> int:
        """Return the byte behind them."""
        return self.start + len(self.content)


@dataclass(slots=True)
class Told:
    """What became of every line."""

    outcomes: Counter[str] = field(default_factory=Counter)
    refused: list[dict[str, str]] = field(default_factory=list)
    state: str = "done"

    def as_json(self) -> dict[str, Any]:
        """Return it for machines."""
        counted = {key: self.outcomes[key] for key in COUNTED}
        return {"state": self.state, **counted, "problems": self.refused}


class Names:
    """What people know lines by, kept on disk: there may be millions."""

    def __init__(self) -> None:
        """Keep nothing yet."""
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as this
        self._lines = 0

    def add(self, line: Line) -> None:
        """Keep the next line's name."""
        self._lines += 1
        self._file.write(json.dumps(line.name).encode() + b"\n")

    def of(self, numbers: Iterable[int]) -> Iterator[str]:
        """Yield the names of lines, whose numbers rise."""
        self._file.seek(0)
        at, name = 0, "null"
        for number in numbers:
            while at < min(number, self._lines):
                at, name = at + 1, self._file.readline().decode()
            yield (json.loads(name) if at == number else None) or f"line {number}"

    def close(self) -> None:
        """Forget them."""
        self._file.close()


def written(registration: dict[str, Any]) -> bytes:
    """Write one registration as a line."""
    return json.dumps(registration, ensure_ascii=False).encode() + b"\n"


def send(remote: Remote, way: Way, lines: Iterable[Line], track: Track) -> Told:
    """Send every line, wait until each has an outcome, and return the outcomes.

    Raises:
        NotDone: the catalogue refuses the import as a whole, or no worker works on it.
    """
    names = Names()
    try:
        operation = ask(remote, way)
        while operation["state"] in FINISHED:  # an earlier run has ended; this is the next
            way = Way(way.path, next_key(way.key, operation["id"]), way.params)
            operation = ask(remote, way)
        if operation["progress"]["reception"] == "open":
            operation = send_parts(remote, way, noted(lines, names), operation, track)
        else:
            for _ in noted(lines, names):
                continue
        follow(remote, operation["id"], track)
        return outcomes_of(remote, operation["id"], names)
    finally:
        names.close()


def next_key(key: str, over: str) -> str:
    """Name the next import of the same file, after the one that has ended."""
    return f"{key.partition(' after ')[0]} after {over}"


def noted(lines: Iterable[Line], names: Names) -> Iterator[bytes]:
    """Yield what lines hold and keep their names."""
    for line in lines:
        names.add(line)
        yield line.content


def ask(remote: Remote, way: Way) -> dict[str, Any]:
    """Ask how far an import is; one that nobody knows begins."""
    return post(remote, way, b"", "bytes */*")


def post(remote: Remote, way: Way, content: bytes, content_range: str | None) -> dict[str, Any]:
    """Send one part, or a question, again where the catalogue does not answer."""
    headers = {"Content-Type": "application/x-ndjson", "Idempotency-Key": way.key}
    if content_range is not None:
        headers["Content-Range"] = content_range
    for attempt in range(ATTEMPTS):
        try:
            answer = remote.call(
                "POST", way.path, content=content, params=way.params, headers=headers
            )
        except NotDone as trouble:
            lasting = isinstance(trouble, Refused) and trouble.status not in (502, 503, 504)
            if lasting or not remote.answered or attempt == ATTEMPTS - 1:
                raise
            time.sleep(POLL_SECONDS * 5 * 2**attempt)
        else:
            found: dict[str, Any] = answer.json()
            return found
    raise AssertionError


def send_parts(
    remote: Remote, way: Way, lines: Iterable[bytes], operation: dict[str, Any], track: Track
) -> dict[str, Any]:
    """Send the lines from where the catalogue has them, and at the end say that it is the end."""
    received = operation["progress"]["received_bytes"]
    start = 0
    for part, last in parts(lines):
        end = start + len(part)
        if last or end > received:
            operation = send_part(remote, way, Part(start, part, last), received)
            received = operation["progress"]["received_bytes"]
            track.reach(operation["done"], operation["refused"])
        start = end
    return operation


def send_part(remote: Remote, way: Way, part: Part, received: int) -> dict[str, Any]:
    """Send what the catalogue lacks of a part; a connection of before may still be at it."""
    for attempt in range(ATTEMPTS):
        begin = min(max(part.start, received), max(part.end - 1, part.start))
        total = str(part.end) if part.last else "*"
        said = f"bytes {begin}-{part.end - 1}/{total}" if part.content else None
        try:
            return post(remote, way, part.content[begin - part.start :], said)
        except Refused as refused:
            if refused.code != "import-in-progress" or attempt == ATTEMPTS - 1:
                raise
            time.sleep(POLL_SECONDS * 2**attempt)
            received = int(ask(remote, way)["progress"]["received_bytes"])
    raise AssertionError


def parts(lines: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Yield the lines in parts of bounded size, and with each whether it is the last."""
    kept: list[bytes] = []
    size = 0
    for line in lines:
        if size + len(line) > A_PART and kept:
            yield b"".join(kept), False
            kept, size = [], 0
        kept.append(line)
        size += len(line)
    yield b"".join(kept), True


def follow(remote: Remote, operation_id: str, track: Track | None = None) -> None:
    """Wait until an operation has ended.

    Raises:
        NotDone: it has not moved for five minutes.
    """
    moved, last = time.monotonic(), -1
    while True:
        operation = remote.get(f"/v1/operations/{operation_id}")
        if track:
            track.reach(operation["done"], operation["refused"])
        if operation["state"] in FINISHED:
            return
        if operation["done"] != last:
            moved, last = time.monotonic(), operation["done"]
        if time.monotonic() - moved > PATIENCE_SECONDS:
            stands = f"{operation['done']} of {operation['total']}"
            raise NotDone(f"Operation {operation_id} stands at {stands}: does a worker run?")
        time.sleep(POLL_SECONDS)


def outcomes_of(remote: Remote, import_id: str, names: Names) -> Told:
    """Read what became of an import, and why lines were refused."""
    operation = remote.get(f"/v1/operations/{import_id}")
    counted = {key: operation["progress"][key] for key in COUNTED}
    told = Told(Counter(counted), [], operation["state"])
    refused = list(refusals(remote, import_id)) if counted["refused"] else []
    for result, name in zip(refused, names.of(one["line"] for one in refused), strict=True):
        problem = result["problem"]
        faults = "; ".join(f"{e['pointer']}: {e['detail']}" for e in problem["errors"])
        detail = f"{problem['detail']} {faults}".strip()
        told.refused.append({"name": name, "code": problem["code"], "detail": detail})
    return told


def refusals(remote: Remote, import_id: str) -> Iterator[dict[str, Any]]:
    """Yield the first refused lines of an import."""
    path = f"/v1/imports/{import_id}/results"
    for at, text in enumerate(remote.lines(path, outcome="refused")):
        if at == MOST_TOLD:
            return
        yield json.loads(text)
