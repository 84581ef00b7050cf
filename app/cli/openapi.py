"""`catalogue openapi`: the contract."""

import json

import typer

from app.main import create_app


def contract() -> str:
    """Return the contract as it is committed, byte for byte."""
    return json.dumps(create_app().openapi(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def openapi() -> None:
    """Print the OpenAPI document of this version."""
    typer.echo(contract(), nl=False)
