"""A full disk ends in clear refusals, loses nothing, and is over by itself once there is room."""

import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
from house import MEMORY, House, wait_for
from traffic import a_registrar, traffic

from app.cli.processes import await_ready
from app.kit.postgres import locks
from app.kit.postgres.home import Home

SIZE = "480m"
KNOWN = "SELECT source_identifier FROM assets"
DONE = "SELECT count(*) FROM fingerprints"
FILL = "SELECT pg_logical_emit_message(true, 'test', 'full'), pg_switch_wal()"
# The small disk is seen by this process tree alone, and gone with it.
MOUNT = 'mount -t tmpfs -o size="$1",mode=0700 tmpfs "$2" && shift 2 && exec "$@"'
APART = ["unshare", "--mount", "--propagation", "private", "sh", "-euc", MOUNT, "sh"]


class SmallDisk:
    """A disk in memory that only the house's processes see; we look at it through one of them."""

    def __init__(self, place: Path) -> None:
        self.holder = subprocess.Popen([*APART, SIZE, place, "/bin/sleep", "600"])  # noqa: S603
        self.root = Path(f"/proc/{self.holder.pid}/root")
        self.inside = self.root / place.relative_to("/")
        wait_for(lambda: self.inside.stat().st_dev != place.stat().st_dev)

    def fill(self) -> None:
        """Leave no room at all."""
        with (self.inside / "ballast").open("ab", buffering=0) as ballast, suppress(OSError):
            while ballast.write(bytes(65536)):
                pass

    def clear(self) -> None:
        """Make room again."""
        (self.inside / "ballast").unlink()


def may_mount() -> bool:
    """Say whether this machine lets us mount where nobody else sees it."""
    with tempfile.TemporaryDirectory() as folder:
        trial = subprocess.run([*APART, "1m", folder, "true"], capture_output=True, check=False)  # noqa: S603
        return trial.returncode == 0


@pytest.fixture
def disk() -> Iterator[tuple[House, SmallDisk]]:
    """A house whose database lies on a small disk."""
    with tempfile.TemporaryDirectory(prefix="disk-", dir=MEMORY) as folder:
        house = House(Path(folder) / "house")
        place = house.home / "postgres"
        place.mkdir(mode=0o700)
        small = SmallDisk(place)
        house.before = ["nsenter", "--target", str(small.holder.pid), "--mount"]
        house.seen = small.root / house.home.relative_to("/")
        with house.running("serve") as web:
            await_ready(house.url, web, house.home)
            yield house, small
        while not locks.is_free(Home(small.inside).supervision):
            time.sleep(0.05)
        small.holder.kill()
        small.holder.wait()


def fall_for_want_of_room(house: House) -> None:
    """Ask for new segments of the log until the server cannot have one, and ends."""
    fallen = house.postmaster()
    for _ in range(100):
        try:
            house.find(FILL)
        except psycopg.OperationalError:
            break
    assert fallen


@pytest.mark.skipif(not may_mount(), reason="no private mounts here")
def test_a_full_disk_refuses_clearly_loses_nothing_and_is_over_by_itself(
    disk: tuple[House, SmallDisk],
) -> None:
    house, small = disk
    caller = a_registrar(house)
    reserve = Home(small.inside).reserve
    wait_for(reserve.exists)
    with house.running("worker") as worker:
        with traffic(house, caller) as told:
            wait_for(lambda: len(told.acknowledged) > 5)
            small.fill()
            wait_for(lambda: (503, "storage-full", "30") in told.refused)
            fall_for_want_of_room(house)
            wait_for(lambda: not reserve.exists())  # given up, so that the server comes back
            wait_for(lambda: house.postmaster() is not None)
            small.fill()
            small.clear()
            before = len(told.acknowledged)
            wait_for(lambda: len(told.acknowledged) > before + 5)
        wait_for(lambda: house.find(DONE) == [(len(told.acknowledged),)])
        assert worker.poll() is None
    assert {one[0] for one in house.find(KNOWN)} >= set(told.acknowledged)
    assert {(status, code) for status, code, _ in told.refused} <= {
        (503, "storage-full"),
        (503, "database-unavailable"),
    }
    assert all(later for *_, later in told.refused)
    assert "unforeseen" not in house.words("serve.log")
