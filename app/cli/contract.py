"""The command that prints what clients rely on: the GraphQL schema and the OpenAPI document."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from app.cli.failures import CommandFailed
from app.cli.output import answer, say

RELEASED_FILE = "graphql/released.graphql"
CHANGELOG_FILE = "graphql/CHANGELOG.md"
SCHEMA_FILE = "graphql/schema.graphql"
OPENAPI_FILE = "openapi/openapi.yaml"
ERRORS_FILE = "graphql/errors.md"


def schema(
    old: Annotated[
        str | None,
        typer.Argument(help="With --diff: an older schema, as a file or a revision of git."),
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Write the files that are made from the code.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Exit with 1 where these files are not current.")
    ] = False,
    diff: Annotated[
        bool,
        typer.Option(
            "--diff",
            help="Print what changed since OLD, or since the last release; exit with 1 where a "
            "change is breaking.",
        ),
    ] = False,
    release: Annotated[
        str | None,
        typer.Option(help="Close the schema's changelog under this version.", metavar="VERSION"),
    ] = None,
) -> None:
    """Print the GraphQL schema; or write, check, compare or release what is made from it.

    The files are graphql/schema.graphql, graphql/CHANGELOG.md, graphql/errors.md and
    openapi/openapi.yaml below the current folder.
    """
    if old is not None and not diff:
        raise CommandFailed("An older schema is for --diff: hashcart schema --diff OLD.")
    if diff:
        _tell_changes(old)
    elif write:
        _write(_documents())
    elif check:
        _check(_documents())
    elif release is not None:
        _release(release)
    else:
        answer(printed_schema().rstrip("\n"))


def _documents() -> dict[Path, str]:
    """What is made from the code, by its place. There is a changelog where there was a release."""
    from app.cli.schema_changes import changelog, changes_since

    now = printed_schema()
    documents = {
        Path(SCHEMA_FILE): now,
        Path(OPENAPI_FILE): printed_openapi(),
        Path(ERRORS_FILE): printed_errors(),
    }
    if Path(RELEASED_FILE).is_file():
        before = _read(Path(CHANGELOG_FILE)) or ""
        documents[Path(CHANGELOG_FILE)] = changelog(before, changes_since(None, now))
    return documents


def _write(documents: Mapping[Path, str]) -> None:
    for path, text in documents.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        say(f"Wrote {path}.")


def _check(documents: Mapping[Path, str]) -> None:
    from app.cli.schema_changes import without_note

    stale = [path for path, text in documents.items() if _read(path) != text]
    for path in stale:
        say(f"{path} is not current: run `hashcart schema --write` and read what changed.")
    unsaid = without_note(documents.get(Path(CHANGELOG_FILE), ""))
    for change in unsaid:
        say(f"{CHANGELOG_FILE}: say below this breaking change what clients are to do: {change}")
    raise typer.Exit(1 if stale or unsaid else 0)


def _tell_changes(old: str | None) -> None:
    from app.cli.schema_changes import changes_since, told
    from app.graphql.changes import Level

    changes = changes_since(old, printed_schema())
    answer(told(changes))
    raise typer.Exit(1 if any(each.level is Level.BREAKING for each in changes) else 0)


def _release(version: str) -> None:
    from app.cli.schema_changes import changelog, changes_since, closed_under, without_note
    from app.core import clock

    now = printed_schema()
    changes = changes_since(None, now) if Path(RELEASED_FILE).is_file() else []
    text = changelog(_read(Path(CHANGELOG_FILE)) or "", changes)
    unsaid = without_note(text)
    if unsaid:
        raise CommandFailed(f"Say in {CHANGELOG_FILE} what to do about: {unsaid[0]}")
    closed = closed_under(text, version, clock.now().date())
    _write({Path(SCHEMA_FILE): now, Path(RELEASED_FILE): now, Path(CHANGELOG_FILE): closed})


def printed_schema() -> str:
    """The schema in GraphQL's schema language."""
    from app.schema import schema as api

    return str(api.as_str()) + "\n"


def printed_errors() -> str:
    """The codes of errors, as a page in Markdown."""
    from app.graphql.codes import printed_codes

    return printed_codes()


def printed_openapi() -> str:
    """The OpenAPI document of the edge, as YAML."""
    import yaml

    from app.main import openapi_document

    text: str = yaml.safe_dump(openapi_document(), sort_keys=False, allow_unicode=True, width=100)
    return text


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None
