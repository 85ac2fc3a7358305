"""Runs operations: cached plan, bound arguments, one statement, bytes."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql.execution.values import VariableValues

from app.core.ids import NOBODY, parse_global_id
from app.core.models import Model
from app.core.viewer import Scope, Viewer
from app.graphql.charges import UNCHARGED, Charge
from app.graphql.cost import PlanCost, cost_of
from app.graphql.errors import ErrorCode, RequestRefused
from app.graphql.limits import ROWS_MAX
from app.graphql.paging import CursorSigner, Order, page_of
from app.graphql.reads.aggregates import GROUPS_MAX, first_groups
from app.graphql.reads.assemble import Assembler, assembler_of
from app.graphql.reads.catalogue import Catalogue
from app.graphql.reads.documents import Documents, PreparedOperation
from app.graphql.reads.list_request import ListRequest
from app.graphql.reads.nodes import checked_ids, keys_and_kinds, keys_name, kinds_name
from app.graphql.reads.plan import (
    GroupsSource,
    ListSource,
    ManySource,
    NodesSource,
    Plan,
    RootRow,
)
from app.graphql.reads.planner import Planner
from app.graphql.reads.runs import GroupsRun, ListRun, ManyRun, NodesRun, to_bytes
from app.graphql.reads.sql import (
    Statement,
    condition_name,
    filter_name,
    key_name,
    limit_name,
    row_name,
    statement_of,
)

Fetch = Callable[[str, Sequence[Any]], Awaitable[Sequence[Any]]]
"""Runs a statement on a connection for reading."""


@dataclass(frozen=True)
class CompiledOperation:
    """All that does not depend on values."""

    plan: Plan
    statement: Statement | None
    assemble: Assembler
    assembler_source: str
    cost: PlanCost


class Reads:
    """Compiled reads of one schema."""

    def __init__(self, catalogue: Catalogue, documents: Documents, cursor_key: bytes) -> None:
        self._catalogue = catalogue
        self._documents = documents
        self._cursor_key = cursor_key

    def compile(self, prepared: PreparedOperation, variables: VariableValues) -> CompiledOperation:
        """The compiled operation, from the cache if its shape was met before."""
        shape = self._documents.shape(variables)
        found: CompiledOperation | None = prepared.plans.get(shape)
        if found is not None:
            prepared.plans.move_to_end(shape)
            return found
        compiled = self._compile(prepared, variables)
        prepared.keep(shape, compiled)
        return compiled

    def _compile(self, prepared: PreparedOperation, variables: VariableValues) -> CompiledOperation:
        planner = Planner(self._catalogue, prepared.operation, prepared.fragments, variables)
        return self.compile_plan(planner.plan(prepared.root))

    def compile_plan(self, plan: Plan) -> CompiledOperation:
        """A plan's statement and assembler."""
        assemble, source = assembler_of(plan)
        return CompiledOperation(plan, statement_of(plan), assemble, source, cost_of(plan))

    async def run(
        self,
        compiled: CompiledOperation,
        variables: VariableValues,
        viewer: Viewer,
        fetch: Fetch,
        charge: Charge = UNCHARGED,
    ) -> bytes:
        """The answer's bytes.

        Raises:
            RequestRefused: a missing scope, a bad cursor, too large a page, an empty bucket.
        """
        values, runs = self.bind(compiled.plan, variables, viewer)
        cost = compiled.cost.of(runs)
        if not charge.take_now(cost):
            await charge.take(cost)
        rows: Sequence[Sequence[Any]] = ()
        if compiled.statement is not None:
            parameters = compiled.statement.parameters(values)
            rows = await fetch(compiled.statement.sql, parameters)
        return to_bytes({"data": compiled.assemble(rows, runs)})

    def bind(
        self, plan: Plan, variables: VariableValues, viewer: Viewer
    ) -> tuple[dict[str, Any], list[ManyRun]]:
        """The values of the statement's parameters, and what each list is asked for.

        Raises:
            RequestRefused: a missing scope, a bad cursor, too large a page.
        """
        if not plan.needed <= viewer.scopes:
            need_scopes(plan.scopes, viewer)
        values = viewer.parameters()
        runs = self.bind_lists(plan.lists, variables, viewer, values) if plan.lists else []
        for root in plan.found_rows:
            values[row_name(root.index)] = _row_key(root, variables)
        return values, runs

    def bind_lists(
        self,
        lists: Sequence[ManySource],
        variables: VariableValues,
        viewer: Viewer,
        values: dict[str, Any],
    ) -> list[ManyRun]:
        """What each list is asked for; its parameters join *values*."""
        runs = [self._bind_many(listed, variables, viewer, values) for listed in lists]
        check_rows(rows_asked(lists, runs))
        return runs

    def _bind_many(
        self,
        listed: ManySource,
        variables: VariableValues,
        viewer: Viewer,
        values: dict[str, Any],
    ) -> ManyRun:
        match listed:
            case GroupsSource():
                return bind_groups(listed, variables, values)
            case NodesSource():
                return bind_nodes(listed, variables, values)
            case ListSource():
                return self._bind_list(listed, variables, viewer, values)

    def _bind_list(
        self,
        listed: ListSource,
        variables: VariableValues,
        viewer: Viewer,
        values: dict[str, Any],
    ) -> ListRun:
        request = listed.request
        given = request.arguments(variables)
        signer = None
        if listed.cursor_slots or request.has_cursor:
            signer = CursorSigner(self._cursor_key, viewer.brand_id.bytes + listed.context)
        kinds: Sequence[type] = ()
        if request.has_cursor:
            kinds = kinds_of(listed.order, listed.source.mapping.model)
        page = page_of(given, signer, kinds, request.path)
        values[limit_name(request.index)] = page.rows + listed.looks_ahead
        for position, key in enumerate(page.after or ()):
            values[key_name(request.index, position)] = key
        for name, argument in request.filters.items():
            values[filter_name(request.index, name)] = argument.to_database(given[name])
        bind_condition(request, given, values)
        return ListRun(page, signer)


