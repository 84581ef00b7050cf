"""`catalogue doctor`: says in one line each what this machine lacks and what would mend it."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from sqlalchemy import Connection, NullPool, create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from app.kit.postgres import namespace
from app.kit.postgres.binaries import OLDEST_MAJOR
from app.kit.postgres.errors import PostgresUnavailable
from app.kit.postgres.home import Home
from app.kit.postgres.identity import choose_identity
from app.kit.postgres.lease import lease
from app.kit.refusals import Refusal
from app.kit.settings import settings
from app.readings.calls import SOCKETS, filter_of
from app.readings.exiftool import UnfitTool
from app.readings.readers import trust_in
from app.storage.buckets import parse_bucket_root
from app.storage.listing import prove_bucket
from app.storage.s3 import access

VENDORED_EXIFTOOL = Path(__file__).parents[1] / "vendored" / "exiftool" / "exiftool"
OLDEST_EXIFTOOL = 13.0
PERL_MODULES = ("Digest::MD5", "Encode", "Compress::Zlib")
PROVIDERS = {"b": "builtin", "c": "libc", "i": "icu"}
LEAST_FREE_BYTES = 2_000_000_000


@dataclass(frozen=True)
class Finding:
    """What one check saw: in `message`, what was found, or what is wrong and what mends it."""

    name: str
    ok: bool
    message: str


def doctor(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Check what the catalogue needs of this machine; exit with 1 if anything is missing."""
    findings = diagnose()
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False))
    else:
        for finding in findings:
            typer.echo(f"{'ok  ' if finding.ok else 'FAIL'} {finding.name}: {finding.message}")
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


def diagnose() -> list[Finding]:
    """Run every check; one that fails keeps no other from running."""
    try:
        settings()
    except ValidationError as trouble:
        wrong = "; ".join(f"{error['loc'][0]}: {error['msg']}" for error in trouble.errors())
        return [Finding("settings", False, f"{wrong}; correct CATALOGUE_* or .env")]
    checks: list[Callable[[], Finding]] = [_exiftool, _perl, _authorities, _disk]
    checks += [_namespaces, _network]
    return [*_database(), *(check() for check in checks), *map(_bucket, settings().allowed_buckets)]


def examine(url: str) -> list[Finding]:
    """Ask a server for its version, and its database whether Chinese characters are letters."""
    try:
        # Said outright: of a database without encoding SQLAlchemy would read bytes and stumble.
        options = {"connect_timeout": 10, "client_encoding": "utf8"}
        engine = create_engine(url, poolclass=NullPool, connect_args=options)
        with engine.connect() as db:
            number = db.execute(text("SHOW server_version_num")).scalar_one()
            major = int(number) // 10_000
            if major < OLDEST_MAJOR:
                message = f"version {major}; upgrade it to {OLDEST_MAJOR} or later"
                return [Finding("PostgreSQL", False, message)]
            return [Finding("PostgreSQL", True, f"version {major}"), _locale(db)]
    except SQLAlchemyError as trouble:
        return [Finding("PostgreSQL", False, f"{_one_line(trouble)}; check CATALOGUE_DATABASE_URL")]


def _database() -> list[Finding]:
    if (url := settings().database_url) is not None:
        return examine(url)
    try:
        with lease(settings().data_dir, binaries=settings().pg_bin) as cluster:
            return examine(cluster.url("postgres", "postgres"))
    except PostgresUnavailable as trouble:
        return [Finding("PostgreSQL", False, _one_line(trouble))]


def _locale(db: Connection) -> Finding:
    encoding, ctype, provider = db.execute(
        text(
            "SELECT pg_encoding_to_char(encoding), datctype, datlocprovider::text"
            " FROM pg_database WHERE datname = current_database()"
        )
    ).one()
    found = f"{encoding}, LC_CTYPE {ctype}, provider {PROVIDERS.get(provider, provider)}"
    # pg_trgm asks LC_CTYPE, regular expressions ask the provider: each can be right alone.
    letters = encoding == "UTF8" and ctype not in {"C", "POSIX"}
    if letters and db.execute(text(r"SELECT '图' ~ '^\w$'")).scalar_one():
        return Finding("locale", True, found)
    wanted = "TEMPLATE template0 ENCODING UTF8 LOCALE 'C.UTF-8' LOCALE_PROVIDER builtin"
    mend = f"create the database with {wanted} BUILTIN_LOCALE 'C.UTF-8'"
    return Finding("locale", False, f"{found} takes no Chinese character for a letter; {mend}")


