"""The embedded server on the real thing: who starts it, who stops it, what it survives."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
import psycopg
import pytest
from psycopg.pq import PGconn
from sqlalchemy import create_engine, text

from app.kit.postgres import identity, locks, postmaster, sockets
from app.kit.postgres import lease as lease_module
from app.kit.postgres.binaries import find_binaries
from app.kit.postgres.errors import PostgresUnavailable
from app.kit.postgres.home import Home, open_home
from app.kit.postgres.lease import Cluster, lease

# In memory where there is room: what is proven here is not the disk, and disks are shared.
SHM = Path("/dev/shm")  # noqa: S108 - each test makes a private folder in it
MEMORY = SHM if SHM.is_dir() and shutil.disk_usage(SHM).free > 2**30 else None

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root needs this")

USER = """
import sys
from pathlib import Path
from app.kit.postgres.lease import lease
with lease(Path(sys.argv[1])) as cluster:
    print(cluster.socket_dir, flush=True)
    sys.stdin.read()
"""
# Become root of a namespace that knows all ids but allows no further namespace, as containers do.
WITHOUT_NAMESPACES = """
import ctypes, os, sys
ready, told = os.pipe(), os.pipe()
if (child := os.fork()) == 0:
    assert ctypes.CDLL(None).unshare(0x10000000) == 0
    os.write(ready[1], b"x"), os.read(told[0], 1)
    os.setresgid(0, 0, 0), os.setresuid(0, 0, 0)
    open("/proc/sys/user/max_user_namespaces", "w").write("0")
    os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
os.read(ready[0], 1)
for ids in "uid_map", "gid_map":
    open(f"/proc/{child}/{ids}", "w").write("0 0 65536")
os.write(told[1], b"x")
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.fixture(scope="module")
def seed() -> Iterator[Path]:
    """An archive of a cluster that was used and stopped: quicker unpacked than made."""
    path = Path(tempfile.mkdtemp(prefix="kit-", dir=MEMORY))
    with lease(path):
        pass
    wait_until(lambda: is_stopped(path) and locks.is_free(open_home(path).supervision))
    yield Path(shutil.make_archive(str(path / "seed"), "tar", open_home(path).path, "cluster"))
    shutil.rmtree(path)


@pytest.fixture
def folder(seed: Path) -> Iterator[Path]:
    """A folder with a used cluster; whatever runs in it must have ended by itself."""
    with an_empty_folder() as path:
        subprocess.run(  # noqa: S603 - a fixed program, our own archive
            ["/bin/tar", "-xf", seed, "-C", open_home(path).path], check=True
        )
        yield path


@pytest.fixture
def empty() -> Iterator[Path]:
    with an_empty_folder() as path:
        yield path


@contextmanager
def an_empty_folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="kit-", dir=MEMORY))  # short, as sockets want it
    yield path
    for found in [*path.glob("postgres"), *path.glob("*/postgres")]:
        clear(Home(found.resolve()))
    shutil.rmtree(path)


def clear(home: Home) -> None:
    wait_until(lambda: locks.is_free(home.supervision) and locks.is_free(home.server))
    if home.socket.is_symlink():
        shutil.rmtree(home.socket.resolve())
    shutil.rmtree(home.path)


def wait_until(fact: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


@contextmanager
def a_user_of(data_dir: Path, *before: str, **env: str) -> Iterator["subprocess.Popen[str]"]:
    """Another process that holds the server until its standard input is closed."""
    command = [sys.executable, *before, "-c", USER, str(data_dir)]
    with subprocess.Popen(  # noqa: S603 - our own interpreter
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={
            "PATH": os.defpath,
            "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), *sys.path]),
            **env,
        },
    ) as user:
        assert user.stdout
        assert user.stdout.readline().strip(), "the user got no server"
        yield user


def connect(cluster: Cluster, role: str = "postgres") -> "psycopg.Connection[tuple[object, ...]]":
    place = str(cluster.socket_dir)
    return psycopg.connect(host=place, port=5432, user=role, dbname="postgres", autocommit=True)


def answer(cluster: Cluster, question: str) -> object:
    with connect(cluster) as db:
        row = db.execute(question.encode()).fetchone()
        return row[0] if row else None


def postmaster_of(data_dir: Path) -> int:
    pid = postmaster.living_pid(open_home(data_dir))
    assert pid is not None
    return pid


def supervisor_of(data_dir: Path) -> psutil.Process:
    words = {"app.kit.postgres.supervisor", str(open_home(data_dir).path)}
    everyone = psutil.process_iter(["cmdline"])
    return next(one for one in everyone if words <= set(one.info["cmdline"] or []))


def is_stopped(data_dir: Path) -> bool:
    home = open_home(data_dir)
    return postmaster.living_pid(home) is None and locks.is_free(home.server)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("listen_addresses", ""),
        ("unix_socket_permissions", "0700"),
        ("server_encoding", "UTF8"),
        ("lc_ctype", "C.UTF-8"),
        ("data_checksums", "on"),
        ("synchronous_commit", "on"),
        ("max_connections", "100"),
        ("shared_buffers", "256MB"),
        ("client_connection_check_interval", "5s"),
        ("TimeZone", "UTC"),
    ],
)
def test_the_server_is_set_up_as_designed(cluster: Cluster, setting: str, value: str) -> None:
    if setting == "lc_ctype":  # no longer a setting of the server but a fact of each database
        assert answer(cluster, "SELECT datctype FROM pg_database LIMIT 1") == value
    else:
        assert answer(cluster, f"SHOW {setting}") == value


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    path = Path(tempfile.mkdtemp(prefix="kit-", dir=MEMORY))
    with lease(path) as leased:
        yield leased
    wait_until(lambda: is_stopped(path) and locks.is_free(open_home(path).supervision))
    shutil.rmtree(path)


