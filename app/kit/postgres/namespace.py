"""Runs a program as an unprivileged id in a user namespace; a script that imports none of ours.

PostgreSQL refuses to run as root. In a namespace that maps root to another id it does run, and
still owns and reaches what root owns, root's own 0700 folders among them.
"""

import ctypes
import os
import subprocess
import sys
from pathlib import Path

CLONE_NEWUSER = 0x10000000  # <linux/sched.h>; os.unshare exists from Python 3.12 on
CLONE_NEWNET = 0x40000000
REFUSED = 125


def wrap(uid: int, gid: int, *, flags: int = CLONE_NEWUSER) -> list[str]:
    """Return the words to put before a command so that it sees itself as this user."""
    # A program of its own and not preexec_fn: unshare needs a process with a single thread.
    return [sys.executable, "-I", "-S", __file__, str(flags), str(uid), str(gid)]


def is_allowed(*, flags: int = CLONE_NEWUSER) -> bool:
    """Try whether this process may make such a namespace; containers often forbid it."""
    nothing = [sys.executable, "-I", "-S", "-c", ""]
    trial = subprocess.run(  # noqa: S603 - our own interpreter, no shell
        [*wrap(1, 1, flags=flags), *nothing], capture_output=True, timeout=30, check=False
    )
    return trial.returncode == 0


def enter(flags: int, uid: int, gid: int) -> None:
    """Move this process into a new namespace in which its user and group have these ids."""
    outer_uid, outer_gid = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(flags) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    own = Path("/proc/self")
    (own / "setgroups").write_text("deny")  # user_namespaces(7): or gid_map may not be written
    (own / "uid_map").write_text(f"{uid} {outer_uid} 1")
    (own / "gid_map").write_text(f"{gid} {outer_gid} 1")


def main() -> None:
    """Read `FLAGS UID GID PROGRAM ARGUMENTS` and become that program."""
    flags, uid, gid, *command = sys.argv[1:]
    try:
        enter(int(flags), int(uid), int(gid))
    except OSError as trouble:
        sys.stderr.write(f"No user namespace: {trouble}\n")
        sys.exit(REFUSED)
    os.execv(command[0], command)  # noqa: S606 - to become the program is the purpose


if __name__ == "__main__":
    main()
