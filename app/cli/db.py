"""`catalogue db`: upgrade, roles, url, dump, restore."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.ground import prepare
from app.kit import backups
from app.kit.connecting import EMBEDDED_NAME, addresses
from app.kit.migrations import newest_revision
from app.kit.roles import create_database, create_roles, set_passwords
from app.kit.settings import settings

app = typer.Typer(no_args_is_help=True, help="The database: roles, migrations, address.")


@app.command("upgrade")
def upgrade() -> None:
    """Bring the database to the newest revision and load the packaged policies."""
    with addresses() as found:
        if found.owner is None:
            typer.echo("Migrations need the owner: set CATALOGUE_OWNER_URL.", err=True)
            raise typer.Exit(1)
        prepare(found)
    typer.echo("The database is at the newest revision.")


@app.command("roles")
def roles(
    administrator_url: Annotated[
        str | None,
        typer.Argument(help="A superuser's; else CATALOGUE_ADMINISTRATOR_URL, else the embedded."),
    ] = None,
    create: Annotated[
        str | None, typer.Option(help="Make this database too, unless it is there.")
    ] = None,
    passwords: Annotated[
        Path | None, typer.Option(help="A folder with a file ROLE_password for each login role.")
    ] = None,
) -> None:
    """Create the database roles that are missing; none of them is a superuser."""
    url = administrator_url or settings().administrator_url
    if url is not None:
        furnish(url, create, passwords)
        return
    with addresses() as found:
        if found.administrator is None:
            message = "Name a superuser's URL: roles are created outside the migrations."
            typer.echo(message, err=True)
            raise typer.Exit(2)
        furnish(found.administrator, create, passwords)


def furnish(administrator_url: str, create: str | None, passwords: Path | None) -> None:
    """Make roles, passwords and database; what is there already stays."""
    create_roles(administrator_url)
    given = set_passwords(administrator_url, passwords) if passwords else []
    if create:
        create_database(administrator_url, create)
    typer.echo(f"The roles are there{'; passwords set: ' * bool(given)}{', '.join(given)}.")


@app.command("url")
def url() -> None:
    """Print the address for psql; of the embedded server while another process holds it up."""
    with addresses() as found:
        typer.echo((found.owner or found.api).replace("postgresql+psycopg://", "postgresql://"))


@app.command("dump")
def dump(
    file: Annotated[Path, typer.Argument(help="The file to make; one that is there is kept.")],
) -> None:
    """Write all that the database knows into one file, while everything goes on."""
    with addresses() as found:
        if found.backup is None:
            typer.echo("Dumps need the backup role: set CATALOGUE_BACKUP_URL.", err=True)
            raise typer.Exit(2)
        try:
            backups.dump(found.backup, file, told=settings().pg_bin)
        except backups.BackupFailed as trouble:
            typer.echo(str(trouble), err=True)
            raise typer.Exit(1) from trouble
    typer.echo(f"{file} holds the database, {file.stat().st_size:,} bytes.")


@app.command("restore")
def restore(
    file: Annotated[Path, typer.Argument(help="What `catalogue db dump` wrote.", exists=True)],
) -> None:
    """Fill an empty database from a dump; one that holds anything is refused."""
    with addresses() as found:
        if found.owner is None:
            typer.echo("Restoring needs the owner: set CATALOGUE_OWNER_URL.", err=True)
            raise typer.Exit(2)
        if found.administrator is not None:
            create_roles(found.administrator)
            create_database(found.administrator, EMBEDDED_NAME)
        try:
            revision = backups.restore(found.owner, file, told=settings().pg_bin)
        except backups.BackupFailed as trouble:
            typer.echo(str(trouble), err=True)
            raise typer.Exit(1) from trouble
    later = "" if revision == newest_revision() else "; now run `catalogue db upgrade`"
    typer.echo(f"The database is restored, at revision {revision}{later}.")