def test_pg_trgm_takes_chinese_characters_for_letters(cluster: Cluster) -> None:
    with connect(cluster) as db:
        db.execute("CREATE EXTENSION pg_trgm")
        row = db.execute("SELECT cardinality(show_trgm('图像档案'))").fetchone()
    assert row is not None
    assert row[0] == 5


def test_the_one_user_may_be_any_role_whatever_port_the_environment_names(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPORT", "1")
    with connect(cluster) as db:
        db.execute("CREATE ROLE app_reader LOGIN")
    engine = create_engine(cluster.url("app_reader", "postgres"))
    with engine.connect() as reader:
        assert reader.execute(text("SELECT current_user")).scalar_one() == "app_reader"
    engine.dispose()


@root_only
def test_as_root_the_server_runs_in_a_namespace_inside_a_folder_closed_to_others(
    cluster: Cluster,
) -> None:
    inside, outside, _ = (
        Path(f"/proc/{postmaster_of(cluster.data_dir)}/uid_map").read_text().split()
    )
    assert cluster.data_dir.stat().st_mode & 0o777 == 0o700
    assert outside == "0"
    # The overflow id is what every unmapped user looks like to peer authentication.
    assert inside not in {"0", identity.OVERFLOW_UID.read_text().strip()}


@root_only
def test_another_user_of_this_machine_cannot_reach_the_socket(cluster: Cluster) -> None:
    stranger = subprocess.run(  # noqa: S603 - a fixed program
        ["/bin/ls", cluster.socket_dir],
        user=65534,
        group=65534,
        extra_groups=[],
        capture_output=True,
        check=False,
    )
    assert b"Permission denied" in stranger.stderr


def test_two_processes_share_the_server_and_the_last_one_out_stops_it(folder: Path) -> None:
    with a_user_of(folder):
        pid = postmaster_of(folder)
        with a_user_of(folder, PGPORT="1", PGHOST="elsewhere"):
            assert postmaster_of(folder) == pid
        time.sleep(0.8)  # two looks of the supervisor
        assert postmaster_of(folder) == pid
    wait_until(lambda: is_stopped(folder))
    wait_until(lambda: not psutil.pid_exists(pid))


def test_processes_that_come_at_once_to_an_empty_folder_get_one_server(empty: Path) -> None:
    with ThreadPoolExecutor() as pool, ExitStack() as stack:
        crowd = list(pool.map(stack.enter_context, [a_user_of(empty) for _ in range(3)]))
        assert all(one.poll() is None for one in crowd)
        assert (open_home(empty).log.read_text()).count("starting PostgreSQL") == 1


def test_an_arrival_while_the_server_is_being_stopped_gets_a_server(folder: Path) -> None:
    home = open_home(folder)
    for _ in range(3):
        with lease(folder) as cluster:
            assert answer(cluster, "SELECT 1") == 1
        wait_until(lambda: not locks.is_free(home.lease) or is_stopped(folder))


def test_a_user_killed_outright_does_not_keep_the_server(folder: Path) -> None:
    with a_user_of(folder) as user:
        user.kill()
        user.wait()
        wait_until(lambda: is_stopped(folder))


def test_a_killed_postmaster_comes_back_with_every_committed_row(folder: Path) -> None:
    with lease(folder) as cluster:
        with connect(cluster) as db:
            db.execute("CREATE TABLE kept (n int)")
            db.execute("INSERT INTO kept SELECT generate_series(1, 1000)")
        fallen = postmaster_of(folder)
        os.kill(fallen, signal.SIGKILL)
        wait_until(lambda: postmaster.living_pid(open_home(folder)) not in {None, fallen})
        wait_until(lambda: postmaster.is_ready(open_home(folder)))
        assert answer(cluster, "SELECT count(*) FROM kept") == 1000


def test_a_busy_orphan_does_not_keep_a_killed_server_down(folder: Path) -> None:
    with lease(folder) as cluster:
        place = f"host={cluster.socket_dir} port=5432 user=postgres dbname=postgres"
        busy = PGconn.connect(place.encode())
        busy.send_query(b"SELECT count(*) FROM generate_series(1, 10000000000) n")
        time.sleep(0.2)
        fallen = postmaster_of(folder)
        os.kill(fallen, signal.SIGKILL)
        wait_until(lambda: postmaster.living_pid(open_home(folder)) not in {None, fallen}, 10)
        busy.finish()


def test_the_server_of_a_killed_supervisor_is_adopted_by_the_next_arrival(folder: Path) -> None:
    with lease(folder):
        pid = postmaster_of(folder)
        supervisor_of(folder).kill()
    time.sleep(0.8)
    assert postmaster_of(folder) == pid
    with lease(folder):
        assert postmaster_of(folder) == pid
    wait_until(lambda: is_stopped(folder))


def test_server_and_supervisor_killed_together_start_again(folder: Path) -> None:
    with lease(folder) as cluster:
        with connect(cluster) as db:
            db.execute("CREATE TABLE kept AS SELECT 7 AS n")
        supervisor_of(folder).kill()
        os.kill(postmaster_of(folder), signal.SIGKILL)
    with lease(folder) as cluster:
        assert answer(cluster, "SELECT n FROM kept") == 7


def test_server_and_supervisor_killed_together_come_back_for_the_user_who_stays(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease_module, "LOOK", 0.1)
    with lease(folder) as cluster:
        with connect(cluster) as db:
            db.execute("CREATE TABLE kept AS SELECT 7 AS n")
        fallen = postmaster_of(folder)
        supervisor_of(folder).kill()
        os.kill(fallen, signal.SIGKILL)
        wait_until(lambda: postmaster.living_pid(open_home(folder)) not in {None, fallen})
        wait_until(lambda: postmaster.is_ready(open_home(folder)))
        assert answer(cluster, "SELECT n FROM kept") == 7


def test_a_server_that_cannot_come_back_is_tried_again_until_it_can(folder: Path) -> None:
    home = open_home(folder)
    with lease(folder) as cluster:
        (home.cluster / "global" / "pg_control").rename(home.path / "pg_control")
        os.kill(postmaster_of(folder), signal.SIGKILL)
        wait_until(lambda: home.log.read_text().count("starting it again") >= 2)
        (home.path / "pg_control").rename(home.cluster / "global" / "pg_control")
        wait_until(lambda: postmaster.living_pid(home) is not None and postmaster.is_ready(home))
        assert answer(cluster, "SELECT 1") == 1


@pytest.fixture
def sleeper() -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen(["/bin/sleep", "600"]) as program:
        yield program
        program.kill()


def test_a_pid_file_that_names_another_living_program_is_moved_aside(
    folder: Path, sleeper: "subprocess.Popen[bytes]"
) -> None:
    home = open_home(folder)
    (home.cluster / "postmaster.pid").write_text(pid_file(home, sleeper.pid))
    began = time.monotonic()
    with lease(folder) as cluster:
        assert answer(cluster, "SELECT 1") == 1
    assert time.monotonic() - began < postmaster.PATIENCE / 2
    assert sleeper.poll() is None
    assert len(list(home.path.glob(f"postmaster.pid.{sleeper.pid}.*"))) == 1


def test_a_pid_file_stays_while_anyone_stands_in_the_cluster(
    folder: Path, sleeper: "subprocess.Popen[bytes]", monkeypatch: pytest.MonkeyPatch
) -> None:
    home = open_home(folder)
    (home.cluster / "postmaster.pid").write_text(pid_file(home, sleeper.pid))
    monkeypatch.setattr(postmaster, "PATIENCE", 0.3)
    with subprocess.Popen(["/bin/sleep", "600"], cwd=home.cluster) as inside:
        try:
            with pytest.raises(PostgresUnavailable, match=f"Process {inside.pid} still uses"):
                postmaster.clear_the_way(home)
        finally:
            inside.kill()
    assert (home.cluster / "postmaster.pid").exists()


def test_a_pid_file_stays_while_anyone_answers_at_the_socket(
    folder: Path, sleeper: "subprocess.Popen[bytes]", monkeypatch: pytest.MonkeyPatch
) -> None:
    home = open_home(folder)
    (home.cluster / "postmaster.pid").write_text(pid_file(home, sleeper.pid))
    monkeypatch.setattr(postmaster, "PATIENCE", 0.3)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(sockets.make_socket_dir(home) / sockets.NAME))
        server.listen()
        with pytest.raises(PostgresUnavailable, match="answers at the socket"):
            postmaster.clear_the_way(home)
    assert (home.cluster / "postmaster.pid").exists()


