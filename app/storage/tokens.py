"""A byte token says "the same bytes as then" without reading one; a listing can only deny it."""

import os
from dataclasses import dataclass
from typing import Self
from urllib.parse import quote, unquote

_LISTED = "s3list"


@dataclass(frozen=True, slots=True)
class FileToken:
    """What the file system says of one state of one file; times in ns since the epoch."""

    device: int
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int

    def __str__(self) -> str:
        return f"{self.object_key}:{self.size}:{self.mtime_ns}:{self.ctime_ns}"

    @property
    def object_key(self) -> str:
        """Name the physical object: equal for two names of one file (hard link, bind mount)."""
        return f"fs:{self.device}:{self.inode}"

    @classmethod
    def of(cls, stat: os.stat_result) -> Self:
        """Take the token from a stat of an open descriptor, never of a path."""
        return cls(stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)


@dataclass(frozen=True, slots=True)
class ObjectToken:
    """What an object store says of one state of one key; its ETag is a change mark, no digest.

    All its marks count together: a version called `null` is written over, an ETag may be forged by
    whoever can make two files of one MD5, and a date has whole seconds.
    """

    bucket: str
    key: str
    size: int
    modified: int | None  # seconds since the epoch; None: not told
    version: str  # empty: the bucket keeps none
    e_tag: str  # empty: not told

    def __str__(self) -> str:
        marks = (self.size, self.modified, quote(self.version, safe=""), quote(self.e_tag, safe=""))
        return f"s3:{':'.join(map(str, marks))}:{self.bucket}/{self.key}"

    @property
    def object_key(self) -> str:
        """Name the physical object: the key, whatever version it is at and by whatever endpoint."""
        return f"s3:{self.bucket}/{self.key}"


@dataclass(frozen=True, slots=True)
class ListingMark:
    """What a listing says of one object: it can contradict a token and never prove one.

    A listing knows no version, and Swift rounds its dates otherwise than those of the object. The
    mark is of one key at two moments; that two keys have one ETag says nothing of their bytes.
    """

    size: int
    e_tag: str

    def __str__(self) -> str:
        return f"{_LISTED}:{self.size}:{quote(self.e_tag, safe='')}"

    @classmethod
    def parse(cls, said: str) -> Self | None:
        """Read a mark that was kept as text; None: it is something else."""
        kind, _, rest = said.partition(":")
        size, _, e_tag = rest.partition(":")
        if kind != _LISTED or not (size.isascii() and size.isdigit()):
            return None
        return cls(int(size), unquote(e_tag))

    def contradicts(self, byte_token: str) -> bool:
        """Tell whether these bytes cannot be those of a token that was kept as text."""
        kept = byte_token.split(":", 5)
        if len(kept) != 6 or kept[0] != "s3":
            return True
        return (kept[1], kept[4]) != (str(self.size), quote(self.e_tag, safe=""))


ByteToken = FileToken | ObjectToken
