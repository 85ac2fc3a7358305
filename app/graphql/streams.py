"""Subscriptions, compiled: a root field of the schema becomes a statement over the log.

The same document, variables and scopes of one brand make one compiled stream, whoever asks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLUnionType,
    VariableNode,
    Visitor,
    get_named_type,
    visit,
)
from graphql.execution.collect_fields import FieldDetails, FragmentDetails, collect_fields
from graphql.execution.values import VariableValues, get_argument_values
from sqlalchemy import BigInteger, ColumnElement, Integer, bindparam, literal_column, select

from app.core.models import Model
from app.core.viewer import Scope, Viewer
from app.graphql.cost import OPERATION, SUBSCRIPTION, PlanCost, cost_below
from app.graphql.errors import ErrorCode, RequestRefused
from app.graphql.paging import CursorSigner, Order, signer_for
from app.graphql.reads.assemble import RowAssembler, row_assembler_of
from app.graphql.reads.binding import ListArgument, Predicate, Stream
from app.graphql.reads.catalogue import Catalogue
from app.graphql.reads.documents import PreparedOperation
from app.graphql.reads.plan import ManySource, ObjectView, Source
from app.graphql.reads.planner import Planner
from app.graphql.reads.sql import Statement, compile_statement, rows_statement
from app.graphql.reads.tables import table_of

_ONE = literal_column("1", Integer)
AFTER, UNTIL, SEQ = "stream_after", "stream_until", "seq"


@dataclass(frozen=True)
class CompiledStream:
    """All that does not depend on values."""

    key: str
    definition: GraphQLField
    node: FieldNode
    arguments: Mapping[str, ListArgument]
    rows: Statement
    """The next rows after `stream_after` up to `stream_until`, oldest first, at most `limit`."""
    previous: Statement
    """The number of the last row at or before `stream_after` that passes the filter."""
    seq_position: int
    assemble: RowAssembler
    lists: tuple[ManySource, ...]
    scopes: Mapping[Scope, Sequence[str]]
    fixed: "FixedItems"
    cost: PlanCost
    """Of its start; what it sends is free."""

    def bind(self, variables: VariableValues) -> tuple[str | None, dict[str, Any]]:
        """The cursor to start after, and the parameters of the filter."""
        given = get_argument_values(self.definition, self.node, variables)
        values = {
            f"stream_{name}": argument.to_database(given[name])
            for name, argument in self.arguments.items()
        }
        return given.get("after"), values


@dataclass(frozen=True)
class FixedItems:
    """How the items without a row are shown: their selected keys, by the names of fields."""

    heartbeat: tuple[tuple[str, str], ...]
    lag: tuple[tuple[str, str], ...]


def stream_signer(key: bytes, brand_id: UUID, order: Order) -> CursorSigner:
    """The signer of the log's cursors."""
    return signer_for(key, brand_id, "stream", order)


@dataclass(frozen=True)
class PlannedStream:
    """The root field of a subscription, planned: what is known before its SQL."""

    key: str
    details: list[FieldDetails]
    definition: GraphQLField
    binding: Stream
    source: Source
    view: ObjectView
    planner: Planner

    @property
    def node(self) -> FieldNode:
        """The field in the document."""
        return self.details[0].node

    @property
    def cost(self) -> PlanCost:
        """What its start costs."""
        return cost_below(self.source, self.planner.lists(), OPERATION + SUBSCRIPTION)


def plan_stream(
    catalogue: Catalogue, prepared: PreparedOperation, variables: VariableValues
) -> PlannedStream:
    """What a subscription asks for.

    Raises:
        RequestRefused: it has not exactly one root field, or one that cannot be followed.
    """
    key, details = _root_field(catalogue, prepared, variables)
    definition = prepared.root.fields.get(details[0].node.name.value)
    binding = None if definition is None else catalogue.binding(definition)
    if definition is None or not isinstance(binding, Stream):
        raise RequestRefused(ErrorCode.BAD_REQUEST, f"`{key}` cannot be subscribed to.")
    planner = Planner(catalogue, prepared.operation, prepared.fragments, variables)
    item = _members(definition)[binding.item]
    source, view = planner.plan_rows(item, details, (key,), want=(SEQ,))
    return PlannedStream(key, details, definition, binding, source, view, planner)


def _members(definition: GraphQLField) -> Mapping[str, GraphQLObjectType]:
    union = get_named_type(definition.type)
    assert isinstance(union, GraphQLUnionType)
    return {member.name: member for member in union.types}


