"""A private folder for the socket whose path is short and plain enough for every client."""

import os
import re
import socket
import stat
import tempfile
from pathlib import Path

from app.kit.postgres.errors import PostgresUnavailable
from app.kit.postgres.home import Home

NAME = ".s.PGSQL.5432"
LONGEST = 106  # bytes; sun_path of unix(7) has 108, PostgreSQL stays under 107
PLAIN = re.compile(r"[\w./+-]+", re.ASCII)  # a comma would part two hosts, in libpq and server


def socket_dir_of(home: Home) -> Path:
    """Return the folder in which the server listens, after checking that nobody else owns it.

    Raises:
        PostgresUnavailable: the folder is missing or not private to the server's user.
    """
    folder = home.socket.resolve()
    try:
        found = folder.lstat()
    except FileNotFoundError as trouble:
        message = f"The socket folder {folder} is missing."
        raise PostgresUnavailable(message) from trouble
    private = stat.S_ISDIR(found.st_mode) and stat.S_IMODE(found.st_mode) == 0o700
    if not private or found.st_uid != home.cluster.stat().st_uid:
        message = f"The socket folder {folder} is not private to the server: remove {home.socket}."
        raise PostgresUnavailable(message)
    return folder


def make_socket_dir(home: Home) -> Path:
    """Make the folder, or keep the one there is: clients hold its path while servers change."""
    owner = home.cluster.stat()
    if home.socket.is_symlink() and not home.socket.exists():
        home.socket.unlink()  # the folder it led to was cleaned away
    if home.socket.exists() and home.socket.stat().st_uid != owner.st_uid:
        # The server's user has changed: as when namespaces came to be allowed.
        home.socket.rename(home.socket.with_name(f"socket.of.{home.socket.stat().st_uid}"))
    if not home.socket.exists():
        if fits(home.socket):
            home.socket.mkdir(mode=0o700)
        else:
            home.socket.symlink_to(_make_short_folder())
        os.chown(home.socket, owner.st_uid, owner.st_gid)
    return socket_dir_of(home)


def fits(folder: Path) -> bool:
    """Say whether a socket in this folder can be named by kernel, server and clients alike."""
    return len(os.fsencode(folder / NAME)) <= LONGEST and PLAIN.fullmatch(str(folder)) is not None


def refuses(home: Home) -> bool:
    """Say whether nobody listens at the socket."""
    with socket.socket(socket.AF_UNIX) as knock:
        knock.settimeout(5)
        try:
            knock.connect(str(socket_dir_of(home) / NAME))
        except (ConnectionRefusedError, FileNotFoundError):
            return True
        except OSError:
            return False
    return False


def _make_short_folder() -> Path:
    # Not below /run/user: it is emptied when its user logs out, and the server may outlive that.
    for base in [Path("/run"), Path(tempfile.gettempdir())]:
        if base.is_dir() and os.access(base, os.W_OK) and fits(base / "catalogue-12345678"):
            return Path(tempfile.mkdtemp(prefix="catalogue-", dir=base))
    message = "No folder has a path short enough for a socket: choose a shorter CATALOGUE_DATA_DIR."
    raise PostgresUnavailable(message)
