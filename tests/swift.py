"""A real OpenStack Swift with its s3api on loopback: four processes that end with this one.

It is installed once into an environment of its own, which a run of tests only borrows: nothing of
the product may depend on it.
"""

import base64
import fcntl
import json
import os
import pwd
import socket
import subprocess
import time
import venv
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import httpx2
from pydantic import SecretStr

from app.storage.s3 import Access, signed

ROOT = Path(__file__).parents[1]
HOME = ROOT / "build" / "swift-venv"
PINNED = ROOT / "requirements" / "swift.txt"
STARTING_SECONDS = 100
INSTALLING_SECONDS = 900
# A server left alone would live on: the kernel ends it with the thread that started it.
LAUNCH = (
    "import ctypes, runpy, sys; ctypes.CDLL(None).prctl(1, 9); sys.argv = sys.argv[1:];"
    " runpy.run_path(sys.argv[0], run_name='__main__')"
)
RINGS = """
import json, sys
from swift.common.ring import RingBuilder
folder, ports = sys.argv[1], json.loads(sys.argv[2])
for server, port in ports.items():
    builder = RingBuilder(0, 1, 1)
    place = {"region": 1, "zone": 1, "weight": 1, "ip": "127.0.0.1", "device": "disk"}
    builder.add_dev(place | {"id": 0, "port": port})
    builder.rebalance()
    builder.get_ring().save(f"{folder}/{server}.ring.gz")
"""
COMMON = """
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
user = {user}
swift_dir = {folder}
devices = {folder}/disks
mount_check = false
fallocate_reserve = 0
log_udp_host = 127.0.0.1
log_udp_port = 9
log_level = ERROR
"""
STORAGE = """
[pipeline:main]
pipeline = {server}-server
[app:{server}-server]
use = egg:swift#{server}
recon_cache_path = {folder}/recon
"""
PROXY = """
[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck cache listing_formats bulk s3api tempauth copy slo
  dlo versioned_writes symlink proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:healthcheck]
use = egg:swift#healthcheck
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:9
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:bulk]
use = egg:swift#bulk
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
force_swift_request_proxy_log = false
[filter:tempauth]
use = egg:swift#tempauth
fernet_key_test = {fernet}
active_fernet_key_id = test
user_city_owner = {owner} .admin
user_city_reader = {reader}
user_city_stranger = {stranger}
[filter:copy]
use = egg:swift#copy
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
[filter:symlink]
use = egg:swift#symlink
[filter:versioned_writes]
use = egg:swift#versioned_writes
allow_object_versioning = true
"""
KEYS = {"owner": "owner-of-buckets", "reader": "reads-only", "stranger": "nothing-at-all"}


@dataclass(slots=True)
class Swift:
    """A store with an owner, a reader who may read what it is given, and a stranger."""

    address: str
    folder: Path
    _token: str = ""
    _client: httpx2.Client = field(default_factory=lambda: httpx2.Client(timeout=30))

    def access(self, who: str = "owner") -> Access:
        """Return what one of its users needs to speak to it."""
        return Access(
            endpoint=self.address,
            region="us-east-1",
            path_style=True,
            ca_file=None,
            silence_seconds=10,
            object_seconds=60,
            key_id=f"city:{who}",
            secret=SecretStr(KEYS[who]),
            session_token=None,
        )

    def settings(self, who: str = "reader") -> dict[str, str]:
        """Return the environment of a catalogue that reads as one of its users."""
        return {
            "CATALOGUE_S3_ENDPOINT": self.address,
            "CATALOGUE_S3_ACCESS_KEY_ID": f"city:{who}",
            "CATALOGUE_S3_SECRET_ACCESS_KEY": KEYS[who],
        }

    def ask(
        self,
        method: str,
        bucket: str,
        key: str = "",
        query: str = "",
        body: bytes = b"",
        who: str = "owner",
    ) -> httpx2.Response:
        """Ask it by S3, signed."""
        url = signed(self.access(who), method, bucket, key, query)
        return self._client.request(method, url, content=body)

    def a_bucket(self, name: str, *, versions: bool = False) -> str:
        """Make a bucket that the reader may list and read, and nothing else."""
        assert self.ask("PUT", name).status_code == 200
        if versions:
            body = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
            assert self.ask("PUT", name, query="versioning=", body=body).status_code == 200
        self.let_read(name, "city:reader")
        return name

    def let_read(self, bucket: str, who: str) -> None:
        """Say by Swift's own API who may list and read a bucket."""
        self._swift("POST", bucket, {"X-Container-Read": who})

    def put(self, bucket: str, key: str, content: bytes) -> None:
        """Keep an object, as its owner."""
        answer = self.ask("PUT", bucket, key, body=content)
        assert answer.status_code == 200, answer.text

    def remove(self, bucket: str, key: str) -> None:
        """Remove an object, as its owner."""
        assert self.ask("DELETE", bucket, key).status_code == 204

    def state(self, bucket: str) -> object:
        """Return all that the store says of a bucket's objects: names, marks, dates, versions."""
        listing = self._swift("GET", f"{quote(bucket)}?format=json&versions=true", {})
        return listing.json()

    def _swift(self, method: str, path: str, headers: Mapping[str, str]) -> httpx2.Response:
        if not self._token:
            who = {"X-Auth-User": "city:owner", "X-Auth-Key": KEYS["owner"]}
            answer = self._client.get(f"{self.address}/auth/v1.0", headers=who)
            self._token = answer.headers["X-Auth-Token"]
        url = f"{self.address}/v1/AUTH_city/{path}"
        answer = self._client.request(method, url, headers={"X-Auth-Token": self._token, **headers})
        assert answer.is_success, answer.text
        return answer

    def close(self) -> None:
        """Give back the connections."""
        self._client.close()


