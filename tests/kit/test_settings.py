"""What a process is told from outside: secrets lie apart from what is none."""

from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from app.kit.settings import Settings


def test_a_password_in_a_file_of_secrets_is_joined_to_its_url(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "catalogue_owner_password").write_text("p@ss:w/rd\n")
    monkeypatch.setenv("CATALOGUE_OWNER_URL", "postgresql+psycopg://catalogue_owner@host/catalogue")
    monkeypatch.setitem(Settings.model_config, "secrets_dir", tmp_path)
    told = Settings(_env_file=None)
    assert told.owner_url is not None
    assert make_url(told.owner_url).password == "p@ss:w/rd"  # noqa: S105 - a test's own
    assert "p@ss" not in repr(told.owner_password)
