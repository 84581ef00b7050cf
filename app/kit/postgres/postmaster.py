"""Who the postmaster is, whether it lives, and what to do with a pid file that lies."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

from app.kit import clock
from app.kit.postgres import locks, sockets
from app.kit.postgres.errors import PostgresUnavailable
from app.kit.postgres.home import Home

PATIENCE = 30.0  # seconds in which a killed postmaster is reaped and its children end


def living_pid(home: Home) -> int | None:
    """Return the pid of this cluster's postmaster, if it is one and lives."""
    pid = _written_pid(home)
    return pid if pid is not None and _serves(pid, home.cluster) else None


def is_ready(home: Home) -> bool:
    """Say whether the postmaster itself says that it takes connections."""
    lines = _lines(home)  # miscinit.h: line 8 is the status
    return len(lines) > 7 and lines[7].strip() == "ready"


def clear_the_way(home: Home) -> None:
    """Wait for what is left of a killed server; move a pid file aside that names a stranger.

    Only the supervisor may call this, holding the server's lock: then no process that it or one
    before it started is left, and what remains to be ruled out is a server started by hand.

    Raises:
        PostgresUnavailable: something still stands in the way after 30 seconds.
    """
    deadline, pause = time.monotonic() + PATIENCE, 0.1
    while (pid := _written_pid(home)) is not None and _state(pid) is not None:
        patient = time.monotonic() < deadline
        stranger = _state(pid) != "Z" and not _serves(pid, home.cluster)
        # A zombie is waited for, not passed over: init reaps it, except in a container without one.
        in_use = _use_of(home)
        if (stranger or not patient) and in_use is None:
            _set_aside(home, pid)
            return
        if not patient:
            message = f"{in_use} still uses {home.cluster}: end it, then start again."
            raise PostgresUnavailable(message)
        time.sleep(pause)
        pause = min(2 * pause, 2.0)


def end_orphans(home: Home) -> None:
    """Ask the backends of a postmaster that was killed to end; what they committed stays."""
    for pid in _users_of(home.cluster):
        if _serves(pid, home.cluster):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)


def stop(home: Home) -> None:
    """Stop the server: roll back what is open, write a checkpoint; give up being gentle in 60 s."""
    for order, patience in [(signal.SIGINT, 60.0), (signal.SIGQUIT, 10.0)]:
        if (pid := living_pid(home)) is None:
            break
        with suppress(ProcessLookupError):
            os.kill(pid, order)
        deadline = time.monotonic() + patience
        while living_pid(home) == pid and time.monotonic() < deadline:
            time.sleep(0.02)
    with locks.opened(home.server) as lock:
        locks.take(lock, within=PATIENCE)


def _set_aside(home: Home, pid: int) -> None:
    # Renamed, never deleted: should the proof be wrong, the evidence is still there.
    stamp = clock.now().strftime("%Y%m%dT%H%M%SZ")
    (home.cluster / "postmaster.pid").rename(home.path / f"postmaster.pid.{pid}.{stamp}")
    home.note(f"A stale postmaster.pid named process {pid}, which is no server; moved aside.")


def _use_of(home: Home) -> str | None:
    if users := _users_of(home.cluster):
        return f"Process {', '.join(map(str, users))}"
    return None if sockets.refuses(home) else "A server that answers at the socket"


def _users_of(cluster: Path) -> list[int]:
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [pid for pid in pids if _stands_in(pid, cluster)]


def _serves(pid: int, cluster: Path) -> bool:
    return _name(pid) == "postgres" and _stands_in(pid, cluster)


def _stands_in(pid: int, cluster: Path) -> bool:
    """Say whether a living process works in the cluster's folder, as all of a server's do."""
    process = Path(f"/proc/{pid}")
    try:
        return (process / "cwd").samefile(cluster)
    except PermissionError:
        # Without CAP_SYS_PTRACE the processes of others are closed: then take name and owner.
        with suppress(OSError):
            return _name(pid) == "postgres" and process.stat().st_uid == cluster.stat().st_uid
    except OSError:
        pass  # ended meanwhile, or a zombie, which stands nowhere
    return False


def _name(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text("utf-8", "replace").strip()
    return ""


def _state(pid: int) -> str | None:
    try:
        words = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    return words.rpartition(")")[2].split()[0]  # proc_pid_stat(5); the name may hold anything


def _written_pid(home: Home) -> int | None:
    with suppress(IndexError, ValueError):
        return abs(int(_lines(home)[0]))  # negative: a single-user backend
    return None


def _lines(home: Home) -> list[str]:
    with suppress(FileNotFoundError):
        return (home.cluster / "postmaster.pid").read_text("utf-8", "replace").splitlines()
    return []