def compile_stream(
    catalogue: Catalogue, prepared: PreparedOperation, variables: VariableValues, order: Order
) -> CompiledStream:
    """The stream that a subscription asks for.

    Raises:
        RequestRefused: it has not exactly one root field, or one that cannot be followed.
    """
    planned = plan_stream(catalogue, prepared, variables)
    source, planner, binding = planned.source, planned.planner, planned.binding
    given = get_argument_values(planned.definition, planned.node, variables)
    arguments = {
        name: argument
        for name, argument in binding.arguments.items()
        if given.get(name) is not None
    }
    conditions = _Conditions(binding, arguments, source.mapping.visible)
    members = _members(planned.definition)
    return CompiledStream(
        key=planned.key,
        definition=planned.definition,
        node=planned.node,
        arguments=arguments,
        rows=rows_statement(source, conditions.between, order),
        previous=conditions.previous(source.mapping.model),
        seq_position=source.slot(SEQ).position,
        assemble=row_assembler_of(planned.view)[0],
        lists=planner.lists(),
        scopes=planner.scopes(),
        fixed=FixedItems(
            _shown(planner, members["LogHeartbeat"], planned.details),
            _shown(planner, members["LogLag"], planned.details),
        ),
        cost=planned.cost,
    )


def _root_field(
    catalogue: Catalogue, prepared: PreparedOperation, variables: VariableValues
) -> tuple[str, list[FieldDetails]]:
    fragments = {name: FragmentDetails(each) for name, each in prepared.fragments.items()}
    collected = collect_fields(
        catalogue.schema, fragments, variables, prepared.root, prepared.operation
    ).grouped_field_set
    if len(collected) != 1:
        raise RequestRefused(ErrorCode.BAD_REQUEST, "A subscription has exactly one root field.")
    return next(iter(collected.items()))


def _shown(
    planner: Planner, member: GraphQLObjectType, details: list[Any]
) -> tuple[tuple[str, str], ...]:
    selected = planner.subfields(member, details)
    return tuple((key, found[0].node.name.value) for key, found in selected.items())


@dataclass(frozen=True)
class _Conditions:
    """The filter of a stream, over an alias of the log."""

    binding: Stream
    arguments: Mapping[str, ListArgument]
    visible: Predicate

    def between(self, table: Any) -> list[ColumnElement[bool]]:
        """After one number, up to another, passing the filter."""
        return [table.seq > _number(AFTER), table.seq <= _number(UNTIL), *self._filter(table)]

    def previous(self, model: type[Model]) -> Statement:
        """The last number up to `stream_after` that passes the filter."""
        table = table_of(model, "event_1")
        conditions = [self.visible(table), table.seq <= _number(AFTER), *self._filter(table)]
        last = select(table.seq).where(*conditions).order_by(table.seq.desc()).limit(_ONE)
        return compile_statement(last)

    def _filter(self, table: Any) -> list[ColumnElement[bool]]:
        found = [self.binding.condition(table)]
        for name, argument in self.arguments.items():
            parameter = bindparam(f"stream_{name}", type_=argument.sql_type)
            found.append(argument.predicate(table, parameter))
        return found


def _number(name: str) -> Any:
    return bindparam(name, type_=BigInteger())


def shared_by(
    viewer: Viewer, prepared: PreparedOperation, variables: Mapping[str, Any]
) -> tuple[Any, ...]:
    """What subscriptions must have in common to be served the same bytes.

    All but the start: a variable that is only the `after` of the root field is left out.
    """
    start = _start_variable(prepared)
    rest = tuple((name, repr(value)) for name, value in sorted(variables.items()) if name != start)
    return (viewer.brand_id, viewer.scopes, prepared, rest)


def _start_variable(prepared: PreparedOperation) -> str | None:
    field = prepared.operation.selection_set.selections[0]
    arguments = field.arguments if isinstance(field, FieldNode) else None
    names = [
        argument.value.name.value
        for argument in arguments or ()
        if argument.name.value == "after" and isinstance(argument.value, VariableNode)
    ]
    if not names:
        return None
    counter = _VariableCounter(names[0])
    visit(prepared.document, counter)
    # Once where it is declared, once as the start: then nothing else depends on it.
    return names[0] if counter.found == 2 else None


class _VariableCounter(Visitor):
    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self.found = 0

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        self.found += node.name.value == self._name
