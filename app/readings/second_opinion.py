"""exifread's opinion of a JPEG or TIFF that ExifTool reads as well: a few tags, within a budget.

Asked without MakerNotes, never about HEIC, AVIF or JPEG XL (fallback.py says why). The budget
counts what is read of the file, so that the same bytes always give the same opinion; the clock of
the processor is a stop for loops that read nothing.
"""

import io
import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

import exifread
from exifread.core.ifd_tag import IfdTag

from app.readings.disagreements import COMPARED, LONGEST
from app.readings.fallback import Pread

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_READS, _BYTES, _SECONDS = 4000, 16 << 20, 2.0
ERROR = "error"


class OutOfBudget(Exception):
    """exifread wanted more of the file, or of the processor, than an opinion is worth."""


class _Budgeted(Pread):
    """An open file that can be asked only so much."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor)
        self._reads, self._bytes = _READS, _BYTES

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        count = super().readinto(buffer)
        self._reads, self._bytes = self._reads - 1, self._bytes - count
        if min(self._reads, self._bytes) < 0:
            raise OutOfBudget
        return count


def ask_exifread(descriptor: int) -> dict[str, str]:
    """Return what exifread says of the compared tags, or `error` with its name."""
    logging.getLogger("exifread").setLevel(logging.CRITICAL)
    try:
        with _processor_time(), io.BufferedReader(_Budgeted(descriptor)) as file:
            tags = exifread.process_file(file, details=False, extract_thumbnail=False)
    except Exception as error:  # noqa: BLE001 - of hostile bytes anything comes, and it is an answer
        return {ERROR: type(error).__name__}
    return {
        COMPARED[name]: _text(tag)
        for name, tag in tags.items()
        if name in COMPARED and isinstance(tag, IfdTag)
    }


def _text(tag: IfdTag) -> str:
    values = tag.values
    if isinstance(values, bytes):
        return values[:LONGEST].decode("utf-8", "replace")
    if isinstance(values, list):
        return " ".join(str(value) for value in values[:8])
    return str(values)[:LONGEST].encode("utf-8", "replace").decode()


@contextmanager
def _processor_time() -> Iterator[None]:
    before = signal.signal(signal.SIGVTALRM, _out_of_time)
    signal.setitimer(signal.ITIMER_VIRTUAL, _SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _out_of_time(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise OutOfBudget
