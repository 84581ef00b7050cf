"""`catalogue db`: upgrade, roles, url."""

from typing import Annotated

import typer

from app.cli.ground import prepare
from app.kit.connecting import addresses
from app.kit.roles import create_roles

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
        str | None, typer.Argument(help="A superuser's URL; not needed for the embedded server.")
    ] = None,
) -> None:
    """Create the database roles that are missing; none of them is a superuser."""
    with addresses() as found:
        url = administrator_url or found.administrator
        if url is None:
            typer.echo(
                "Name a superuser's URL: roles are created outside the migrations.", err=True
            )
            raise typer.Exit(2)
        create_roles(url)
    typer.echo("The roles are there.")


@app.command("url")
def url() -> None:
    """Print the address for psql; of the embedded server while another process holds it up."""
    with addresses() as found:
        typer.echo((found.owner or found.api).replace("postgresql+psycopg://", "postgresql://"))
