"""The worker's side of small pictures: a confined child for a few files."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from app.fingerprints.confined import LIMITS, WALL_SECONDS, Confined, Failed
from app.readings.sandbox import Limits

UNDECODABLE = "undecodable"
JPEG = b"\xff\xd8\xff"


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """What came of one file: a small JPEG, or why there is none."""

    outcome: str  # made, too_large, undecodable
    reason: str | None = None  # why undecodable, where the child did not live to say
    width: int = 0
    height: int = 0
    content: bytes = b""


class Thumbnailer:
    """Makes small pictures of open files, in their order, each within its limits.

    A child is warm for the files of one `with` block only, and never after one that went wrong.

    Raises:
        ChildProcessError: no child can be started; nothing was made, and that is no file's fault.
    """

    def __init__(self, limits: Limits = LIMITS, *, wall_seconds: float = WALL_SECONDS) -> None:
        self._confined = Confined("app.fingerprints.decoding", limits, wall_seconds=wall_seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._confined.__exit__(kind, error, at)

    def make(self, descriptors: Sequence[int]) -> list[Thumbnail]:
        """Return what came of each open file."""
        return [self._make_one(descriptor) for descriptor in descriptors]

    def _make_one(self, descriptor: int) -> Thumbnail:
        self._confined.ask(descriptor)
        try:
            return _read(self._confined.heard())
        except Failed as failed:
            return Thumbnail(UNDECODABLE, failed.reason)
        except (ValueError, KeyError, TypeError):
            self._confined.refuse()
            return Thumbnail(UNDECODABLE, "crashed")


def _read(body: bytes) -> Thumbnail:
    """Read an answer with suspicion: whoever wrote it may obey the file by now.

    Raises:
        ValueError, KeyError, TypeError: no answer that a sound child gives.
    """
    head, _, content = body.partition(b"\n")
    said = json.loads(head)
    outcome, width, height = said["outcome"], int(said["width"]), int(said["height"])
    made = outcome == "made" and content.startswith(JPEG) and width > 0 and height > 0
    if not made and (content or outcome not in ("too_large", UNDECODABLE)):
        raise ValueError
    reason = "not_decodable" if outcome == UNDECODABLE else None
    return Thumbnail(outcome, reason, width, height, content)
