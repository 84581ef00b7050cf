"""Settings, read once from CATALOGUE_*, .env and /run/secrets."""

import json
import os
import re
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy.engine import make_url

SECRETS = Path("/run/secrets")


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
    keep: str | None = Field(
        default=None, description="of uploads: file:///... or s3://...; absent: in the data folder"
    )
    largest_upload: int = Field(default=4 << 30, gt=0, description="bytes of one upload")

    @field_validator("database_url", "owner_url")
    @classmethod
    def name_the_driver(cls, url: str | None) -> str | None:
        """Refuse a URL without `postgresql+psycopg://`: the default driver changed once already."""
        if url is not None and make_url(url).drivername != "postgresql+psycopg":
            message = "write the URL in full: postgresql+psycopg://..."
            raise ValueError(message)
        return url

    @field_validator("allowed_roots", mode="before")
    @classmethod
    def split_folders(cls, value: object) -> object:
        """Read folders as JSON or as PATH is written."""
        if not isinstance(value, str):
            return value
        if value.startswith("["):
            return json.loads(value)
        return [part for part in value.split(os.pathsep) if part]

    @field_validator("keep")
    @classmethod
    def end_in_a_slash(cls, uri: str | None) -> str | None:
        """Refuse a keep that names neither a folder nor a bucket."""
        if uri is None:
            return None
        if not re.match(r"file:///[^/]|s3://[^/]", uri):
            message = "write file:///srv/keep or s3://bucket/prefix"
            raise ValueError(message)
        return uri.rstrip("/") + "/"

    @field_validator("data_dir", "allowed_roots")
    @classmethod
    def make_absolute(cls, value: Path | list[Path]) -> Path | list[Path]:
        """Free the paths of the folder the process happened to start in."""
        return value.absolute() if isinstance(value, Path) else [path.absolute() for path in value]


@lru_cache
def settings() -> Settings:
    """Return this process's settings."""
    return Settings()
