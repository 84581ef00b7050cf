"""Room is kept back while there is plenty, and given up only when there is none."""

from collections import namedtuple
from pathlib import Path

import pytest

from app.kit.postgres import reserve
from app.kit.postgres.home import Home

Usage = namedtuple("Usage", "free")


@pytest.mark.parametrize(
    ("free", "kept", "left"),
    [
        (reserve.PLENTY, True, True),
        (reserve.PLENTY - 1, False, False),
    ],
    ids=["plenty", "little"],
)
def test_room_is_kept_back_where_there_is_plenty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, kept: bool, left: bool
) -> None:
    home = Home(tmp_path)
    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage(free))
    reserve.keep(home)
    assert home.reserve.exists() is kept
    reserve.spend(home)  # the disk is not full
    assert home.reserve.exists() is left


def test_the_reserve_is_given_up_on_a_full_disk_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path)
    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage(reserve.PLENTY))
    reserve.keep(home)
    assert home.reserve.stat().st_size == reserve.SIZE
    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage(0))
    reserve.spend(home)
    assert not home.reserve.exists()
    assert "the reserve is given up" in home.tail()
