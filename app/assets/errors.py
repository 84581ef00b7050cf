"""Refusals about assets and source systems."""

from typing import ClassVar

from app.kit.refusals import Refusal


class SourceSystemTaken(Refusal):
    """A source system of that code exists with other facts."""

    code: ClassVar[str] = "source-system-exists"


class RootsOverlap(Refusal):
    """The root lies in, or holds, another department's root."""

    code: ClassVar[str] = "storage-roots-overlap"


class RegisteredOtherwise(Refusal):
    """The same source identifier is registered with other facts."""

    code: ClassVar[str] = "registered-otherwise"