def installed() -> Path:
    """Return Swift's environment, made on the first call on a machine.

    What fails here fails the tests: a store that could not be tried was not tried.
    """
    HOME.parent.mkdir(exist_ok=True)
    with (HOME.parent / "swift-venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ready = HOME / ".ready"
        if not ready.exists() or ready.read_text() != PINNED.read_text():
            venv.create(HOME, with_pip=True, clear=True)
            pip = [str(HOME / "bin/python"), "-m", "pip", "-qq", "--disable-pip-version-check"]
            command = [*pip, "--no-input", "install", "-r", str(PINNED)]
            subprocess.run(  # noqa: S603 - our own pins
                command, check=True, timeout=INSTALLING_SECONDS, capture_output=True
            )
            ready.write_text(PINNED.read_text())
    return HOME


@contextmanager
def serving_swift(folder: Path) -> Iterator[Swift]:
    """Start a store whose disk is a folder; stop it afterwards, whatever happened."""
    python = installed() / "bin" / "python"
    ports = configure(folder, python)
    with ExitStack() as stack:
        for server in ports:
            stack.enter_context(running(server, folder, python))
        swift = Swift(f"http://127.0.0.1:{ports['proxy']}", folder)
        stack.enter_context(closing(swift))
        await_health(swift, folder)
        yield swift


def configure(folder: Path, python: Path) -> dict[str, int]:
    """Write rings and settings of the four servers; return their ports."""
    for name in ("disks/disk", "recon"):
        (folder / name).mkdir(parents=True)
    ports = free_ports("proxy", "account", "container", "object")
    secret = base64.urlsafe_b64encode(os.urandom(32)).decode()
    said = {"folder": folder, "user": account_name(), "fernet": secret, **KEYS}
    (folder / "swift.conf").write_text(
        "[swift-hash]\nswift_hash_path_suffix = tests\nswift_hash_path_prefix = tests\n"
        "[storage-policy:0]\nname = one\ndefault = yes\n"
    )
    for server, port in ports.items():
        rest = PROXY if server == "proxy" else STORAGE
        text = (COMMON + rest).format(port=port, server=server, **said)
        (folder / f"{server}.conf").write_text(text)
    rings = {server: port for server, port in ports.items() if server != "proxy"}
    command = [str(python), "-c", RINGS, str(folder), json.dumps(rings)]
    subprocess.run(  # noqa: S603 - our own words
        command, check=True, timeout=STARTING_SECONDS, capture_output=True
    )
    return ports


@contextmanager
def running(server: str, folder: Path, python: Path) -> Iterator[None]:
    """Run one of the servers."""
    program = python.parent / f"swift-{server}-server"
    command = [str(python), "-c", LAUNCH, str(program), str(folder / f"{server}.conf")]
    environment = {"PATH": os.defpath, "SWIFT_TEST_CONFIG_FILE": "", "PYTHONWARNINGS": "ignore"}
    with (folder / f"{server}.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - our own words
            command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=environment, cwd=folder
        )
    try:
        yield
    finally:
        process.kill()
        process.wait()


def await_health(swift: Swift, folder: Path) -> None:
    """Wait until a bucket can be made: then all four answer."""
    until = time.monotonic() + STARTING_SECONDS
    while time.monotonic() < until:
        try:
            if swift.ask("PUT", "first-bucket").status_code == 200:
                return
        except httpx2.TransportError:
            pass
        time.sleep(0.1)
    logs = "\n".join(f"{log.name}: {log.read_text()[-2000:]}" for log in folder.glob("*.log"))
    raise TimeoutError(f"Swift did not start in {STARTING_SECONDS} seconds.\n{logs}")


def free_ports(*names: str) -> dict[str, int]:
    """Find a free port for each name."""
    with ExitStack() as stack:
        doors = {
            name: stack.enter_context(socket.create_server(("127.0.0.1", 0))) for name in names
        }
        return {name: door.getsockname()[1] for name, door in doors.items()}


def account_name() -> str:
    """Return who runs this, by name or number: Swift wants to become somebody it can look up."""
    return pwd.getpwuid(os.getuid()).pw_name
