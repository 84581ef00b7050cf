"""Runs the server's programs as the right user, under the lock that tells whether any is left."""

import os
import shutil
import subprocess
from pathlib import Path

from app.kit.postgres.home import Home, can_reach
from app.kit.postgres.identity import choose_identity


class Programs:
    """The server's programs; where they run as another user, copied to where that one can read."""

    def __init__(self, home: Home, folder: Path, lock: int) -> None:
        self._home, self._lock = home, lock
        self.identity = choose_identity()
        self._folder = folder if can_reach(folder, self.identity) else self._copy(folder)

    def run(self, program: str, *words: str) -> "subprocess.Popen[bytes]":
        """Start a program in a session of its own; it holds the server's lock while it lives."""
        user, group = self.identity.demoted_to or (None, None)
        with self._home.log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - programs of ours or of the operator, no shell
                [*self.identity.before, str(self._folder / program), *words],
                env={"LC_ALL": "C.UTF-8", "TZ": "UTC", "PATH": os.defpath},
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[self._lock],
                start_new_session=True,
                user=user,
                group=group,
                extra_groups=None if user is None else [],
            )

    def own(self, folder: Path) -> None:
        """Give a folder with all in it to the server's user, where another one has it."""
        if folder.stat().st_uid == self.identity.owner_uid:
            return
        gid = self.identity.demoted_to[1] if self.identity.demoted_to else os.getegid()
        for path in [*folder.rglob("*"), folder]:
            # A second name may be that of a file elsewhere, planted by the former owner.
            if path.is_dir() or path.lstat().st_nlink == 1:
                os.chown(path, self.identity.owner_uid, gid, follow_symlinks=False)

    def _copy(self, folder: Path) -> Path:
        # Three levels, as in the wheel: its programs find its libraries relative to themselves.
        copy, package = self._home.path / "programs", folder.parents[1]
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(folder.parent, copy / package.name / folder.parent.name, symlinks=True)
        for libraries in package.parent.glob(f"{package.name}.libs"):
            shutil.copytree(libraries, copy / libraries.name, symlinks=True)
        self.own(copy)
        return copy / package.name / folder.parent.name / folder.name
