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


class ContentAlreadyThere(Refusal):
    """The asset has its content: kept here, or registered where it lies."""

    code: ClassVar[str] = "content-already-there"


class UploadOffset(Refusal):
    """The part does not begin where the upload stands."""

    code: ClassVar[str] = "upload-offset"

    def __init__(self, detail: str, offset: int) -> None:
        """Say in a header too where the next part begins."""
        super().__init__(detail)
        self.headers = {"Upload-Offset": str(offset), "Upload-Complete": "?0"}


class UploadDiffers(Refusal):
    """What is sent contradicts what was sent of the same upload."""

    code: ClassVar[str] = "upload-differs"


class UploadEnded(Refusal):
    """The upload was given up, or another one took its place, while this part came."""

    code: ClassVar[str] = "upload-ended"


class RegistrationWithdrawn(Refusal):
    """The registration was taken back; what it said stays, and nothing new is said of it."""

    code: ClassVar[str] = "registration-withdrawn"


class IdentityTaken(Refusal):
    """Another asset is, or was, known by this name."""

    code: ClassVar[str] = "identity-taken"


class CopyDiffers(Refusal):
    """What lies at the new place is not as long as what was read."""

    code: ClassVar[str] = "copy-differs"


class AssetInUse(Refusal):
    """Something still relies on the asset."""

    code: ClassVar[str] = "asset-in-use"


class ContentAwaited(Refusal):
    """The asset's content is still to be uploaded."""

    code: ClassVar[str] = "content-awaited"
