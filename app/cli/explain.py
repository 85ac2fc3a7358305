"""The command that shows what the engine makes of an operation."""

from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.failures import CommandFailed
from app.cli.output import answer


def explain(
    file: Annotated[Path, typer.Argument(help="A file with one GraphQL operation.")],
    variables: Annotated[str, typer.Option(help="The variables, as a JSON object.")] = "{}",
    brand: Annotated[
        str | None,
        typer.Option(help="Also ask PostgreSQL for its plan, as a token of this brand would."),
    ] = None,
    analyze: Annotated[
        bool, typer.Option("--analyze", help="With --brand: run it, and show real times and rows.")
    ] = False,
) -> None:
    """Print an operation's cost, plan, SQL, assembler and, with --brand, PostgreSQL's EXPLAIN."""
    import orjson

    from app.cli.runtime import run
    from app.graphql.engine import create_engine
    from app.graphql.errors import DocumentRefused, RequestRefused
    from app.graphql.reads.explain import RunsOnReference
    from app.graphql.reads.explain import explain as explain_stages
    from app.schema import schema

    try:
        query, given = file.read_text(encoding="utf-8"), orjson.loads(variables)
    except OSError as error:
        raise CommandFailed(f"{file} cannot be read: {error.strerror}.") from None
    except orjson.JSONDecodeError:
        raise CommandFailed("--variables is no JSON.") from None
    if not isinstance(given, dict):
        raise CommandFailed("--variables must be a JSON object.")
    try:
        stages = explain_stages(create_engine(schema, bytes(32)), query, given)
    except (DocumentRefused, RequestRefused, RunsOnReference) as error:
        raise CommandFailed(f"{file}: {error}") from None
    _show("Cost", stages.cost)
    _show("Plan", stages.plan)
    _show("SQL", stages.sql)
    _show("Parameters", "\n".join(f"${n} {name}" for n, name in enumerate(stages.parameters, 1)))
    _show("Assembler", stages.assembler)
    if brand is not None:
        _show("PostgreSQL", run(_ask_postgresql(query, given, brand, analyze)))


async def _ask_postgresql(query: str, given: dict[str, Any], slug: str, analyze: bool) -> str:
    from app.cli.runtime import opened
    from app.core.ids import NOBODY
    from app.core.viewer import Scope, Viewer
    from app.graphql.context import fetch_from
    from app.graphql.engine import GraphQLRequest, create_engine
    from app.graphql.reads.explain import explain_by_postgresql
    from app.schema import schema

    async with opened() as resources:
        brand_id = await resources.reads.fetchval("SELECT id FROM brand WHERE slug = $1", slug)
        if brand_id is None:
            raise CommandFailed(f"There is no brand {slug!r}.")
        engine = create_engine(schema, resources.keys.cursor)
        viewer = Viewer(brand_id, NOBODY, NOBODY, NOBODY, frozenset(Scope), None)
        request = GraphQLRequest(query, None, given)
        fetch = fetch_from(resources.reads)
        return await explain_by_postgresql(engine, request, viewer, fetch, analyze=analyze)


def _show(title: str, text: str) -> None:
    answer(f"-- {title}\n{text.rstrip()}\n")
