"""The guardian process: keeps the server up while anyone uses it, and stops it after the last."""

import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from app.kit.postgres import cluster, locks, postmaster, reserve
from app.kit.postgres.errors import PostgresUnavailable
from app.kit.postgres.home import Home

POLL = 0.25  # seconds between two looks at server and users
LARGEST_LOG = 10_000_000  # bytes; one older log of this size is kept
FIRST_PAUSE = 0.5  # seconds until the next try to bring a fallen server back, doubled each time
REAPED_WITHIN = 5.0  # seconds
LONGEST_PAUSE = 30.0


def main() -> None:
    """Read `HOME BINARIES`; leave the one who started us as soon as the session is our own."""
    home, told = Home(Path(sys.argv[1])), Path(sys.argv[2]) if sys.argv[2] else None
    if os.fork():
        os._exit(0)
    os.setsid()
    os.chdir("/")
    os.umask(0o077)
    with locks.opened(home.supervision) as lock:
        # Those who ask whether it is free share it for a moment: hence a little patience.
        if locks.take(lock, within=0.5):
            _supervise(home, told)


def _supervise(home: Home, told: Path | None) -> None:
    """Report the first start by closing stderr: whatever was written there is what went wrong."""
    try:
        server = None if _comes_up(home) else cluster.start(home, told)
    except (PostgresUnavailable, OSError) as trouble:
        sys.stderr.write(str(trouble))
        return
    _move_output_to(home.log)
    reserve.keep(home)
    with locks.opened(home.lease) as lease:
        pause = 0.0
        while not locks.take(lease, within=pause):
            server, came = _keep_up(home, told, server)
            pause = 0.0 if came else min(max(2 * pause, FIRST_PAUSE), LONGEST_PAUSE)
            _bound(home.log)
            time.sleep(POLL)
        postmaster.stop(home)
        home.note("The last user has left; the server is stopped.")


def _comes_up(home: Home) -> bool:
    """Adopt the server of a supervisor that was killed, if there is one; wait for its recovery."""
    while postmaster.living_pid(home) is not None:
        if postmaster.is_ready(home):
            return True
        time.sleep(0.1)
    return False


def _keep_up(
    home: Home, told: Path | None, server: "subprocess.Popen[bytes] | None"
) -> tuple["subprocess.Popen[bytes] | None", bool]:
    """Bring the server back if it fell, and say whether it came; a full disk may take hours."""
    if postmaster.living_pid(home) is not None:
        return server, True
    if server is not None:
        # Reaps it, also where it fell this very moment: a zombie's pid keeps a new server away.
        with suppress(subprocess.TimeoutExpired):
            server.wait(REAPED_WITHIN)
    home.note("The server has fallen; starting it again.")
    try:
        server = cluster.start(home, told)
        reserve.keep(home)
    except (PostgresUnavailable, OSError) as trouble:
        home.note(str(trouble).partition("\n")[0])  # what follows is in the log already
        with suppress(OSError):
            reserve.spend(home)
        return None, False
    return server, True


def _move_output_to(log: Path) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for source, target in [(nothing, 0), (file, 1), (file, 2)]:
        os.dup2(source, target)
    os.close(nothing)
    os.close(file)


def _bound(log: Path) -> None:
    """Keep one older log. The server goes on writing to the same open file, hence no rename."""
    with suppress(OSError):  # a full disk must not end the one who mends it
        if log.stat().st_size > LARGEST_LOG:
            log.with_suffix(".log.1").write_bytes(log.read_bytes())
            os.truncate(log, 0)


if __name__ == "__main__":
    main()
