"""The part of planning below a root field: what is selected on rows becomes slots and views."""

from collections.abc import Mapping
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
    collect_subfields,
)
from graphql.execution.values import VariableValues, get_argument_values

from app.core.viewer import Scope
from app.graphql.errors import ErrorCode, RequestRefused
from app.graphql.reads.aggregates import Aggregate, fields_named
from app.graphql.reads.binding import (
    Document,
    Embedded,
    Identity,
    Many,
    One,
    SameRow,
    ScopedField,
    StreamPlace,
    TypeMapping,
)
from app.graphql.reads.catalogue import Catalogue, is_page_info, strawberry_field
from app.graphql.reads.filters import PlannedFilter
from app.graphql.reads.grouping import GroupPlanner
from app.graphql.reads.list_request import ListRequest
from app.graphql.reads.plan import (
    Constant,
    DocumentView,
    EdgeView,
    Entry,
    GroupsView,
    Leaf,
    ListSource,
    ListView,
    ManySource,
    ObjectView,
    OneView,
    PlaceLeaf,
    SameRowView,
    Slot,
    Source,
)
from app.graphql.reads.provided import Provided, provided_value
from app.graphql.reads.values import TOTAL_COUNT, TYPENAME, AnswerPlace, Details, ValuePlanner
from app.graphql.scalars import global_id_of

_OF_ROWS = ("edges", "nodes", "pageInfo")


LISTS_MAX = 100
"""Lists of one operation, groups included: what compiling it may cost."""
CONDITIONS_TOGETHER_MAX = 500
"""Comparisons of all filters of an operation: what compiling it may cost."""


class Unmapped(Exception):
    """No table answers this root field: it has a resolver, or asks for the schema."""


