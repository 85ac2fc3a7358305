"""Document and variables → plan. graphql-core collects the fields, so they merge by the spec."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    OperationDefinitionNode,
    get_named_type,
)
from graphql.execution.collect_fields import (
    FragmentDetails,
    GroupedFieldSet,
    collect_fields,
    collect_subfields,
)
from graphql.execution.values import VariableValues, get_argument_values

from app.core.ids import parse_global_id
from app.core.viewer import Scope
from app.graphql.reads.binding import (
    Document,
    Embedded,
    Identity,
    Many,
    One,
    RootNode,
    RootOne,
    SameRow,
    ScopedField,
    StreamPlace,
    TypeMapping,
)
from app.graphql.reads.catalogue import Catalogue, is_page_info, strawberry_field
from app.graphql.reads.plan import (
    Constant,
    DocumentView,
    EdgeView,
    Entry,
    Leaf,
    ListRequest,
    ListSource,
    ListView,
    ObjectView,
    OneView,
    PlaceLeaf,
    Plan,
    RootRow,
    SameRowView,
    Source,
    lay_out,
)
from app.graphql.reads.values import TYPENAME, Details, ValuePlanner
from app.graphql.scalars import global_id_of


class Unmapped(Exception):
    """No table answers this root field: it has a resolver, or asks for the schema."""


@dataclass(frozen=True)
class _Place:
    """Where in the answer a selection stands: its path, and the list it lies below."""

    path: tuple[str, ...]
    inside: int | None = None

    def at(self, key: str) -> "_Place":
        """The place of a key below this one."""
        return _Place((*self.path, key), self.inside)


class Planner:
    """Plans one operation. The variables matter by their presence and for @skip and @include."""

    def __init__(
        self,
        catalogue: Catalogue,
        operation: OperationDefinitionNode,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: VariableValues,
    ) -> None:
        self._catalogue = catalogue
        self._schema = catalogue.schema
        self._operation = operation
        self._fragments = {name: FragmentDetails(each) for name, each in fragments.items()}
        self._variables = variables
        self._scopes: dict[Scope, tuple[str, ...]] = {}
        self._lists: list[ListSource] = []
        self._rows = 0

    def plan(self, root: GraphQLObjectType) -> Plan:
        """The plan of all root fields that read tables; `complete` says whether that is all."""
        collected = collect_fields(
            self._schema, self._fragments, self._variables, root, self._operation
        ).grouped_field_set
        roots = []
        for key, details in collected.items():
            with suppress(Unmapped):
                roots.append(self._root(root, key, details))
        complete = len(roots) == len(collected)
        return Plan(tuple(roots), self._scopes, tuple(self._lists), complete)

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
        view = self._object(graphql_type, source, details, _Place(path))
        lay_out(source)
        return source, view

    def scopes(self) -> Mapping[Scope, tuple[str, ...]]:
        """The scopes met so far, each with the path of the first field that takes it."""
        return self._scopes

    def lists(self) -> tuple[ListSource, ...]:
        """The lists met so far."""
        return tuple(self._lists)

    def subfields(self, runtime: GraphQLObjectType, details: Details) -> GroupedFieldSet:
        """The fields selected on an object of type *runtime*, by their keys in order."""
        return collect_subfields(
            self._schema, self._fragments, self._variables, self._operation, runtime, details
        ).grouped_field_set

    def _root(
        self, root: GraphQLObjectType, key: str, details: Details
    ) -> RootRow | ListView | Constant:
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
                view = self._list(root, definition, binding, key, details, _Place((key,)))
                lay_out(view.source.source)
                return view
            case RootNode():
                return self._node(key, definition, details)
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

    def _mapping(self, graphql_type: GraphQLNamedType, path: tuple[str, ...]) -> TypeMapping:
        mapping = self._catalogue.mapping(graphql_type)
        if mapping is None:
            raise Unmapped
        if mapping.scope is not None:
            self._scopes.setdefault(mapping.scope, path)
        return mapping

    def _need_scope_of(self, definition: GraphQLField, path: tuple[str, ...]) -> None:
        found = strawberry_field(definition)
        if isinstance(found, ScopedField) and found.scope is not None:
            self._scopes.setdefault(found.scope, path)

    def _object(
        self, graphql_type: GraphQLNamedType, source: Source, details: Details, place: _Place
    ) -> ObjectView:
        if isinstance(graphql_type, GraphQLInterfaceType):
            mapping = self._mapping(graphql_type, place.path)
            assert mapping.discriminator is not None
            column = mapping.discriminator
            variants = self._catalogue.variants[graphql_type.name]
            return ObjectView(
                (),
                source.slot(column),
                {
                    value: self._entries(possible, source, details, place)
                    for value, possible in variants.items()
                },
            )
        assert isinstance(graphql_type, GraphQLObjectType)
        return ObjectView(self._entries(graphql_type, source, details, place))

    def _entries(
        self, runtime: GraphQLObjectType, source: Source, details: Details, place: _Place
    ) -> tuple[Entry, ...]:
        return tuple(
            Constant(key, runtime.name)
            if found[0].node.name.value == TYPENAME
            else self._entry(runtime, source, key, found, place.at(key))
            for key, found in self.subfields(runtime, details).items()
        )

    def _entry(
        self, runtime: GraphQLObjectType, source: Source, key: str, details: Details, place: _Place
    ) -> Entry:
        name = details[0].node.name.value
        definition = runtime.fields[name]
        self._need_scope_of(definition, place.path)
        match self._catalogue.binding(definition):
            case Identity():
                return Leaf(key, source.slot("id"), global_id_of(runtime.name))
            case One(join=join):
                target = get_named_type(definition.type)
                inner = source.one(
                    f"{runtime.name}.{name}", join, self._mapping(target, place.path)
                )
                view = self._object(target, inner, details, place)
                return OneView(key, inner.slot(None), view)
            case SameRow():
                target = get_named_type(definition.type)
                return SameRowView(key, self._object(target, source, details, place))
            case StreamPlace(what=what):
                return PlaceLeaf(key, what)
            case Many() as binding:
                listed = self._list(runtime, definition, binding, key, details, place)
                source.lists.append(listed.source)
                return listed
            case Embedded() as binding:
                return self._values.embedded(source, key, binding, definition, details)
            case Document(column=column, path=path):
                view_of_json = self._values.json(key, path, definition, details)
                return DocumentView(key, source.slot(column), view_of_json)
            case _:
                column_name = self._catalogue.column_name(definition)
                return Leaf(key, source.slot(column_name), self._catalogue.codec(definition))

    @cached_property
    def _values(self) -> ValuePlanner:
        return ValuePlanner(self._catalogue, self.subfields)

    def _list(
        self,
        owner: GraphQLObjectType,
        definition: GraphQLField,
        binding: Many,
        key: str,
        details: Details,
        place: _Place,
    ) -> ListView:
        connection = get_named_type(definition.type)
        assert isinstance(connection, GraphQLObjectType)
        target = get_named_type(connection.fields["nodes"].type)
        listed = ListSource(
            f"{owner.name}.{details[0].node.name.value}",
            binding.join,
            binding.order,
            Source(self._mapping(target, place.path)),
            self._request(definition, binding, details[0].node, place),
        )
        self._lists.append(listed)
        below = _Place(place.path, listed.request.index)
        parts = tuple(
            self._part(connection, target, listed, part_key, found, below.at(part_key))
            for part_key, found in self.subfields(connection, details).items()
        )
        listed.source.need_a_column()
        return ListView(key, listed, parts, connection.name)

    def _request(
        self, definition: GraphQLField, binding: Many, node: FieldNode, place: _Place
    ) -> ListRequest:
        given = get_argument_values(definition, node, self._variables)
        return ListRequest(
            index=len(self._lists),
            definition=definition,
            node=node,
            path=place.path,
            has_cursor=given.get("after") is not None or given.get("before") is not None,
            backward=given.get("last") is not None or given.get("before") is not None,
            filters={
                name: argument
                for name, argument in binding.arguments.items()
                if given.get(name) is not None
            },
            inside=place.inside,
        )

    def _part(
        self,
        connection: GraphQLObjectType,
        target: GraphQLNamedType,
        listed: ListSource,
        key: str,
        details: Details,
        place: _Place,
    ) -> tuple[str, str, Any]:
        name = details[0].node.name.value
        if name == TYPENAME:
            return key, TYPENAME, None
        if name == "nodes":
            return key, "nodes", self._object(target, listed.source, details, place)
        below = get_named_type(connection.fields[name].type)
        assert isinstance(below, GraphQLObjectType)
        selected = self.subfields(below, details)
        if is_page_info(below):
            names = tuple((inner, found[0].node.name.value) for inner, found in selected.items())
            if any(each.endswith("Cursor") for _, each in names):
                listed.want_cursor()
            return key, "pageInfo", names
        entries = tuple(
            (inner, self._edge_entry(target, listed, found, place.at(inner)))
            for inner, found in selected.items()
        )
        return key, "edges", EdgeView(entries, below.name)

    def _edge_entry(
        self, target: GraphQLNamedType, listed: ListSource, details: Details, place: _Place
    ) -> str | ObjectView:
        name = details[0].node.name.value
        if name == "node":
            return self._object(target, listed.source, details, place)
        if name == "cursor":
            listed.want_cursor()
        return name
