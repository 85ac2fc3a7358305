"""The command that prints what clients rely on: the GraphQL schema and the OpenAPI document."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.output import answer, say

SCHEMA_FILE = "graphql/schema.graphql"
OPENAPI_FILE = "openapi/openapi.yaml"


def schema(
    write: Annotated[
        bool, typer.Option("--write", help="Write graphql/schema.graphql and openapi/openapi.yaml.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Exit with 1 where these files are not current.")
    ] = False,
) -> None:
    """Print the GraphQL schema; or write, or check, the committed files in the current folder."""
    documents = {Path(SCHEMA_FILE): printed_schema(), Path(OPENAPI_FILE): printed_openapi()}
    if write:
        for path, text in documents.items():
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
            say(f"Wrote {path}.")
    elif check:
        stale = [path for path, text in documents.items() if _read(path) != text]
        for path in stale:
            say(f"{path} is not current: run `hashcart schema --write` and read what changed.")
        raise typer.Exit(1 if stale else 0)
    else:
        answer(documents[Path(SCHEMA_FILE)].rstrip("\n"))


def printed_schema() -> str:
    """The schema in GraphQL's schema language."""
    from app.schema import schema as api

    return str(api.as_str()) + "\n"


def printed_openapi() -> str:
    """The OpenAPI document of the edge, as YAML."""
    import yaml

    from app.main import openapi_document

    text: str = yaml.safe_dump(openapi_document(), sort_keys=False, allow_unicode=True, width=100)
    return text


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None
