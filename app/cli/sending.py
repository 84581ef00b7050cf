"""Registrations on their way in: sent some thousand at a time, followed, told line by line."""

import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from app.cli.progress import Track
from app.cli.remote import NotDone, Remote

MOST_LINES = 5_000
MOST_BYTES = 32 * 1024 * 1024
LONGEST_LINE = 256 * 1024  # what the catalogue takes; a longer one would refuse its whole import
POLL_SECONDS = 0.2
PATIENCE_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Line:
    """One registration as NDJSON, and what people know it by."""

    name: str
    content: bytes


@dataclass(slots=True)
class Told:
    """What became of every line."""

    outcomes: Counter[str] = field(default_factory=Counter)
    refused: list[dict[str, str]] = field(default_factory=list)

    def refuse(self, name: str, code: str, detail: str) -> None:
        """Count a line that was refused, with the reason."""
        self.outcomes["refused"] += 1
        self.refused.append({"name": name, "code": code, "detail": detail})

    def as_json(self) -> dict[str, Any]:
        """Return it for machines."""
        counted = {key: self.outcomes[key] for key in ("registered", "already_there", "refused")}
        return counted | {"problems": self.refused}


def written(registration: dict[str, Any]) -> bytes:
    """Write one registration as a line."""
    return json.dumps(registration, ensure_ascii=False).encode()


def send(remote: Remote, lines: Iterable[Line], track: Track) -> Told:
    """Send every line, wait until each has an outcome, and return the outcomes.

    Raises:
        NotDone: the catalogue refuses the import as a whole, or no worker works on it.
    """
    told = Told()
    for batch in batches(lines, told, track):
        body = b"\n".join(line.content for line in batch)
        headers = {"Content-Type": "application/x-ndjson"}
        operation = remote.call("POST", "/v1/imports", content=body, headers=headers).json()
        follow(remote, operation["id"], track)
        read_results(remote, operation["id"], batch, told)
        track.reach(track.done, len(told.refused))
    return told


def batches(lines: Iterable[Line], told: Told, track: Track) -> Iterator[list[Line]]:
    """Yield the lines in imports of bounded size; one that is too long is refused here."""
    batch: list[Line] = []
    size = 0
    for line in lines:
        if len(line.content) > LONGEST_LINE:
            told.refuse(line.name, "line-too-long", f"A line holds at most {LONGEST_LINE} bytes.")
            track.advance(1, 1)
            continue
        if batch and (len(batch) == MOST_LINES or size + len(line.content) > MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(line)
        size += len(line.content) + 1
    if batch:
        yield batch


def follow(remote: Remote, operation_id: str, track: Track | None = None) -> None:
    """Wait until an operation is done.

    Raises:
        NotDone: it has not moved for five minutes.
    """
    start = track.done if track else 0
    moved, last = time.monotonic(), -1
    while True:
        operation = remote.get(f"/v1/operations/{operation_id}")
        if track:
            track.reach(start + operation["done"])
        if operation["state"] == "done":
            return
        if operation["done"] != last:
            moved, last = time.monotonic(), operation["done"]
        if time.monotonic() - moved > PATIENCE_SECONDS:
            stands = f"{operation['done']} of {operation['total']}"
            raise NotDone(f"Operation {operation_id} stands at {stands}: does a worker run?")
        time.sleep(POLL_SECONDS)


def read_results(remote: Remote, import_id: str, batch: list[Line], told: Told) -> None:
    """Read what became of each line of an import."""
    answer = remote.call("GET", f"/v1/imports/{import_id}/results")
    for text in answer.iter_lines():
        result = json.loads(text)
        if result["outcome"] == "refused":
            problem = result["problem"]
            faults = "; ".join(f"{e['pointer']}: {e['detail']}" for e in problem["errors"])
            detail = f"{problem['detail']} {faults}".strip()
            told.refuse(batch[result["line"] - 1].name, problem["code"], detail)
        else:
            told.outcomes[result["outcome"]] += 1