def test_a_zombie_is_waited_for_before_its_pid_file_is_moved_aside(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = open_home(folder)
    sockets.make_socket_dir(home)
    monkeypatch.setattr(postmaster, "PATIENCE", 0.6)
    with subprocess.Popen(["/bin/sleep", "0"]) as zombie:
        wait_until(lambda: psutil.Process(zombie.pid).status() == psutil.STATUS_ZOMBIE)
        (home.cluster / "postmaster.pid").write_text(pid_file(home, zombie.pid))
        began = time.monotonic()
        postmaster.clear_the_way(home)
    assert time.monotonic() - began >= postmaster.PATIENCE
    assert len(list(home.path.glob(f"postmaster.pid.{zombie.pid}.*"))) == 1


def pid_file(home: Home, pid: int) -> str:
    return f"{pid}\n{home.cluster}\n1\n5432\n{home.socket}\n\n  1 1\nready   \n"


def test_a_path_too_long_for_a_socket_gets_a_private_short_folder(empty: Path) -> None:
    with lease(empty / ("n" * 90)) as cluster:
        assert answer(cluster, "SELECT 1") == 1
        assert len(os.fsencode(cluster.socket_dir / sockets.NAME)) < 107
        assert cluster.socket_dir.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("path", "fit"),
    [("/a/b-c.d/e_f", True), ("/a,b", False), ("/图像", False), ("/" + "n" * 92, False)],
    ids=["plain", "a comma parts hosts", "not ASCII", "107 bytes"],
)
def test_a_socket_folder_has_a_path_that_all_clients_can_name(path: str, fit: bool) -> None:
    assert sockets.fits(Path(path)) is fit


