"""Refusals of the front door."""

from typing import ClassVar

from app.kit.refusals import Refusal


class ImportTooLarge(Refusal):
    """More lines, or longer ones, than one import takes."""

    code: ClassVar[str] = "import-too-large"
    status: ClassVar[int] = 413


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
