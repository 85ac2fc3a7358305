"""The part of planning that reads no further table: value objects of columns and of JSON."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from graphql import GraphQLField, GraphQLObjectType, get_named_type, is_leaf_type
from graphql.execution.collect_fields import FieldDetails, GroupedFieldSet

from app.graphql.reads.binding import Column, Embedded
from app.graphql.reads.catalogue import Catalogue, is_list
from app.graphql.reads.plan import Constant, EmbeddedView, JsonLeaf, JsonView, Leaf, Source
from app.graphql.scalars import PLAIN, global_id_of

TYPENAME = "__typename"
TOTAL_COUNT = "totalCount"
Details: TypeAlias = list[FieldDetails]


@dataclass(frozen=True)
class AnswerPlace:
    """Where in the answer a selection stands: its path, and the list it lies below."""

    path: tuple[str, ...]
    inside: int | None = None

    def at(self, key: str) -> "AnswerPlace":
        """The place of a key below this one."""
        return AnswerPlace((*self.path, key), self.inside)


@dataclass(frozen=True)
class ValuePlanner:
    """Plans selections on value objects."""

    catalogue: Catalogue
    subfields: Callable[[GraphQLObjectType, Details], GroupedFieldSet]

    def embedded(
        self,
        source: Source,
        key: str,
        binding: Embedded,
        definition: GraphQLField,
        details: Details,
    ) -> EmbeddedView:
        """The view of a value object that is made of columns of *source*."""
        value_type = get_named_type(definition.type)
        assert isinstance(value_type, GraphQLObjectType)
        entries: list[Leaf | Constant] = []
        for inner_key, found in self.subfields(value_type, details).items():
            name = found[0].node.name.value
            if name == TYPENAME:
                entries.append(Constant(inner_key, value_type.name))
                continue
            inner = value_type.fields[name]
            column = binding.columns[self.catalogue.column_name(inner)]
            codec = self.catalogue.codec(inner)
            entries.append(Leaf(inner_key, source.shown(column, codec), codec))
        return EmbeddedView(key, source.slot(binding.absent), tuple(entries))

    def json(
        self, key: str, path: tuple[str, ...], definition: GraphQLField, details: Details
    ) -> JsonView:
        """The view of a value object, or a list, inside a JSON value."""
        target = get_named_type(definition.type)
        many = is_list(definition.type)
        if is_leaf_type(target):
            return JsonView(key, path, many, None)
        assert isinstance(target, GraphQLObjectType)
        entries = tuple(
            self._json_entry(target, inner_key, found)
            for inner_key, found in self.subfields(target, details).items()
        )
        return JsonView(key, path, many, entries)

    def _json_entry(
        self, owner: GraphQLObjectType, key: str, details: Details
    ) -> JsonLeaf | JsonView | Constant:
        name = details[0].node.name.value
        if name == TYPENAME:
            return Constant(key, owner.name)
        definition = owner.fields[name]
        if not is_leaf_type(get_named_type(definition.type)):
            return self.json(key, (name,), definition, details)
        binding = self.catalogue.binding(definition)
        id_of = binding.id_of if isinstance(binding, Column) else None
        # In JSON every leaf already has the form of the answer; only keys become global ids.
        return JsonLeaf(key, name, PLAIN if id_of is None else global_id_of(id_of))
