"""How far long work is, on a terminal and in a pipe."""

import io
import sys

import pytest

from app.cli import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_in_a_pipe_a_plain_line_says_how_far_it_is_with_rate_and_errors(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "LINE_SECONDS", 0.0)
    with progress.following("Counting", 4) as track:
        track.advance(1, 1)
        track.reach(4)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("Counting: 1 of 4, ")
    assert lines[0].endswith("s left, 1 errors")
    assert lines[-1].startswith("Counting: 4 of 4, ")


def test_on_a_terminal_a_bar_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    with progress.following("Counting", 2) as track:
        track.advance(2, 1)
    assert "2/2" in screen.getvalue()
    assert "1 errors" in screen.getvalue()


def test_work_that_has_not_begun_has_no_time_left_to_tell() -> None:
    assert str(progress.Track("Counting", 4)) == "Counting: 0 of 4, 0/s, 0 errors"
