"""A byte token says "the same bytes as then" without reading a byte; the two kinds there are."""

import os
from dataclasses import dataclass
from typing import Self
from urllib.parse import quote


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


ByteToken = FileToken | ObjectToken
