"""Settings, read once from CATALOGUE_*, .env and /run/secrets."""

import json
import os
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy.engine import make_url

SECRETS = Path(os.environ.get("CATALOGUE_SECRETS_DIR", "/run/secrets"))


class Settings(BaseSettings):
    """What a process is told from outside. Secrets may come from files in /run/secrets."""

    model_config = SettingsConfigDict(
        env_prefix="CATALOGUE_",
        env_file=".env",
        extra="ignore",
        secrets_dir=SECRETS if SECRETS.is_dir() else None,
    )

    database_url: str | None = Field(default=None, description="absent: the embedded server")
    owner_url: str | None = Field(default=None, description="for migrations and roles")
    backup_url: str | None = Field(default=None, description="for `catalogue db dump`")
    administrator_url: str | None = Field(default=None, description="for `catalogue db roles`")
    # Apart from the URLs, so that only what is secret needs to lie in a file of secrets.
    database_password: SecretStr | None = None
    owner_password: SecretStr | None = None
    backup_password: SecretStr | None = None
    administrator_password: SecretStr | None = None
    secret_key: str | None = Field(default=None, description="signs cursors; one for all processes")
    data_dir: Path = Path("var")
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    allowed_roots: Annotated[list[Path], NoDecode] = Field(
        default=[], description="folders that sources may lie in: a JSON list, or parted by colons"
    )
    pg_bin: Path | None = Field(default=None, description="PostgreSQL binaries; else wheel, PATH")
    exiftool: Path | None = Field(default=None, description="ExifTool script; else vendored, PATH")
    log_level: str = "INFO"
    alive_file: Path | None = Field(default=None, description="touched by a worker that works")

    @field_validator("database_url", "owner_url", "backup_url", "administrator_url")
    @classmethod
    def name_the_driver(cls, url: str | None) -> str | None:
        """Refuse a URL without `postgresql+psycopg://`: the default driver changed once already."""
        if url is not None and make_url(url).drivername != "postgresql+psycopg":
            message = "write the URL in full: postgresql+psycopg://..."
            raise ValueError(message)
        return url

    @model_validator(mode="after")
    def join_passwords(self) -> Self:
        """Write each password that was told apart into its URL."""
        for name in ("database", "owner", "backup", "administrator"):
            url, secret = getattr(self, f"{name}_url"), getattr(self, f"{name}_password")
            if url is not None and secret is not None:
                whole = make_url(url).set(password=secret.get_secret_value().strip())
                setattr(self, f"{name}_url", whole.render_as_string(hide_password=False))
        return self

    @field_validator("allowed_roots", mode="before")
    @classmethod
    def split_folders(cls, value: object) -> object:
        """Read folders as JSON or as PATH is written."""
        if not isinstance(value, str):
            return value
        if value.startswith("["):
            return json.loads(value)
        return [part for part in value.split(os.pathsep) if part]

    @field_validator("data_dir", "allowed_roots")
    @classmethod
    def make_absolute(cls, value: Path | list[Path]) -> Path | list[Path]:
        """Free the paths of the folder the process happened to start in."""
        return value.absolute() if isinstance(value, Path) else [path.absolute() for path in value]


@lru_cache
def settings() -> Settings:
    """Return this process's settings."""
    return Settings()