def test_a_socket_folder_open_to_others_is_refused(folder: Path) -> None:
    home = open_home(folder)
    home.socket.mkdir()
    home.socket.chmod(0o755)
    with pytest.raises(PostgresUnavailable, match="not private"), lease(folder):
        pass


def test_a_cluster_of_another_major_version_is_refused(folder: Path) -> None:
    home = open_home(folder)
    (home.cluster / "PG_VERSION").write_text("17\n")
    with pytest.raises(PostgresUnavailable, match="was made by PostgreSQL 17"), lease(folder):
        pass


def test_what_a_killed_initdb_left_is_not_taken_for_a_cluster(empty: Path) -> None:
    home = open_home(empty)
    (home.path / "cluster.unfinished" / "base").mkdir(parents=True)
    (home.path / "cluster.unfinished" / "PG_VERSION").write_text("18\n")
    with lease(empty) as cluster:
        assert answer(cluster, "SELECT 1") == 1
    assert not (home.path / "cluster.unfinished").exists()


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("echo 'postgres (PostgreSQL) 17.4'", "is 17; 18 or later"),
        ("exit 3", "does not run"),
        ("echo hello", "does not say its version"),
        (None, "No PostgreSQL server programs in"),
    ],
)
def test_programs_that_cannot_serve_are_refused_and_not_passed_over(
    tmp_path: Path, script: str | None, sentence: str
) -> None:
    if script:
        (tmp_path / "postgres").write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "postgres").chmod(0o755)
    with pytest.raises(PostgresUnavailable, match=sentence):
        find_binaries(tmp_path)


@root_only
@pytest.mark.parametrize("mode", [0o755, 0o700], ids=["reachable", "closed"])
def test_without_namespaces_root_has_the_server_run_as_an_existing_user(
    empty: Path, mode: int
) -> None:
    empty.chmod(mode)
    with a_user_of(empty, "-c", WITHOUT_NAMESPACES):
        assert psutil.Process(postmaster_of(empty)).uids().effective != 0
        home = open_home(empty)
        assert ((empty / "postgres").is_symlink(), home.path.stat().st_uid) == (mode == 0o700, 0)
        assert "User namespaces are refused" in home.log.read_text()
    wait_until(lambda: is_stopped(empty))
