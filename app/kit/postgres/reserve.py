"""Room kept back on the server's disk, given up when the server cannot come back without it."""

import os
import shutil
from contextlib import suppress

from app.kit.postgres.home import Home

SIZE = 48 * 2**20  # bytes: three segments of the write-ahead log, more than a recovery needs
PLENTY = 8 * SIZE  # below that much free room nothing is kept back


def keep(home: Home) -> None:
    """Keep room back unless it is kept already, or there is little."""
    unfinished = home.reserve.with_name("reserve.unfinished")
    if home.reserve.exists() or shutil.disk_usage(home.path).free < PLENTY:
        return
    with suppress(OSError):
        with unfinished.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, SIZE)
        unfinished.rename(home.reserve)


def spend(home: Home) -> None:
    """Give the room up if the disk is full, so that the server can at least be read from."""
    if home.reserve.exists() and shutil.disk_usage(home.path).free < SIZE:
        home.reserve.unlink()
        home.note("The disk is full; the reserve is given up for the server. Make room.")
