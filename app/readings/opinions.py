"""What other readers say of the file that ExifTool reads, joined to its answer.

The answer stays JSON of one object, ExifTool's own members as they came, so that whatever is
concluded from it can be concluded again from what was kept.
"""

import json
import os
import select
from collections import deque
from collections.abc import Iterable, Mapping

from app.readings import chunks, credentials, disagreements
from app.readings.chunks import chunk_counts
from app.readings.formats import fallback_reads, sniff
from app.readings.makernotes import once
from app.readings.noise import CHILD, TAG, Hearing, as_told, shown
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
        self._noise: deque[dict[str, str]] = deque()

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
        descriptor = self._held[len(self._said)]
        with Hearing() as said:
            found, noise = opinions(descriptor, self._verifier)
        self._said.append(found)
        self._noise.append({CHILD: shown(said.heard()), **noise})

    def joined(self, answer: bytes, noise: Mapping[str, str]) -> bytes:
        """Join ExifTool's answer about the file that is longest in hand, and let that go.

        Args:
            answer: as it came.
            noise: what ExifTool said besides, by its name.
        """
        if not self._said:
            self.ask_next()
        self._held.popleft()
        said, told = self._said.popleft(), as_told({**noise, **self._noise.popleft()})
        return joined(answer, {**said, TAG: told.decode()} if told else said)


def opinions(descriptor: int, verifier: Verifier) -> tuple[dict[str, str], dict[str, str]]:
    """Ask the other readers that know this kind of file.

    Returns:
        Tags of their own groups, and what the one that is not our code said besides.
    """
    head = os.pread(descriptor, _HEAD, 0)
    mime = sniff(head)
    said: dict[str, str] = {}
    manifest, noise = verifier.verify(descriptor, mime)
    if manifest is not None:
        said[credentials.TAG] = json.dumps(manifest)
    if (counts := chunk_counts(descriptor, mime)) is not None:
        said[chunks.TAG] = json.dumps(counts)
    if fallback_reads(head):
        said[disagreements.TAG] = json.dumps(ask_exifread(descriptor))
    return said, {credentials.LIBRARY: shown(noise)}


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
