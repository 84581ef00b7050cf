"""Refusals about readings."""

from typing import ClassVar
from uuid import UUID

from app.kit.refusals import Refusal


class NotYetRead(Refusal):
    """No earlier transaction committed a reading of this asset."""

    code: ClassVar[str] = "not-yet-read"

    def __init__(self, asset_id: UUID) -> None:
        """Name the asset; the worker reads it by itself."""
        super().__init__(f"Asset {asset_id} was not read yet; the worker does so by itself.")


class RereadingOver(Refusal):
    """The re-reading has ended, so there is nothing to cancel."""

    code: ClassVar[str] = "rereading-over"


class AuthoritiesUnreadable(Refusal):
    """This process cannot read the list of authorities that signers are trusted by."""

    code: ClassVar[str] = "trusted-authorities-unreadable"
    status: ClassVar[int] = 503
