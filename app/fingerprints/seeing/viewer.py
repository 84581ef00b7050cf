"""The worker's side of looking: a warm confined child, whose answers are read with suspicion."""

import json
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from app.fingerprints.confined import LIMITS, WALL_SECONDS, Confined, Failed
from app.fingerprints.seeing.seen import (
    DECODED,
    PDQ_BYTES,
    PHASH_BYTES,
    SHA256_BYTES,
    TOO_LARGE,
    TURNS,
    UNDECODABLE,
    Looked,
    Pixels,
    Seen,
)
from app.readings.sandbox import Limits

MODULE = "app.fingerprints.seeing.child"
# What a sound child says of a decoded picture: bytes by their number, in hexadecimal.
BYTES = {
    "icc_sha256": SHA256_BYTES,
    "pixels_sha256": SHA256_BYTES,
    "phash": PHASH_BYTES,
    "dhash": PHASH_BYTES,
    "pdq": PDQ_BYTES,
    "turned_phash": TURNS * PHASH_BYTES,
    "turned_pdq": TURNS * PDQ_BYTES,
}
OPTIONAL = {"icc_sha256", "pixels_sha256"}
COUNTS = {"width": 1, "height": 1, "frames": 1, "orientation": 1, "pdq_quality": 0}
OPTIONAL_COUNTS = {"bit_depth": 1, "auxiliary": 0}
MOST = {"orientation": 8, "pdq_quality": 100}
LARGEST = (1 << 31) - 1  # of a column
LOW = (None, "blank", "two_tone")
MOST_WORDS = 512
LONGEST_WORD = 80  # characters of a name in the facts
NONE_MADE = ("over_budget", "not_decodable", "too_deep", "out_of_memory", "rendering_not_read")


class Viewer:
    """Looks at open files, one after the other, each within its limits.

    Raises:
        ChildProcessError: no child can be started; nothing was seen, and that is no file's fault.
    """

    def __init__(self, limits: Limits = LIMITS, *, wall_seconds: float = WALL_SECONDS) -> None:
        self._looking = Confined(MODULE, limits, "look", wall_seconds=wall_seconds)
        self._digesting = Confined(MODULE, limits, "pixels", wall_seconds=wall_seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        for one in (self._looking, self._digesting):
            one.__exit__(kind, error, at)

    def see(self, descriptor: int) -> Seen:
        """Return what an open file looks like."""
        self.look(descriptor)
        return self.looked().seen

    def look(self, descriptor: int) -> None:
        """Begin to look at an open file, which is kept open until `looked` has returned."""
        self._looking.ask(descriptor)

    def looked(self) -> Looked:
        """Return what the file looks like that was begun with."""
        try:
            return read_looked(self._looking.heard())
        except Failed as failed:
            return Looked(Seen(UNDECODABLE, failed.reason))
        except (ValueError, KeyError, TypeError, AttributeError):
            self._looking.refuse()
            return Looked(Seen(UNDECODABLE, "crashed"))

    def digest_pixels(self, descriptor: int) -> Pixels:
        """Decode an open file in full, and return the digest of all its samples."""
        self._digesting.ask(descriptor)
        try:
            return read_pixels(json.loads(self._digesting.heard()))
        except Failed as failed:
            return Pixels(None, failed.reason)
        except (ValueError, KeyError, TypeError, AttributeError):
            self._digesting.refuse()
            return Pixels(None, "crashed")


def read_looked(body: bytes) -> Looked:
    """Read an answer with suspicion: whoever wrote it may obey the file by now.

    Raises:
        ValueError, KeyError, TypeError, AttributeError: no answer that a sound child gives.
    """
    said = json.loads(body)
    seen, pixels = said["seen"], said["pixels"]
    if seen["outcome"] != DECODED:
        if seen["outcome"] not in (TOO_LARGE, UNDECODABLE) or pixels is not None:
            raise ValueError
        reason, measures = word(seen["reason"]), mapping(seen["measures"])
        return Looked(Seen(seen["outcome"], reason, measures=measures))
    return Looked(read_seen(seen), None if pixels is None else read_pixels(pixels))


def read_seen(said: Mapping[str, Any]) -> Seen:
    """Read what is said of a picture that was decoded.

    Raises:
        ValueError, KeyError, TypeError, AttributeError: no answer that a sound child gives.
    """
    digests = {name: digest(said[name], size, name in OPTIONAL) for name, size in BYTES.items()}
    counts: dict[str, int | None] = {
        name: count(said[name], least, name) for name, least in COUNTS.items()
    }
    for name, least in OPTIONAL_COUNTS.items():
        counts[name] = None if said[name] is None else count(said[name], least, name)
    words = [count(one, -LARGEST - 1, "word") for one in said["words"]]
    if said["low_information"] not in LOW or len(words) > MOST_WORDS:
        raise ValueError
    if not isinstance(said["alpha"], bool):
        raise TypeError
    return Seen(
        DECODED,
        colour=word(said["colour"]),
        alpha=said["alpha"],
        colour_space=None if said["colour_space"] is None else word(said["colour_space"]),
        low_information=said["low_information"],
        words=words,
        measures=mapping(said["measures"]),
        tools=mapping(said["tools"]),
        **digests,  # type: ignore[arg-type]
        **counts,  # type: ignore[arg-type]
    )


def read_pixels(said: Mapping[str, Any]) -> Pixels:
    """Read what is said of all samples.

    Raises:
        ValueError, KeyError, TypeError, AttributeError: no answer that a sound child gives.
    """
    found = digest(said.get("sha256"), SHA256_BYTES, optional=True)
    reason = said.get("reason")
    if (found is None) != (reason in NONE_MADE) or (found is not None and reason is not None):
        raise ValueError
    if "tool" not in said:
        return Pixels(None, reason)
    behind = said["trailing_bytes"]
    return Pixels(
        found,
        reason,
        count(said["frames"], 1, "frames"),
        None if behind is None else min(LARGEST, max(0, int(behind))),
        word(said["tool"]),
        word(said["tool_version"]),
    )


def digest(said: str | None, size: int, optional: bool) -> bytes | None:
    """Read bytes of a known number."""
    if said is None and optional:
        return None
    found = bytes.fromhex(said or "")
    if len(found) != size:
        raise ValueError
    return found


def count(said: object, least: int, name: str) -> int:
    """Read a whole number within its bounds."""
    if not isinstance(said, int) or not least <= said <= MOST.get(name, LARGEST):
        raise ValueError
    return said


def word(said: object) -> str:
    """Read a short text, of letters that a database takes."""
    if not isinstance(said, str) or "\0" in said or not said.isascii():
        raise ValueError
    return said[:LONGEST_WORD]


def mapping(said: object) -> dict[str, Any]:
    """Read measures and tools, small as they are."""
    if not isinstance(said, dict) or "\\u0000" in json.dumps(said):
        raise ValueError
    return said
