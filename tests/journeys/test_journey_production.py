"""What compose.yaml runs, run here against one PostgreSQL with passwords: two web, two workers."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from house import MEMORY, Caller, wait_for
from images import draw

from app.cli.demo_people import Cast, add_system
from app.cli.processes import await_ready, free_port
from app.cli.remote import Remote
from app.kit.postgres.binaries import find_binaries
from app.kit.postgres.home import open_home
from app.kit.postgres.programs import Programs

Process = subprocess.Popen[bytes]
ROOT = Path(__file__).parents[2]
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))[
    "services"
]


class Town:
    """The services of compose.yaml as processes, each with its own secrets alone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sources = folder / "sources"
        self.secrets = folder / "secrets"
        self.sources.mkdir()
        subprocess.run([ROOT / "docker" / "make-secrets.sh", self.secrets], check=True)  # noqa: S603
        self.database_port = free_port()
        measured = os.getenvb(b"COVERAGE_PROCESS_CONFIG")
        self.watched = {"COVERAGE_PROCESS_CONFIG": os.fsdecode(measured)} if measured else {}

    def command(self, service: str) -> list[str]:
        """Return what the file runs, the secrets' folder being ours."""
        words = SERVICES[service]["command"]
        return [word.replace("/run/secrets", str(self.own(service))) for word in words]

    def own(self, service: str) -> Path:
        """Lay out a service's secrets as its container sees them."""
        place = self.folder / "run" / service
        place.mkdir(parents=True, exist_ok=True)
        for one in SERVICES[service]["secrets"]:
            (place / one["target"]).write_bytes((self.secrets / one["source"]).read_bytes())
        return place

    def told(self, service: str, **more: str) -> dict[str, str]:
        """Return the service's surroundings, its database being ours."""
        given = {
            name: str(value).replace("@database:5432", f"@127.0.0.1:{self.database_port}")
            for name, value in SERVICES[service]["environment"].items()
        }
        ours = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}",
            "CATALOGUE_SECRETS_DIR": str(self.own(service)),
            "CATALOGUE_ALLOWED_ROOTS": str(self.sources),
            "CATALOGUE_DATA_DIR": str(self.folder / "data"),
        }
        return given | ours | self.watched | more

    @contextmanager
    def running(
        self, service: str, number: int, **more: str
    ) -> Iterator["subprocess.Popen[bytes]"]:
        """Run a service until the block ends; asked to end, it ends in order."""
        place = self.folder / f"{service}-{number}"
        place.mkdir()
        with (place / "serve.log").open("wb") as log:
            child = subprocess.Popen(  # noqa: S603 - what the file says
                self.command(service), cwd=place, env=self.told(service, **more), stderr=log
            )
        try:
            yield child
        finally:
            child.terminate()
            # uvicorn ends in order, then by the signal itself, as its parent expects.
            assert child.wait(30) in {0, -15}, (place / "serve.log").read_text()[-2000:]

    def once(self, service: str, *words: str, **more: str) -> "subprocess.CompletedProcess[str]":
        """Run a command in a service's surroundings."""
        return subprocess.run(  # noqa: S603 - what the file says
            words or self.command(service),
            cwd=self.folder,
            env=self.told(service, **more),
            capture_output=True,
            text=True,
            check=False,
        )


@contextmanager
def a_postgresql(town: Town) -> Iterator[None]:
    """Stand in for the image of PostgreSQL: TCP on the loopback, a password for everybody."""
    home = open_home(town.folder)
    secret = home.path / "administrator"
    secret.write_bytes((town.secrets / "administrator").read_bytes())
    with (home.path / "lock").open("w") as lock:
        programs = Programs(home, find_binaries(None), lock.fileno())
        home.cluster.mkdir(mode=0o700)
        for path in (home.cluster, secret):
            programs.own(path)
        home.path.chmod(0o711 if programs.identity.demoted_to else 0o700)
        words = "--username=postgres", f"--pwfile={secret}", "--auth=scram-sha-256", "--no-sync"
        assert programs.run("initdb", "-D", str(home.cluster), *words).wait() == 0, home.tail()
        options = {
            "port": town.database_port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "fsync": "off",
        }
        settings = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        server = programs.run("postgres", "-D", str(home.cluster), *settings)
        try:
            wait_for(lambda: answers(town))
            yield
        finally:
            server.send_signal(2)
            server.wait(30)


def answers(town: Town) -> bool:
    """Tell whether the administrator gets in, by the password alone."""
    secret = (town.secrets / "administrator").read_text()
    place = f"host=127.0.0.1 port={town.database_port} user=postgres dbname=postgres"
    try:
        psycopg.connect(place, password=secret, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


@pytest.fixture
def town() -> Iterator[Town]:
    """A prepared database, as the one-shot service leaves it."""
    with tempfile.TemporaryDirectory(prefix="town-", dir=MEMORY) as folder:
        made = Town(Path(folder))
        with a_postgresql(made):
            done = made.once("prepare")
            assert done.returncode == 0, done.stderr
            yield made


STORE = {
    "code": "store",
    "department": "archive",
    "label": {"en": "Store"},
    "custody_kind": "department",
    "failure_domain": "a shelf",
    "removable": False,
    "custody_ends_on": "none",
}


@pytest.mark.timeout(300)  # some ten processes start, each in its turn
def test_what_compose_runs_registers_here_and_answers_there(town: Town) -> None:
    alive = [str(town.folder / f"worker-{n}.alive") for n in range(2)]
    urls = [f"http://127.0.0.1:{free_port()}" for _ in range(2)]
    with ExitStack() as held:
        for number, url in enumerate(urls):
            port = {"CATALOGUE_PORT": url.rpartition(":")[2]}
            web = held.enter_context(town.running("web", number, **port))
            await_ready(url, web, town.folder / f"web-{number}")
        for number, file in enumerate(alive):
            held.enter_context(town.running("worker", number, CATALOGUE_ALIVE_FILE=file))
        key = town.once("web", "catalogue", "key", "create", "--person", "O", "--role", "operator")
        with Remote(urls[0], key.stdout.strip()) as operator:
            facts = {"code": "archive", "label": {"en": "Archive"}, "body_kind": "other"}
            operator.post("/v1/departments", facts)
            add_system(operator, STORE | {"root": f"{town.sources.as_uri()}/"})
            with Cast(urls[0], operator).give("R", "registrar", "archive") as given:
                registrar = given.key
        (town.sources / "tram.jpg").write_bytes(draw(1, {"description": "A tram"}))
        said = {
            "source_system": "store",
            "source_identifier": "tram.jpg",
            "location": "tram.jpg",
            "original_name": "tram.jpg",
            "legal_status": ["undetermined"],
        }
        asset = Caller(urls[0], registrar).send("/v1/assets", said)["asset_id"]
        there = Caller(urls[1], registrar)
        path = f"/v1/assets/{asset}/fingerprints"
        wait_for(lambda: len(there.ask("GET", path)["items"]) == 1)
        wait_for(lambda: Path(alive[0]).exists() and Path(alive[1]).exists())
        check = SERVICES["worker"]["healthcheck"]["test"][1:]
        told = town.once("worker", *check, CATALOGUE_ALIVE_FILE=alive[1])
        assert told.returncode == 0, told.stderr
