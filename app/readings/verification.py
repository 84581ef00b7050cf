"""What a C2PA manifest says and whether it holds: the C2PA project's library, offline, apart.

Runs in the confined child, and there in a process of its own for each file with a manifest: the
library is not ours, reads files whole and is native code, so its end must be nobody else's. The
digests that it compares stay inside it.
"""

import base64
import io
import json
import os
import resource
import signal
import socket
from collections.abc import Iterable
from typing import Any, NoReturn

from app.readings.fallback import Pread
from app.readings.manifests import holds_manifest
from app.readings.noise import MOST_HEARD
from app.readings.sandbox import forbid_processes

_CPU_SECONDS = 10
_DESCRIPTORS = 4096  # more than a child may have open
_LONGEST = 1 << 18  # of what is said of one manifest
_LONGEST_TEXT, _MOST = 500, 100
_BESIDE, _END = b"\0", b"\n"  # no JSON of ours holds either
_ENDED = "the library gave no answer"
# Nothing is fetched, whatever a file asks for; the namespace without network is the second wall.
_OFFLINE = {
    "core": {"allowed_network_hosts": []},
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_trust": True},
}


class Verifier:
    """A process that starts one for each manifest, so that the reading child need start none.

    It looks at no byte of a file itself; when the process that does so dies, the file has an error
    and the next one a process of its own.
    """

    def __init__(self, trusted: str = "") -> None:
        """Start it; `trusted` is PEM of the authorities whose signers are trusted."""
        self._connection, theirs = socket.socketpair()
        if os.fork() == 0:  # pragma: no cover - after a fork frames are traced anew, this one not
            _serve_alone(theirs.detach(), trusted)
        theirs.close()

    def close(self) -> None:
        """Ask no more; the process ends by itself."""
        self._connection.close()

    def verify(self, descriptor: int, mime: str | None) -> tuple[dict[str, Any] | None, bytes]:
        """Return what a file's manifest says, and what the library said on standard error.

        It says `{}` where there is none, None where none can be.
        """
        present = holds_manifest(descriptor, mime) if mime else None
        if not present or mime is None:
            return None if present is None else {}, b""
        socket.send_fds(self._connection, [mime.encode()], [descriptor])
        said = b""
        while not said.endswith(_END):
            part = self._connection.recv(1 << 16)
            if not part:
                return {"error": _ENDED}, b""
            said += part
        answer, _, noise = said.removesuffix(_END).partition(_BESIDE)
        try:
            found: dict[str, Any] = json.loads(answer)
        except ValueError:
            found = {"error": _ENDED}
        return found, base64.b64decode(noise)


def _serve_alone(number: int, trusted: str) -> NoReturn:
    """Serve with one descriptor of all that were inherited."""
    # Above all the worker's socket: whoever holds it keeps the end of the child a secret.
    os.closerange(3, number)
    os.closerange(number + 1, _DESCRIPTORS)
    _serve(socket.socket(fileno=number), trusted)


def _serve(connection: socket.socket, trusted: str) -> NoReturn:
    """Have each manifest verified in a process for it alone, until nobody asks any more."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        while True:
            mime, descriptors, _, _ = socket.recv_fds(connection, 100, 1)
            if not mime:
                break
            # Once, before the copies of us that use it: 35 MB and 0.2 s that few files need.
            import c2pa  # type: ignore[import-untyped]  # noqa: F401

            hearing, saying = os.pipe()
            if (process := os.fork()) == 0:  # pragma: no cover - as above
                os.dup2(saying, 2)
                os.close(saying)
                _answer_and_end(descriptors[0], mime.decode(), trusted, connection)
            os.close(saying)
            noise = _all_of(hearing)
            os.waitpid(process, 0)
            os.close(descriptors[0])
            connection.sendall(_BESIDE + base64.b64encode(noise) + _END)
    finally:
        os._exit(0)  # nothing of the process that we were copied from is to be ended twice


def _all_of(pipe: int) -> bytes:
    """Hear a pipe to its end, and keep the beginning."""
    kept = b""
    with open(pipe, "rb", buffering=0) as file:
        while some := file.read(1 << 16):
            kept = (kept + some)[:MOST_HEARD]
    return kept


def _answer_and_end(
    descriptor: int, mime: str, trusted: str, connection: socket.socket
) -> NoReturn:
    try:
        forbid_processes()
        resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
        said = json.dumps(read_manifest(descriptor, mime, trusted)).encode()
        connection.sendall(said if len(said) < _LONGEST else b"")
    finally:
        os._exit(0)


def read_manifest(descriptor: int, mime: str, trusted: str) -> dict[str, Any]:
    """Have the library read and verify; its refusals to parse are an answer as well."""
    import c2pa

    trust = {"trust": {"trust_anchors": trusted}} if trusted else {}
    try:
        context = c2pa.Context(c2pa.Settings.from_json(json.dumps({**_OFFLINE, **trust})))
        with io.BufferedReader(Pread(descriptor), 1 << 16) as file:
            reader = c2pa.Reader(mime, file, context=context)
            store = json.loads(reader.json())
    except c2pa.C2paError as error:
        return {"error": _short(str(error))}
    return _summary(store)


def _summary(store: dict[str, Any]) -> dict[str, Any]:
    """Keep what a record needs of a manifest store: no thumbnail, no digest, nothing endless."""
    manifest = store.get("manifests", {}).get(store.get("active_manifest"), {})
    results = store.get("validation_results", {}).get("activeManifest", {})
    signature = manifest.get("signature_info", {})
    return {
        "failures": _texts(one.get("code") for one in results.get("failure", [])),
        "generator": _generator(manifest),
        "issuer": _short(signature.get("issuer")),
        "signer": _short(signature.get("common_name")),
        "signed_at": _short(signature.get("time")),
        "actions": [
            {
                "action": _short(action.get("action")),
                "when": _short(action.get("when")),
                "source_type": _short(action.get("digitalSourceType")),
            }
            for assertion in manifest.get("assertions", [])
            if str(assertion.get("label")).startswith("c2pa.actions")
            for action in assertion.get("data", {}).get("actions", [])
        ][:_MOST],
    }


def _generator(manifest: dict[str, Any]) -> str | None:
    infos = manifest.get("claim_generator_info") or [{}]
    named = " ".join(str(infos[0][key]) for key in ("name", "version") if infos[0].get(key))
    return _short(named or manifest.get("claim_generator"))


def _texts(values: Iterable[object]) -> list[str]:
    return [text for value in values if (text := _short(value))][:_MOST]


def _short(value: object) -> str | None:
    return str(value).replace("\0", "").strip()[:_LONGEST_TEXT] or None if value else None
