"""Refusals about small pictures."""

from typing import ClassVar

from app.kit.refusals import Refusal


class ThumbnailAwaited(Refusal):
    """Nothing may be decoded before the image was read and fingerprinted."""

    code: ClassVar[str] = "thumbnail-awaited"
    headers: ClassVar[dict[str, str]] = {"Retry-After": "5"}


class ThumbnailTooLarge(Refusal):
    """The picture is larger than what is decoded here."""

    code: ClassVar[str] = "thumbnail-too-large"


class ThumbnailUndecodable(Refusal):
    """No small picture can be made of these bytes."""

    code: ClassVar[str] = "thumbnail-undecodable"
