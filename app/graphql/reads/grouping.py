"""The part of planning that groups rows: an `aggregate` field and the fields of its groups."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
)
from graphql.execution.collect_fields import GroupedFieldSet

from app.graphql.reads.aggregates import (
    Counted,
    Expression,
    GroupKey,
    GroupOne,
    Summed,
    SummedMoney,
)
from app.graphql.reads.binding import Join, TypeMapping
from app.graphql.reads.catalogue import Catalogue, python_name
from app.graphql.reads.list_request import ListRequest
from app.graphql.reads.plan import (
    COUNT,
    Constant,
    Entry,
    GroupsSource,
    GroupsView,
    Leaf,
    ObjectView,
    OneView,
    RecordsView,
    Slot,
    Source,
)
from app.graphql.reads.values import TYPENAME, AnswerPlace, Details

Joined: TypeAlias = Callable[[GraphQLObjectType, Source, Details, AnswerPlace], ObjectView]

MONEY_PARTS = ("amount_minor", "currency")
"""What a record of `SummedMoney` holds, in this order."""


def group_field(owner: GraphQLObjectType, name: str) -> GraphQLField:
    """The field of a type by its name in Python."""
    fields: dict[str, GraphQLField] = owner.fields
    for field in fields.values():
        if python_name(field) == name:
            return field
    raise TypeError(f"{owner.name} has no field {name}.")


def keys_of(
    catalogue: Catalogue, owner: GraphQLObjectType, by: tuple[str, ...]
) -> dict[str, Expression]:
    """What groups of type *owner* are told apart by: a group's column → how a row has it."""
    found: dict[str, Expression] = {}
    for name in by:
        match catalogue.binding(group_field(owner, name)):
            case GroupKey(value=value):
                found[name] = value or _column(name)
            case GroupOne(column=column):
                found[column] = _column(column)
            case _:
                raise TypeError(f"{owner.name}.{name} is no key of its groups.")
    return found


def _column(name: str) -> Expression:
    return lambda row: getattr(row, name)


def groups_max(owner: GraphQLObjectType, by: tuple[str, ...]) -> int | None:
    """The most groups there can be by these keys; None where a key is no enum."""
    most = 1
    for name in by:
        field = group_field(owner, name)
        named = get_named_type(field.type)
        if not isinstance(named, GraphQLEnumType):
            return None
        most *= len(named.values) + (not isinstance(field.type, GraphQLNonNull))
    return most


@dataclass(frozen=True)
class GroupPlanner:
    """Plans selections on groups; *joined* plans one on another type's row beside a group."""

    catalogue: Catalogue
    subfields: Callable[[GraphQLObjectType, Details], GroupedFieldSet]
    mapping: Callable[[GraphQLObjectType, tuple[str, ...]], TypeMapping]
    need_scope_of: Callable[[GraphQLField, tuple[str, ...]], None]
    joined: Joined

    def source(
        self, owner: GraphQLObjectType, join: Join | None, by: tuple[str, ...], request: ListRequest
    ) -> GroupsSource:
        """The source of an `aggregate` field of *owner*."""
        target = get_named_type(request.definition.type)
        assert isinstance(target, GraphQLObjectType)
        return GroupsSource(
            name=f"{owner.name}.{request.node.name.value}",
            join=join,
            source=Source(self.mapping(target, request.path), {COUNT: Slot(COUNT)}),
            by=by,
            keys=keys_of(self.catalogue, target, by),
            request=request,
            groups_max=groups_max(target, by),
        )

    def view(self, groups: GroupsSource, key: str, details: Details) -> GroupsView:
        """What is selected on the groups of a source; lists below them are numbered after it."""
        request = groups.request
        target = get_named_type(request.definition.type)
        assert isinstance(target, GraphQLObjectType)
        place = AnswerPlace(request.path, request.index)
        entries = tuple(
            Constant(inner, target.name)
            if found[0].node.name.value == TYPENAME
            else self._entry(target, groups, inner, found, place.at(inner))
            for inner, found in self.subfields(target, details).items()
        )
        return GroupsView(key, groups, ObjectView(entries))

    def _entry(
        self,
        owner: GraphQLObjectType,
        groups: GroupsSource,
        key: str,
        details: Details,
        place: AnswerPlace,
    ) -> Entry:
        definition = owner.fields[details[0].node.name.value]
        self.need_scope_of(definition, place.path)
        name = python_name(definition)
        match self.catalogue.binding(definition):
            case GroupKey() if name in groups.by:
                return self._leaf(key, groups, name, definition)
            case GroupOne(join=join):
                target = get_named_type(definition.type)
                assert isinstance(target, GraphQLObjectType)
                mapping = self.mapping(target, place.path)
                if name not in groups.by:
                    return Constant(key, None)
                inner = groups.source.one(name, join, mapping)
                view = self.joined(target, inner, details, place)
                return OneView(key, inner.presence(), view)
            case Counted():
                return self._leaf(key, groups, COUNT, definition)
            case Summed() as summed:
                groups.sums[name] = summed
                return self._leaf(key, groups, name, definition)
            case SummedMoney() as money:
                groups.money = (name, money)
                return self._money(key, groups.source.slot(name), definition, details)
            case _:
                return Constant(key, None)

    def _leaf(self, key: str, groups: GroupsSource, name: str, field: GraphQLField) -> Leaf:
        return Leaf(key, groups.source.slot(name), self.catalogue.codec(field))

    def _money(
        self, key: str, slot: Slot, definition: GraphQLField, details: Details
    ) -> RecordsView:
        value_type = get_named_type(definition.type)
        assert isinstance(value_type, GraphQLObjectType)
        entries: list[Leaf | Constant] = []
        for inner_key, found in self.subfields(value_type, details).items():
            name = found[0].node.name.value
            if name == TYPENAME:
                entries.append(Constant(inner_key, value_type.name))
                continue
            inner = value_type.fields[name]
            position = MONEY_PARTS.index(self.catalogue.column_name(inner))
            entries.append(Leaf(inner_key, Slot(None, position), self.catalogue.codec(inner)))
        return RecordsView(key, slot, tuple(entries))