def _exiftool() -> Finding:
    name, on_path = "ExifTool", shutil.which("exiftool")
    vendored = VENDORED_EXIFTOOL if VENDORED_EXIFTOOL.is_file() else None
    script = settings().exiftool or vendored or on_path
    if script is None:
        return Finding(name, False, "not found; install it or set CATALOGUE_EXIFTOOL")
    version, trouble = _run([str(script), "-config", "", "-ver"])
    try:
        new_enough = float(version) >= OLDEST_EXIFTOOL
    except ValueError:
        return Finding(name, False, f"{script} does not run ({trouble}); set CATALOGUE_EXIFTOOL")
    if not new_enough:
        return Finding(name, False, f"{version} in {script}; {OLDEST_EXIFTOOL:.0f} or later needed")
    return Finding(name, True, f"{version} in {script}")


def _authorities() -> Finding:
    configured = settings().c2pa_trust
    try:
        trust_in(configured)
    except UnfitTool as unfit:
        return Finding("trusted authorities", False, f"{unfit} Nothing is read until it can be")
    return Finding("trusted authorities", True, str(configured or "none are configured"))


def _perl() -> Finding:
    missing = [m for m in PERL_MODULES if _run(["perl", f"-M{m}", "-e", "print 1"])[0] != "1"]
    if missing:
        mend = "install Perl in full (Debian: perl, not perl-base)"
        message = f"{', '.join(missing)} missing: ExifTool would pick wrong captions; {mend}"
        return Finding("Perl modules", False, message)
    return Finding("Perl modules", True, ", ".join(PERL_MODULES))


def _disk() -> Finding:
    folder = settings().data_dir
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    message = f"{free / 1e9:.1f} GB free for {settings().data_dir}"
    home = Home(settings().data_dir / "postgres")
    if settings().database_url is None and home.cluster.exists() and not home.reserve.exists():
        message = f"{message}; no reserve is kept (it was given up when the disk was full)"
    if free < LEAST_FREE_BYTES:
        return Finding("disk", False, f"{message}; make room, or move CATALOGUE_DATA_DIR")
    return Finding("disk", True, message)


def _namespaces() -> Finding:
    name = "user namespaces"
    if os.geteuid() != 0 or settings().database_url is not None:
        return Finding(name, True, "not needed here")
    try:
        identity = choose_identity()
    except PostgresUnavailable as trouble:
        return Finding(name, False, _one_line(trouble))
    if identity.demoted_to:
        message = f"refused; the embedded server runs as user id {identity.demoted_to[0]} instead"
        return Finding(name, True, message)
    return Finding(name, True, "allowed; the embedded server runs in one")


def _network() -> Finding:
    cut = namespace.is_allowed(flags=namespace.CLONE_NEWUSER | namespace.CLONE_NEWNET)
    if cut:
        return Finding("network", True, "child processes can be cut off from it")
    if filter_of(SOCKETS):
        return Finding("network", True, "child processes can open no socket")
    return Finding("network", True, "child processes keep it")


def _bucket(name: str) -> Finding:
    """Ask an object store for one name in a bucket that sources may lie in."""
    title = f"bucket {name}"
    try:
        prove_bucket(parse_bucket_root(f"s3://{name}/"))
    except Refusal as refusal:
        return Finding(title, False, f"{refusal.detail} Check CATALOGUE_S3_*")
    return Finding(title, True, f"answers at {access().endpoint}")


def _run(command: list[str]) -> tuple[str, str]:
    """Return what a program printed, and in one line what went wrong."""
    try:
        done = subprocess.run(  # noqa: S603 - fixed words and the operator's own path, no shell
            command, env={"PATH": os.defpath}, capture_output=True, timeout=30, check=False
        )
    except (OSError, subprocess.SubprocessError) as trouble:
        return "", _one_line(trouble)
    said = done.stderr.decode("utf-8", "replace").strip()
    return done.stdout.decode("utf-8", "replace").strip(), said.partition("\n")[0]


def _one_line(trouble: Exception) -> str:
    return " ".join(str(trouble).split())
