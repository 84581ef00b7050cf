"""Refusals of the front door."""

from typing import ClassVar

from app.kit.refusals import Refusal


class ImportTooLarge(Refusal):
    """More bytes or lines than one import takes, or packed as no list of images is."""

    code: ClassVar[str] = "import-too-large"
    status: ClassVar[int] = 413


class LineTooLong(Refusal):
    """A line is longer than a registration can be; it was not kept."""

    code: ClassVar[str] = "line-too-long"


class EncodingUnknown(Refusal):
    """The body is packed in a way that this service does not unpack."""

    code: ClassVar[str] = "encoding-unknown"
    status: ClassVar[int] = 415


class ImportOtherwise(Refusal):
    """This key named another import before: another length, or another scan."""

    code: ClassVar[str] = "import-otherwise"
    status: ClassVar[int] = 422


class ImportGap(Refusal):
    """The part that was sent does not follow what was received."""

    code: ClassVar[str] = "import-gap"
    status: ClassVar[int] = 416


class ImportInProgress(Refusal):
    """Another connection sends the same import at the same time, cut otherwise."""

    code: ClassVar[str] = "import-in-progress"


class OperationOver(Refusal):
    """The work has ended; nothing more can be sent to it or stopped in it."""

    code: ClassVar[str] = "operation-over"


class MoveUndecided(Refusal):
    """The file looks like one that is known elsewhere, and that place does not answer."""

    code: ClassVar[str] = "move-undecided"


class TooManyAlike(Refusal):
    """More records than one piece of work changes alike."""

    code: ClassVar[str] = "too-many-alike"


class DeletionNotHere(Refusal):
    """Nothing is deleted by address: disposal is a case that people sign."""

    code: ClassVar[str] = "deletion-not-here"
    status: ClassVar[int] = 405
    headers: ClassVar[dict[str, str]] = {"Allow": "GET"}


class ContentChanged(Refusal):
    """The bytes are no longer those that were read."""

    code: ClassVar[str] = "content-changed"


class RangeNotThere(Refusal):
    """The content has no byte in the range that was asked for."""

    code: ClassVar[str] = "range-not-there"
    status: ClassVar[int] = 416

    def __init__(self, detail: str, size: int) -> None:
        """Say how long the content is."""
        super().__init__(detail)
        self.headers = {"Content-Range": f"bytes */{size}"}


class QueryMalformed(Refusal):
    """The question cannot be read, or asks for what is not searched for."""

    code: ClassVar[str] = "query-malformed"
    status: ClassVar[int] = 400

    def __init__(self, why: str, place: int) -> None:
        """Keep the place, counted in characters from 0."""
        self.place = place
        told = f"{why} (position {place})."
        super().__init__(told, pointers={"/query/q": told})
