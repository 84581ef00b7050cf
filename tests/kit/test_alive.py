"""Whether a worker works is told by a file that it touches; silence is no life."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app.cli import app
from app.kit import clock
from app.kit.settings import settings
from app.worker import show_alive


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[[], Result]]:
    """The health check of a worker whose file lies in the test's folder."""
    monkeypatch.setenv("CATALOGUE_ALIVE_FILE", str(tmp_path / "alive"))
    settings.cache_clear()
    yield lambda: CliRunner().invoke(app, ["worker", "--check"])
    settings.cache_clear()


def test_a_worker_that_never_worked_is_not_alive(check: Callable[[], Result]) -> None:
    assert check().exit_code == 1


def test_a_worker_is_alive_until_it_has_been_silent_for_a_minute(
    check: Callable[[], Result], tmp_path: Path
) -> None:
    show_alive()
    assert check().exit_code == 0
    silent = clock.now().timestamp() - 61
    os.utime(tmp_path / "alive", (silent, silent))
    assert check().exit_code == 1


def test_a_file_that_cannot_be_touched_ends_no_worker(
    check: Callable[[], Result], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CATALOGUE_ALIVE_FILE", str(tmp_path / "no" / "folder"))
    settings.cache_clear()
    show_alive()
    assert check().exit_code == 1


def test_without_a_file_nothing_can_be_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CATALOGUE_ALIVE_FILE", raising=False)
    settings.cache_clear()
    show_alive()
    assert CliRunner().invoke(app, ["worker", "--check"]).exit_code == 2
