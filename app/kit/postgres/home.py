"""The embedded server's own folder in the data directory, and what lies where in it."""

import os
import stat
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from app.kit import clock
from app.kit.postgres.errors import PostgresUnavailable
from app.kit.postgres.identity import Identity, choose_identity

REACHABLE_BASE = Path("/var/lib")  # Filesystem Hierarchy Standard 3.0, 5.8: state of programs


@dataclass(frozen=True)
class Home:
    """Where everything of the embedded server lies; the folder is private to one user."""

    path: Path

    @property
    def cluster(self) -> Path:
        """Return what PostgreSQL calls its data directory."""
        return self.path / "cluster"

    @property
    def configuration(self) -> Path:
        """Return the folder of the files that tell the server what to do."""
        return self.path / "configuration"

    @property
    def socket(self) -> Path:
        """Return the socket's folder, or the link to it where this path is too long."""
        return self.path / "socket"

    @property
    def log(self) -> Path:
        """Return the file in which server and supervisor tell what they do."""
        return self.path / "server.log"

    @property
    def lease(self) -> Path:
        """Return the lock that each user of the server shares."""
        return self.path / "lease.lock"

    @property
    def supervision(self) -> Path:
        """Return the lock that the one supervisor holds."""
        return self.path / "supervisor.lock"

    @property
    def server(self) -> Path:
        """Return the lock that every process of the server inherits: free means none is left."""
        return self.path / "server.lock"

    @property
    def reserve(self) -> Path:
        """Return the file that only takes up room, for the day on which the disk is full."""
        return self.path / "reserve"

    def note(self, sentence: str) -> None:
        """Add a line to the log; a full disk must not end the one who mends it."""
        with suppress(OSError), self.log.open("a", encoding="utf-8") as log:
            log.write(f"{clock.now():%Y-%m-%d %H:%M:%S} UTC supervisor: {sentence}\n")

    def tail(self, lines: int = 15) -> str:
        """Return the end of the log, for the one who must mend it."""
        if not self.log.exists():
            return "(no log yet)"
        with self.log.open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - 8192))
            return "\n".join(log.read().decode("utf-8", "replace").splitlines()[-lines:])


def open_home(data_dir: Path) -> Home:
    """Make the folder, or check that the one found is private to the user who asks.

    Raises:
        PostgresUnavailable: it cannot be made, or it is another user's.
    """
    path = data_dir / "postgres"
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _make(path)
        path = path.resolve()
        found = path.stat()
    except OSError as trouble:
        message = f"The embedded PostgreSQL cannot have a folder in {data_dir}: {trouble}."
        raise PostgresUnavailable(message) from trouble
    if os.geteuid() not in {0, found.st_uid}:
        message = f"{path} belongs to user id {found.st_uid}: run the catalogue as that user."
        raise PostgresUnavailable(message)
    if found.st_mode & 0o066:  # passing through is allowed: a demoted server has to
        path.chmod(0o700)
    return Home(path)


def _make(path: Path) -> None:
    if os.geteuid() == 0:
        identity = choose_identity()
        if identity.demoted_to and not can_reach(path.parent, identity):
            _link_to_reachable_folder(path)
            return
    path.mkdir(mode=0o700, exist_ok=True)


def _link_to_reachable_folder(path: Path) -> None:
    real = Path(tempfile.mkdtemp(prefix="catalogue-postgres-", dir=REACHABLE_BASE))
    try:
        path.symlink_to(real)
    except FileExistsError:  # another process was quicker; its folder is as good
        real.rmdir()


def can_reach(folder: Path, identity: Identity) -> bool:
    """Say whether the user the server is demoted to may pass through all of a folder's parents."""
    if identity.demoted_to is None:
        return True
    uid, gid = identity.demoted_to
    return all(_may_enter(part, uid, gid) for part in [folder.resolve(), *folder.resolve().parents])


def _may_enter(folder: Path, uid: int, gid: int) -> bool:
    found = folder.stat()
    if found.st_uid == uid:
        return bool(found.st_mode & stat.S_IXUSR)
    return bool(found.st_mode & (stat.S_IXGRP if found.st_gid == gid else stat.S_IXOTH))
