"""The commands and their entry point. A command's libraries are imported when it runs."""

import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer

from app.cli import (
    access,
    contract,
    database,
    demo,
    documents,
    explain,
    ingest,
    running,
    seeding,
    simulate,
)
from app.cli.failures import sentence_for
from app.cli.output import answer, say

app = typer.Typer(
    name="hashcart",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _group(name: str, help_text: str) -> typer.Typer:
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    app.add_typer(group, name=name, help=help_text)
    return group


def _tell_version(wanted: bool) -> None:
    if not wanted:
        return
    try:
        answer(version("hashcart"))
    except PackageNotFoundError:
        answer("not installed")
    raise typer.Exit


@app.callback()
def hashcart(
    show_version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_tell_version, help="Print the version."),
    ] = False,
) -> None:
    """Turns replies on a brand's posts into carts, and tells the brand's software at once.

    Settings are environment variables that begin with HASHCART_; the README lists them.
    """


app.command()(demo.demo)
app.command()(running.serve)
app.command()(running.worker)
app.command()(database.migrate)
app.command()(seeding.seed)
app.command()(simulate.simulate)
app.command()(explain.explain)
app.command()(contract.schema)

brands = _group("brand", "Brands.")
brands.command("create")(access.create_brand)
apps = _group("app", "Apps, and the documents that they may run.")
apps.command("trust")(documents.trust)
apps.command("distrust")(documents.distrust)
apps.command("documents")(documents.documents)
apps.command("trusted-only")(documents.trusted_only)
tokens = _group("token", "Access tokens.")
tokens.command("create")(access.create_token)
inbox = _group("ingest", "What the X webhook door accepted.")
inbox.command("retry")(ingest.retry)
keys = _group("keys", "The keys that seal personal data.")
keys.command("rotate")(database.rotate)
copies = _group("db", "Copies of the database.")
copies.command("dump")(database.dump)
copies.command("restore")(database.restore)


def main() -> None:
    """Run the command that the arguments name.

    Exit codes: 0 done, 1 an expected failure told in a sentence, 2 wrong usage, 130 interrupted.
    """
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        sentence = sentence_for(error)
        if sentence is None:
            raise
        say(f"hashcart: {sentence}")
        sys.exit(1)