class RowPlanner:
    """Plans selections on rows. Variables matter by their shape and for @skip and @include."""

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
        self._lists: list[ManySource] = []
        self._conditions = 0

    def scopes(self) -> Mapping[Scope, tuple[str, ...]]:
        """The scopes met so far, each with the path of the first field that takes it."""
        return self._scopes

    def lists(self) -> tuple[ManySource, ...]:
        """The lists met so far."""
        return tuple(self._lists)

    def subfields(self, runtime: GraphQLObjectType, details: Details) -> GroupedFieldSet:
        """The fields selected on an object of type *runtime*, by their keys in order."""
        return collect_subfields(
            self._schema, self._fragments, self._variables, self._operation, runtime, details
        ).grouped_field_set

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
        self, graphql_type: GraphQLNamedType, source: Source, details: Details, place: AnswerPlace
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
        self, runtime: GraphQLObjectType, source: Source, details: Details, place: AnswerPlace
    ) -> tuple[Entry, ...]:
        return tuple(
            Constant(key, runtime.name)
            if found[0].node.name.value == TYPENAME
            else self._entry(runtime, source, key, found, place.at(key))
            for key, found in self.subfields(runtime, details).items()
        )

    def _entry(
        self,
        runtime: GraphQLObjectType,
        source: Source,
        key: str,
        details: Details,
        place: AnswerPlace,
    ) -> Entry:
        name = details[0].node.name.value
        definition = runtime.fields[name]
        self._need_scope_of(definition, place.path)
        match self._catalogue.binding(definition):
            case Identity():
                return Leaf(key, source.slot("id"), global_id_of(runtime.name))
            case StreamPlace(what=what):
                return PlaceLeaf(key, what)
            case Embedded() as binding:
                return self._values.embedded(source, key, binding, definition, details)
            case Document(column=column, path=path):
                view_of_json = self._values.json(key, path, definition, details)
                return DocumentView(key, source.slot(column), view_of_json)
            case Provided(make=make):
                value = make(self._catalogue.tariff)
                return Constant(key, provided_value(value, definition, details, self.subfields))
            case One() | SameRow() | Many() | Aggregate() as binding:
                return self._further(runtime, source, definition, binding, key, details, place)
            case _:
                column_name = self._catalogue.column_name(definition)
                codec = self._catalogue.codec(definition)
                return Leaf(key, source.shown(column_name, codec), codec)

    def _further(
        self,
        runtime: GraphQLObjectType,
        source: Source,
        definition: GraphQLField,
        binding: One | SameRow | Many | Aggregate,
        key: str,
        details: Details,
        place: AnswerPlace,
    ) -> OneView | SameRowView | ListView | GroupsView:
        """The entry of a field that reads further rows."""
        target = get_named_type(definition.type)
        match binding:
            case One(join=join):
                name = f"{runtime.name}.{details[0].node.name.value}"
                inner = source.one(name, join, self._mapping(target, place.path))
                view = self._object(target, inner, details, place)
                identity = inner.identity() if self._in_a_long_list(place) else None
                return OneView(key, inner.presence(), view, identity)
            case SameRow():
                return SameRowView(key, self._object(target, source, details, place))
            case Many():
                listed = self._list(runtime, definition, binding, key, details, place)
                source.lists.append(listed.source)
                return listed
            case Aggregate():
                totals = self._groups(runtime, definition, binding, key, details, place)
                source.lists.append(totals.source)
                return totals

    @cached_property
    def _values(self) -> ValuePlanner:
        return ValuePlanner(self._catalogue, self.subfields)

    def _in_a_long_list(self, place: AnswerPlace) -> bool:
        """Whether many rows may show the same row here: those of a list that is below no other."""
        return place.inside is not None and self._lists[place.inside].request.inside is None

    @cached_property
    def _grouping(self) -> GroupPlanner:
        return GroupPlanner(
            self._catalogue, self.subfields, self._mapping, self._need_scope_of, self._object
        )

    def _groups(
        self,
        owner: GraphQLObjectType,
        definition: GraphQLField,
        binding: Aggregate,
        key: str,
        details: Details,
        place: AnswerPlace,
    ) -> GroupsView:
        node = details[0].node
        given = get_argument_values(definition, node, self._variables)
        request = ListRequest(
            index=self._next_list(place),
            definition=definition,
            node=node,
            path=place.path,
            has_cursor=False,
            backward=False,
            filters={},
            inside=place.inside,
        )
        by = binding.by or fields_named(given.get("by"))
        source = self._grouping.source(owner, binding.join, by, request)
        request.condition = self._filter(source.source.mapping, given, place)
        self._lists.append(source)
        return self._grouping.view(source, key, details)

    def _list(
        self,
        owner: GraphQLObjectType,
        definition: GraphQLField,
        binding: Many,
        key: str,
        details: Details,
        place: AnswerPlace,
    ) -> ListView:
        connection = get_named_type(definition.type)
        assert isinstance(connection, GraphQLObjectType)
        target = get_named_type(connection.fields["nodes"].type)
        mapping = self._mapping(target, place.path)
        assert mapping.orders is not None  # the start-up check refuses lists of other types
        given = get_argument_values(definition, details[0].node, self._variables)
        listed = ListSource(
            f"{owner.name}.{details[0].node.name.value}",
            binding.join,
            mapping.orders.chosen(given.get("orderBy")),
            Source(mapping),
            self._request(definition, binding, details[0].node, place, given),
        )
        listed.request.condition = self._filter(mapping, given, place)
        self._lists.append(listed)
        below = AnswerPlace(place.path, listed.request.index)
        parts = tuple(
            self._part(connection, target, listed, part_key, found, below.at(part_key))
            for part_key, found in self.subfields(connection, details).items()
        )
        listed.shown = any(kind in _OF_ROWS for _, kind, _ in parts)
        if listed.shown:
            listed.source.need_a_column()
        return ListView(key, listed, parts, connection.name)

    def _next_list(self, place: AnswerPlace) -> int:
        """The number of another list."""
        if len(self._lists) >= LISTS_MAX:
            raise RequestRefused(
                ErrorCode.OPERATION_TOO_LARGE,
                f"Ask for at most {LISTS_MAX} lists at once, those of groups included.",
                place.path,
            )
        return len(self._lists)

    def _filter(
        self, mapping: TypeMapping, given: Mapping[str, Any], place: AnswerPlace
    ) -> PlannedFilter | None:
        planned = None
        if mapping.filters is not None:
            planned = mapping.filters.plan(given.get("filter"), place.path)
        if planned is not None:
            self._conditions += planned.size
        if self._conditions > CONDITIONS_TOGETHER_MAX:
            raise RequestRefused(
                ErrorCode.OPERATION_TOO_LARGE,
                f"The filters hold more than {CONDITIONS_TOGETHER_MAX:,} conditions together. Ask "
                "in several operations.",
                place.path,
            )
        return planned

    def _request(
        self,
        definition: GraphQLField,
        binding: Many,
        node: FieldNode,
        place: AnswerPlace,
        given: Mapping[str, Any],
    ) -> ListRequest:
        return ListRequest(
            index=self._next_list(place),
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
        place: AnswerPlace,
    ) -> tuple[str, str, Any]:
        name = details[0].node.name.value
        if name == TOTAL_COUNT:
            listed.total = Slot(None)
        if name in (TYPENAME, TOTAL_COUNT):
            return key, name, None
        if name == "nodes":
            return key, "nodes", self._object(target, listed.source, details, place)
        below = get_named_type(connection.fields[name].type)
        assert isinstance(below, GraphQLObjectType)
        selected = self.subfields(below, details)
        if is_page_info(below):
            names = tuple((inner, found[0].node.name.value) for inner, found in selected.items())
            asked = [each for _, each in names]
            if any(each.endswith("Cursor") for each in asked):
                listed.want_cursor()
            listed.looks_ahead |= any(each.startswith("has") for each in asked)
            return key, "pageInfo", names
        entries = tuple(
            (inner, self._edge_entry(target, listed, found, place.at(inner)))
            for inner, found in selected.items()
        )
        return key, "edges", EdgeView(entries, below.name)

    def _edge_entry(
        self, target: GraphQLNamedType, listed: ListSource, details: Details, place: AnswerPlace
    ) -> str | ObjectView:
        name = details[0].node.name.value
        if name == "node":
            return self._object(target, listed.source, details, place)
        if name == "cursor":
            listed.want_cursor()
        return name
