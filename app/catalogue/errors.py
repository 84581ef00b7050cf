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
