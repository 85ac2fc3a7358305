"""The parts of a schema that an operation names, by their coordinates."""

from collections.abc import Iterator, Mapping
from typing import Any

from graphql import (
    ArgumentNode,
    EnumValueNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLNamedType,
    ObjectFieldNode,
    TypeInfo,
    Visitor,
    get_named_type,
)


class UsedParts(Visitor):
    """Collects fields, arguments, members of inputs and enum values, wherever they stand."""

    def __init__(self, info: TypeInfo) -> None:
        super().__init__()
        self._info = info
        self._fields: list[str] = []
        self.found: set[str] = set()
        self.spread: set[str] = set()
        """The names of the fragments that are spread."""

    def enter_field(self, node: FieldNode, *_: object) -> None:
        """A field of the type around it."""
        owner = self._info.get_parent_type()
        place = f"{owner.name if owner else ''}.{node.name.value}"
        self._fields.append(place)
        self.found.add(place)

    def leave_field(self, *_: object) -> None:
        """Back to the field around it."""
        self._fields.pop()

    def enter_argument(self, node: ArgumentNode, *_: object) -> None:
        """An argument of the field; those of directives belong to no type."""
        if self._fields and self._info.get_directive() is None:
            self.found.add(f"{self._fields[-1]}({node.name.value}:)")

    def enter_object_field(self, node: ObjectFieldNode, *_: object) -> None:
        """A member of an input that is written out."""
        owner = self._info.get_parent_input_type()
        if owner is not None:
            self.found.add(f"{get_named_type(owner).name}.{node.name.value}")

    def enter_enum_value(self, node: EnumValueNode, *_: object) -> None:
        """A value of an enum that is written out."""
        owner = self._info.get_input_type()
        if owner is not None:
            self.found.add(f"{get_named_type(owner).name}.{node.value}")

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: object) -> None:
        """A fragment, which is looked at later, once."""
        self.spread.add(node.name.value)


def parts_of_value(named: GraphQLNamedType, value: Any) -> Iterator[str]:
    """Members of inputs and enum values in a variable's value as it was sent."""
    if isinstance(value, list):
        for each in value:
            yield from parts_of_value(named, each)
    elif isinstance(named, GraphQLEnumType):
        yield f"{named.name}.{value}"
    elif isinstance(named, GraphQLInputObjectType) and isinstance(value, Mapping):
        for name, each in value.items():
            member = named.fields.get(name)
            if member is not None and each is not None:
                yield f"{named.name}.{name}"
                yield from parts_of_value(get_named_type(member.type), each)
