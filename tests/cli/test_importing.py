"""`catalogue import` streams, says how far it is, and goes on where it stopped."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from demonstration import Catalogue, answering
from typer.testing import CliRunner, Result

from app.cli import app, sending
from app.cli.importing import filled_lines, key_of, lines_of
from app.cli.progress import Track
from app.cli.remote import NotDone, Refused, Remote
from app.cli.sending import LONGEST_LINE, Line, Names, Way, ask, parts, send


def body(system: str, names: list[str]) -> bytes:
    said = {"source_system": system, "legal_status": ["undetermined"]}
    lines = (
        said | {"source_identifier": one, "location": one, "original_name": one} for one in names
    )
    return b"".join(json.dumps(one).encode() + b"\n" for one in lines)


@pytest.fixture
def run(catalogue: Catalogue) -> Callable[..., Result]:
    def call(file: Path, registrar: Remote, piped: bytes | None = None) -> Result:
        given = ["--key", registrar.key, "--url", catalogue.url, "--json"]
        return CliRunner().invoke(app, ["import", str(file), *given], input=piped)

    return call


def told(done: Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_packed_file_and_a_pipe_are_imports_too(
    catalogue: Catalogue, run: Callable[..., Result], tmp_path: Path
) -> None:
    _, system, registrar = catalogue.holding("piped", {})
    packed = tmp_path / "some.ndjson.gz"
    packed.write_bytes(gzip.compress(body(system, ["a", "b"])))
    assert told(run(packed, registrar))["registered"] == 2
    piped = told(run(Path("-"), registrar, body(system, ["b", "c"])))
    assert (piped["registered"], piped["already_there"]) == (1, 1)


def test_a_file_that_is_not_there_is_a_mistake_of_the_command(
    catalogue: Catalogue, run: Callable[..., Result], tmp_path: Path
) -> None:
    done = run(tmp_path / "nowhere.ndjson", catalogue.cast.operator)
    assert done.exit_code == 2


def test_an_import_that_was_interrupted_goes_on_where_it_stopped(
    catalogue: Catalogue,
    run: Callable[..., Result],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, system, registrar = catalogue.holding("interrupted", {})
    file = tmp_path / "some.ndjson"
    file.write_bytes(body(system, [f"{n}.jpg" for n in range(30)]))
    monkeypatch.setattr(sending, "A_PART", 1000)
    sent: list[bytes] = []
    whole = Remote.call

    def breaking(self: Remote, *asked: Any, **more: Any) -> httpx2.Response:  # noqa: ANN401
        sent.append(more.get("content") or b"")
        if len(sent) == 4:
            raise KeyboardInterrupt
        return whole(self, *asked, **more)

    with monkeypatch.context() as broken:
        broken.setattr(Remote, "call", breaking)
        assert run(file, registrar).exit_code == 130
    first = len(b"".join(sent[:3]))
    sent.clear()

    def counting(self: Remote, *asked: Any, **more: Any) -> httpx2.Response:  # noqa: ANN401
        sent.append(more.get("content") or b"")
        return whole(self, *asked, **more)

    monkeypatch.setattr(Remote, "call", counting)
    done = told(run(file, registrar))
    assert done["registered"] == 30
    assert len(b"".join(sent)) == file.stat().st_size - first
    assert told(run(file, registrar))["already_there"] == 30  # it had ended: this is the next


def test_a_catalogue_that_stumbles_is_asked_again_and_one_that_refuses_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sending, "POLL_SECONDS", 0.0)
    answers = iter([200, 503, 200, 404])
    problem = {"code": "x", "detail": "No.", "errors": []}

    def answer(_: httpx2.Request) -> httpx2.Response:
        status = next(answers)
        return httpx2.Response(status, json={"id": 1} if status == 200 else problem)

    with answering(answer) as asked:
        assert ask(asked, Way("/v1/imports", "k")) == {"id": 1}
        assert ask(asked, Way("/v1/imports", "k")) == {"id": 1}
        with pytest.raises(Refused):
            ask(asked, Way("/v1/imports", "k"))


def test_one_that_never_answered_is_not_asked_again() -> None:
    def away(_: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("away")

    with answering(away) as asked, pytest.raises(NotDone, match="does not answer"):
        send(asked, Way("/v1/imports", "k"), [], Track("Importing", 0))


def test_of_a_line_that_is_too_long_as_much_is_sent_as_tells_so(tmp_path: Path) -> None:
    file = tmp_path / "long.ndjson"
    file.write_bytes(b"a\n" + b"x" * (3 * LONGEST_LINE) + b"\n\nb")
    found = [line.content for line in lines_of(file)]
    assert found == [b"a\n", b"x" * (LONGEST_LINE + 1) + b"\n", b"\n", b"b\n"]
    assert filled_lines(file) == 3


def test_a_file_names_its_import_until_it_is_written_to(tmp_path: Path) -> None:
    file = tmp_path / "some.ndjson"
    file.write_bytes(b"a\n")
    first = key_of(file)
    assert key_of(file) == first
    file.write_bytes(b"ab\n")
    assert key_of(file) != first
    assert key_of(Path("-")) != key_of(Path("-"))


def test_parts_are_bounded_and_only_the_last_is_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "A_PART", 4)
    assert list(parts([b"a\n", b"b\n", b"cdefg\n", b"h\n"])) == [
        (b"a\nb\n", False),
        (b"cdefg\n", False),
        (b"h\n", True),
    ]
    assert list(parts([])) == [(b"", True)]


def test_lines_are_known_by_their_names_or_their_numbers() -> None:
    names = Names()
    for name in ("a\nb", None, "c"):
        names.add(Line(b"", name))
    assert list(names.of([1, 2, 3, 7])) == ["a\nb", "line 2", "c", "line 7"]
    names.close()


def test_work_whose_end_nobody_knows_tells_what_is_done() -> None:
    track = Track("Importing -", 0)
    track.done = 5
    assert str(track).startswith("Importing -: 5, ")
