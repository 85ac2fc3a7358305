"""What the engine makes of an operation, for reading: plan, SQL, assembler, PostgreSQL's plan."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from graphql import OperationType

from app.core.ids import NOBODY
from app.core.viewer import Scope, Viewer
from app.graphql.engine import Cost, Engine, GraphQLRequest
from app.graphql.reads.execute import CompiledOperation, Fetch
from app.graphql.reads.filters import AllOf, AnyOf, Comparison, Condition, Missing, Not
from app.graphql.reads.list_request import ListRequest
from app.graphql.reads.plan import (
    Constant,
    GroupsSource,
    GroupsView,
    ListView,
    NodesView,
    Source,
)


@dataclass(frozen=True)
class Explanation:
    """The stages of one operation."""

    plan: str
    sql: str
    parameters: tuple[str, ...]
    assembler: str
    cost: str = ""


class RunsOnReference(Exception):
    """The operation is not one statement: there is nothing to show. The message says why."""


def compile_request(
    engine: Engine, query: str, variables: Mapping[str, Any]
) -> tuple[CompiledOperation, Any]:
    """The compiled operation and its coerced variables.

    Raises:
        DocumentRefused, RequestRefused: the document or its variables are not valid.
        RunsOnReference: it is not compiled.
    """
    prepared = engine.documents.prepare(query, None)
    if prepared.kind is OperationType.MUTATION:
        raise RunsOnReference("A mutation is not run to be explained; ask without --brand.")
    coerced = engine.documents.variables(prepared, variables)
    compiled = engine.reads.compile(prepared, coerced)
    if not compiled.plan.complete:
        raise RunsOnReference("This operation runs on the reference: a root field reads no table.")
    return compiled, coerced


def explain(engine: Engine, query: str, variables: Mapping[str, Any]) -> Explanation:
    """The stages of an operation, before any database; of a mutation, those of its payloads."""
    prepared = engine.documents.prepare(query, None)
    if prepared.kind is OperationType.MUTATION:
        stages = _explain_payloads(engine.mutations.payloads(prepared, variables))
    else:
        compiled, _ = compile_request(engine, query, variables)
        stages = _explain(compiled)
    return replace(
        stages, cost=_points(engine.cost(GraphQLRequest(query, None, variables), _ANYBODY))
    )


_ANYBODY = Viewer(NOBODY, NOBODY, NOBODY, NOBODY, frozenset(Scope), None)


def _points(cost: Cost) -> str:
    """The points and what they are made of, a line for each part."""
    parts = (f"{part.points:>10,}  {'.'.join(part.path) or 'the operation'}" for part in cost.parts)
    return "\n".join((f"{cost.points:>10,}  points", *parts))


def _explain_payloads(payloads: Mapping[str, CompiledOperation]) -> Explanation:
    explained = {name: _explain(compiled) for name, compiled in payloads.items()}
    return Explanation(
        plan="\n".join(each.plan for each in explained.values()),
        sql="\n".join(f"-- {name}\n{each.sql}" for name, each in explained.items()),
        parameters=tuple(
            f"{parameter} of {name}"
            for name, each in explained.items()
            for parameter in each.parameters
        ),
        assembler="\n".join(each.assembler for each in explained.values()),
    )


def _explain(compiled: CompiledOperation) -> Explanation:
    statement = compiled.statement
    return Explanation(
        plan="\n".join(_plan_lines(compiled)),
        sql="" if statement is None else pretty(statement.sql),
        parameters=() if statement is None else statement.names,
        assembler=compiled.assembler_source,
    )


async def explain_by_postgresql(
    engine: Engine, request: GraphQLRequest, viewer: Viewer, fetch: Fetch, *, analyze: bool
) -> str:
    """PostgreSQL's EXPLAIN of the operation's statement, with its real parameters."""
    compiled, coerced = compile_request(engine, request.query, request.variables)
    statement = compiled.statement
    if statement is None:
        return ""
    values, _ = engine.reads.bind(compiled.plan, coerced, viewer)
    options = "ANALYZE, BUFFERS" if analyze else "VERBOSE"
    rows = await fetch(f"EXPLAIN ({options}) {statement.sql}", statement.parameters(values))
    return "\n".join(row[0] for row in rows)


def pretty(sql: str) -> str:
    """SQL with a line for each clause, for reading and for the golden files."""
    broken = re.sub(r"\s+(LEFT OUTER JOIN|ORDER BY|LIMIT|AND) ", r"\n\1 ", sql)
    return "\n".join(line.rstrip() for line in broken.splitlines()) + "\n"


def _plan_lines(compiled: CompiledOperation) -> Iterator[str]:
    for root in compiled.plan.roots:
        if isinstance(root, Constant):
            yield f"{root.key}: {root.value!r}"
        elif isinstance(root, NodesView):
            yield f"{root.key}: rows {root.source.request.index} by their ids of"
            for one in root.source.ones.values():
                yield from _source_lines(one.source, 1)
        elif isinstance(root, ListView | GroupsView):
            what = "list" if isinstance(root, ListView) else f"groups by {_keys(root.source)},"
            asked = asked_of(root.source.request)
            yield f"{root.key}: {what} {root.source.request.index}{asked} of"
            yield from _source_lines(root.source.source, 1)
        else:
            yield f"{root.key}: row {root.index} by {root.column or 'visibility'} of"
            yield from _source_lines(root.source, 1)
    for scope, path in compiled.plan.scopes.items():
        yield f"takes {scope.value} for {'.'.join(path)}"


def _source_lines(source: Source, depth: int) -> Iterator[str]:
    indent = "  " * depth
    columns = ", ".join(f"{slot.column or 'present'}@{slot.position}" for slot in source.slots)
    yield f"{indent}{source.mapping.model.__tablename__} [{columns}]"
    yield f"{indent}visible by {source.mapping.visible.__name__}"
    for name, one in source.ones.items():
        yield f"{indent}one {name}:"
        yield from _source_lines(one.source, depth + 1)
    for listed in source.lists:
        if isinstance(listed, GroupsSource):
            yield f"{indent}groups {listed.request.index} {listed.name} by {_keys(listed)}:"
            yield from _source_lines(listed.source, depth + 1)
            continue
        way = "desc" if listed.order.descending else "asc"
        order = ", ".join(listed.order.columns)
        asked = asked_of(listed.request)
        form = "" if listed.printed is None else "printed "
        yield f"{indent}{form}list {listed.request.index} {listed.name} by {order} {way}{asked}:"
        yield from _source_lines(listed.source, depth + 1)


def _keys(groups: GroupsSource) -> str:
    return ", ".join(groups.keys) or "nothing"


def asked_of(request: ListRequest) -> str:
    """What a list's filter asks, in words; nothing where it has none."""
    return "" if request.condition is None else f" where {_told(request.condition.condition)}"


def _told(condition: Condition) -> str:
    match condition:
        case Comparison(column=column, path=path):
            return f"{column} {path[-1]} ?"
        case Missing(column=column, is_null=is_null):
            return f"{column} isNull {str(is_null).lower()}"
        case Not(part=part):
            return f"not {_told(part)}"
        case AllOf(parts=parts):
            return f"({' and '.join(map(_told, parts))})" if parts else "true"
        case AnyOf(parts=parts):
            return f"({' or '.join(map(_told, parts))})" if parts else "false"
