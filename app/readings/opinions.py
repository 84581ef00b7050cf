"""What other readers say of the file that ExifTool reads, joined to its answer.

The answer stays JSON of one object, ExifTool's own members as they came, so that whatever is
concluded from it can be concluded again from what was kept.
"""

import json
import os

from app.readings import chunks, credentials, disagreements
from app.readings.chunks import chunk_counts
from app.readings.formats import fallback_reads, sniff
from app.readings.makernotes import once
from app.readings.second_opinion import ask_exifread
from app.readings.verification import verify

_HEAD = 64
_END = b"}]"


def opinions(descriptor: int, trusted: str = "") -> dict[str, str]:
    """Ask the other readers that know this kind of file; tags of their own groups."""
    head = os.pread(descriptor, _HEAD, 0)
    mime = sniff(head)
    said: dict[str, str] = {}
    if (manifest := verify(descriptor, mime, trusted)) is not None:
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
