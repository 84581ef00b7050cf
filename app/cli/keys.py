"""`catalogue key create`: the first operator's key, made on the host."""

from datetime import timedelta
from typing import Annotated

import typer

from app.kit.connecting import addresses
from app.kit.db import Database
from app.kit.refusals import Refusal
from app.ledger.agents import process
from app.people.roles import Role
from app.people.service import add_person, give_key

app = typer.Typer(no_args_is_help=True, help="API keys.")


@app.callback()
def keys() -> None:
    """Keep `create` a command of its own."""


@app.command("create")
def create(
    person: Annotated[str, typer.Option(help="Whose key it is.")],
    role: Annotated[list[Role], typer.Option(help="What it may do; may repeat.")] = [Role.OPERATOR],  # noqa: B006
    department: Annotated[str | None, typer.Option(help="Absent: the whole city.")] = None,
    valid_days: Annotated[int, typer.Option(min=1, max=730)] = 365,
) -> None:
    """Add a person and print a key for them. It is shown once and kept nowhere."""
    agent = process("host")
    with addresses() as found:
        database = Database(found.api, pool_size=1)
        try:
            with database.transaction() as db:
                key = give_key(
                    db,
                    agent,
                    person_id=add_person(db, agent, person),
                    roles=role,
                    department=department,
                    valid_for=timedelta(days=valid_days),
                )
        except Refusal as refusal:
            typer.echo(refusal.detail, err=True)
            raise typer.Exit(1) from refusal
        finally:
            database.close()
    typer.echo(str(key))
