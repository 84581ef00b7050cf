"""A byte token says "the same bytes as then" without reading a byte."""

import os
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class ByteToken:
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