def bind_condition(request: ListRequest, given: Mapping[str, Any], values: dict[str, Any]) -> None:
    """Let the values of a filter join *values*."""
    if request.condition is not None:
        asked = request.condition.bind(given["filter"], request.path)
        for number, value in enumerate(asked):
            values[condition_name(request.index, number)] = value


def bind_nodes(nodes: NodesSource, variables: VariableValues, values: dict[str, Any]) -> NodesRun:
    """Which rows are asked for by id; their keys join *values*."""
    request = nodes.request
    ids = checked_ids(request.arguments(variables)["ids"], request.path)
    keys, kinds = keys_and_kinds(ids, tuple(nodes.ones))
    values[keys_name(request.index)], values[kinds_name(request.index)] = keys, kinds
    return NodesRun(len(ids))


def bind_groups(
    groups: GroupsSource, variables: VariableValues, values: dict[str, Any]
) -> GroupsRun:
    """What groups are asked for; their parameters join *values*."""
    request = groups.request
    given = request.arguments(variables)
    bind_condition(request, given, values)
    most = groups.groups_max or GROUPS_MAX
    if not groups.cut:
        return GroupsRun(most)
    first = first_groups(given, request.path)
    values[limit_name(request.index)] = GROUPS_MAX + 1 if first is None else first
    return GroupsRun(min(most, first or GROUPS_MAX), request.path)


def kinds_of(order: Order, model: type[Model]) -> list[type]:
    """The Python types of an order's columns: what a cursor holds."""
    return [getattr(model, name).type.python_type for name in order.columns]


def need_scopes(scopes: Mapping[Scope, Sequence[str]], viewer: Viewer) -> None:
    """Refuse what takes a scope that the viewer lacks, naming the field and the scope."""
    for scope, path in scopes.items():
        if scope not in viewer.scopes:
            raise RequestRefused(
                ErrorCode.MISSING_SCOPE,
                # Begins as for a field that does not exist: that is what tools that guess look for.
                f"Cannot query field '{path[-1]}' here: `{'.'.join(path)}` takes the scope "
                f"`{scope.value}`, which this token lacks. "
                "Ask the brand to grant it, or leave the field out.",
                path,
            )


def rows_asked(lists: Sequence[ManySource], runs: Sequence[ManyRun]) -> int:
    """How many rows the lists of one statement ask for together, lists in lists multiplied."""
    sizes: list[int] = []
    for listed, run in zip(lists, runs, strict=True):
        inside = listed.request.inside
        sizes.append(run.rows * (1 if inside is None else sizes[inside]))
    return sum(sizes)


def check_rows(rows: int) -> None:
    """Refuse an operation that asks for too many rows."""
    if rows > ROWS_MAX:
        raise RequestRefused(
            ErrorCode.OPERATION_TOO_LARGE,
            f"The lists ask for {rows} rows together; at most {ROWS_MAX}. Use smaller pages.",
        )


def _row_key(root: RootRow, variables: VariableValues) -> Any:
    given = root.arguments(variables)[root.argument or ""]
    if root.type_name is None:
        return given
    parsed = parse_global_id(given)
    return parsed[1] if parsed is not None and parsed[0] == root.type_name else NOBODY
