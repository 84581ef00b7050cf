"""Why bytes cannot be had from where they are said to lie."""

from typing import ClassVar

from app.kit.refusals import Refusal


class LocationMalformed(Refusal):
    """A location or root that cannot name a file, whatever the disk holds."""

    code: ClassVar[str] = "location-malformed"
    status: ClassVar[int] = 422


class NotThere(Refusal):
    """The reachable storage says that nothing has this name."""

    code: ClassVar[str] = "location-not-there"


class NotAFile(Refusal):
    """Something has this name, but it is no regular file, or a link stands on the way."""

    code: ClassVar[str] = "location-not-a-file"


class Supplanted(NotAFile):
    """A folder, pipe, socket or device has this name: no file has it, nor a link to one."""


class OutsideRoots(Refusal):
    """The folder lies in none of the folders that this installation may read."""

    code: ClassVar[str] = "location-outside-roots"


class Unreachable(Refusal):
    """The storage did not answer or did not let us look: that says nothing about the file."""

    code: ClassVar[str] = "storage-unreachable"


class KeepFull(Refusal):
    """The storage that uploads are kept in has no room for more."""

    code: ClassVar[str] = "keep-full"
    status: ClassVar[int] = 507


class KeepUnavailable(Refusal):
    """The storage that uploads are kept in did not answer or did not let us write."""

    code: ClassVar[str] = "keep-unavailable"
    status: ClassVar[int] = 503
    headers: ClassVar[dict[str, str]] = {"Retry-After": "10"}
