"""What other readers say of the file that ExifTool reads, joined to its answer.

The answer stays JSON of one object, ExifTool's own members as they came, so that whatever is
concluded from it can be concluded again from what was kept.
"""

import json
import os
import select
from collections import deque
from collections.abc import Iterable

from app.readings import chunks, credentials, disagreements
from app.readings.chunks import chunk_counts
from app.readings.formats import fallback_reads, sniff
from app.readings.makernotes import once
from app.readings.second_opinion import ask_exifread
from app.readings.verification import Verifier

_HEAD = 64
_END = b"}]"


class Others:
    """The other readers of the files that ExifTool has in hand, asked while it reads."""

    def __init__(self, trusted: str = "") -> None:
        self._verifier = Verifier(trusted)
        self._held: deque[int] = deque()
        self._said: deque[dict[str, str]] = deque()

    def asked_until(self, waiting: select.poll) -> set[int]:
        """Ask about files in hand until something is to be passed; return where."""
        while not (ready := waiting.poll(0)) and len(self._said) < len(self._held):
            self.ask_next()
        return {place for place, _ in ready or waiting.poll()}

    def close(self) -> None:
        """Ask no more."""
        self._verifier.close()

    def hold(self, descriptors: Iterable[int]) -> None:
        """Take open files in hand, behind those that are."""
        self._held.extend(descriptors)

    def ask_next(self) -> None:
        """Ask about the next file that nobody was asked about."""
        self._said.append(opinions(self._held[len(self._said)], self._verifier))

    def joined(self, answer: bytes) -> bytes:
        """Join ExifTool's answer about the file that is longest in hand, and let that go."""
        if not self._said:
            self.ask_next()
        self._held.popleft()
        return joined(answer, self._said.popleft())


def opinions(descriptor: int, verifier: Verifier) -> dict[str, str]:
    """Ask the other readers that know this kind of file; tags of their own groups."""
    head = os.pread(descriptor, _HEAD, 0)
    mime = sniff(head)
    said: dict[str, str] = {}
    if (manifest := verifier.verify(descriptor, mime)) is not None:
        said[credentials.TAG] = json.dumps(manifest)
    if (counts := chunk_counts(descriptor, mime)) is not None:
        said[chunks.TAG] = json.dumps(counts)
    if fallback_reads(head):
        said[disagreements.TAG] = json.dumps(ask_exifread(descriptor))
    return said


def joined(answer: bytes, said: dict[str, str]) -> bytes:
    """Put opinions behind the tool's own tags; an answer that is no such JSON stays as it is."""
    answer = once(answer)
    body = answer.rstrip()
    if not said or not body.endswith(_END):
        return answer
    members = ",".join(
        f'{json.dumps(tag)}:{{"val":{json.dumps(text)}}}' for tag, text in said.items()
    )
    return body.removesuffix(_END) + b"," + members.encode() + _END
