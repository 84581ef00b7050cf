"""Refusals about pairs."""

from typing import ClassVar

from app.kit.refusals import Refusal


class AlreadyDismissed(Refusal):
    """The department has dismissed this pair on the same evidence before."""

    code: ClassVar[str] = "already-dismissed"


class ExactIsNoOpinion(Refusal):
    """Equal bytes are a fact, which nobody dismisses."""

    code: ClassVar[str] = "exact-not-dismissed"
