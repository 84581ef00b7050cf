"""One file a command."""

import typer

from app.cli import db, demo, doctor, importing, keys, openapi, scan, serve

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__
)
app.command()(serve.serve)
app.command()(serve.worker)
app.command()(doctor.doctor)
app.command()(openapi.openapi)
app.command()(scan.scan)
app.command("import")(importing.import_)
app.command()(demo.demo)
app.add_typer(db.app, name="db")
app.add_typer(keys.app, name="key")


def main() -> None:
    """Run the command line."""
    app()
