"""Document and variables → plan. graphql-core collects the fields, so they merge by the spec."""

from collections.abc import Sequence

from graphql import (
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    get_named_type,
)
from graphql.execution.collect_fields import (
    collect_fields,
)
from graphql.execution.values import get_argument_values

from app.core.ids import parse_global_id
from app.graphql.reads.aggregates import Aggregate
from app.graphql.reads.binding import (
    Many,
    RootNode,
    RootOne,
)
from app.graphql.reads.entries import RowPlanner, Unmapped
from app.graphql.reads.json_lists import choose_below, choose_of
from app.graphql.reads.layout import lay_out, lay_out_plan
from app.graphql.reads.list_request import ListRequest
from app.graphql.reads.nodes import RootNodes, by_key, types_named
from app.graphql.reads.plan import (
    Asked,
    Constant,
    NodesSource,
    NodesView,
    ObjectView,
    OneSource,
    OneView,
    Plan,
    RootRow,
    Source,
)
from app.graphql.reads.values import TYPENAME, AnswerPlace, Details


class Planner(RowPlanner):
    """Plans one operation."""

    _rows = 0

    def plan(self, root: GraphQLObjectType) -> Plan:
        """The plan of all root fields that read tables; `complete` says whether that is all."""
        collected = collect_fields(
            self._schema, self._fragments, self._variables, root, self._operation
        ).grouped_field_set
        roots: list[Asked | Constant] = []
        computed: list[str] = []
        for key, details in collected.items():
            try:
                roots.append(self._root(root, key, details))
            except Unmapped:
                computed.append(details[0].node.name.value)
        plan = Plan(tuple(roots), self._scopes, tuple(self._lists), not computed, tuple(computed))
        lay_out_plan(plan)
        return plan

    def plan_payload(
        self, graphql_type: GraphQLNamedType, definition: GraphQLField, key: str, details: Details
    ) -> Plan:
        """The plan of the one row that a mutation made; `row_name(1)` finds it by its key."""
        row = self._row(key, definition, details, graphql_type, "id", None)
        return Plan((row,), self._scopes, tuple(self._lists), complete=True)

    def plan_rows(
        self,
        graphql_type: GraphQLNamedType,
        details: Details,
        path: tuple[str, ...],
        want: Sequence[str] = (),
    ) -> tuple[Source, ObjectView]:
        """A source and view for rows of a mapped type; *want* names columns beside the selection.

        Who asks brings the conditions.
        """
        source = Source(self._mapping(graphql_type, path))
        for column in want:
            source.slot(column)
        view = self._object(graphql_type, source, details, AnswerPlace(path))
        choose_of(view)
        lay_out(source)
        return source, view

    def _root(self, root: GraphQLObjectType, key: str, details: Details) -> Asked | Constant:
        name = details[0].node.name.value
        if name == TYPENAME:
            return Constant(key, root.name)
        definition = root.fields.get(name)
        binding = None if definition is None else self._catalogue.binding(definition)
        if definition is None:
            raise Unmapped
        self._need_scope_of(definition, (key,))
        match binding:
            case Many():
                listed = self._list(root, definition, binding, key, details, AnswerPlace((key,)))
                choose_below(listed)
                return listed
            case Aggregate():
                groups = self._groups(root, definition, binding, key, details, AnswerPlace((key,)))
                choose_below(groups)
                return groups
            case RootNode():
                return self._node(key, definition, details)
            case RootNodes():
                return self._nodes(key, definition, details)
            case RootOne(column=column, argument=argument):
                target = get_named_type(definition.type)
                return self._row(key, definition, details, target, column, argument)
            case _:
                raise Unmapped

    def _row(
        self,
        key: str,
        definition: GraphQLField,
        details: Details,
        target: GraphQLNamedType,
        column: str | None,
        argument: str | None,
    ) -> RootRow:
        source, view = self.plan_rows(target, details, (key,))
        self._rows += 1
        return RootRow(
            key,
            self._rows,
            source,
            view,
            column,
            definition,
            details[0].node,
            argument,
            target.name if column == "id" else None,
        )

    def _node(self, key: str, definition: GraphQLField, details: Details) -> RootRow | Constant:
        given = get_argument_values(definition, details[0].node, self._variables)
        parsed = parse_global_id(given["id"])
        target = self._catalogue.node_types.get(parsed[0]) if parsed else None
        if target is None:
            return Constant(key, None)
        return self._row(key, definition, details, target, "id", "id")

    def _nodes(self, key: str, definition: GraphQLField, details: Details) -> NodesView:
        node = details[0].node
        given = get_argument_values(definition, node, self._variables)
        request = ListRequest(len(self._lists), definition, node, (key,), False, False, {}, None)
        source = NodesSource({}, request)
        self._lists.append(source)
        place = AnswerPlace((key,), request.index)
        types = self._catalogue.node_types
        shown = []
        for kind, name in enumerate(types_named(given["ids"], types)):
            inner = Source(self._mapping(types[name], place.path))
            source.ones[name] = OneSource(by_key(kind), inner)
            view = self._object(types[name], inner, details, place)
            choose_of(view)
            shown.append(OneView(name, inner.presence(), view))
        return NodesView(key, source, tuple(shown))
