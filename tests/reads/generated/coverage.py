"""What of the schema was generated, by coordinates: fields, arguments, inputs and enum values.

`Type.field`, `Type.field(argument:)`, `Input.member` and `Enum.VALUE`. What was not generated yet,
and the way to it, is drawn rather.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from graphql import (
    ArgumentNode,
    EnumValueNode,
    FieldNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    ObjectFieldNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    type_from_ast,
    visit,
)

from app.graphql.reads.documents import PreparedOperation

FEW = 300
"""So many coordinates are still missing when the way to them is looked for."""


class Coverage:
    """Counts what documents and variables use."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self.used: Counter[str] = Counter()
        self._ways = dict(_ways(schema))
        self.missing = set(self._ways)
        """What is to be drawn rather."""
        self.fields = {each for each in self._ways if _is_shown(schema, each)}

    @property
    def unused(self) -> set[str]:
        """What was never generated."""
        return {each for each in self._ways if not self.used[each]}

    def weight(self, coordinate: str) -> float:
        """How much a coordinate should be drawn rather than others."""
        rare = 1 / (1 + self.used[coordinate])
        way = self._ways.get(coordinate)  # None for the input of a mutation
        if way is None or len(self.missing) > FEW or way.isdisjoint(self.missing):
            return rare
        return rare + 2

    def note_document(self, prepared: PreparedOperation) -> None:
        """Count what a document uses."""
        info = TypeInfo(self._schema)
        noting = _Noting(info)
        visit(prepared.document, TypeInfoVisitor(info, noting))
        self._note(noting.found)

    def note_variables(self, prepared: PreparedOperation, values: Mapping[str, Any]) -> None:
        """Count what the values of a document's variables use."""
        for definition in prepared.operation.variable_definitions or ():
            kind = type_from_ast(self._schema, definition.type)
            self._note(_of_value(kind, values.get(definition.variable.name.value)))

    def _note(self, found: Any) -> None:
        coordinates = list(found)
        self.used.update(coordinates)
        self.missing.difference_update(coordinates)


class _Noting(Visitor):
    """Collects the coordinates of one document."""

    def __init__(self, info: TypeInfo) -> None:
        super().__init__()
        self._info = info
        self.found: list[str] = []
        self._fields: list[str] = []

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        """A field, as one of the type that it is selected on."""
        parent = self._info.get_parent_type()
        assert parent is not None  # validation refuses the document
        self._fields.append(f"{parent.name}.{node.name.value}")
        self.found.append(self._fields[-1])

    def leave_field(self, *_: Any) -> None:
        """Whose arguments come next is the field outside again."""
        self._fields.pop()

    def enter_argument(self, node: ArgumentNode, *_: Any) -> None:
        """An argument of a field; those of directives have no coordinate here."""
        if self._info.get_directive() is None:
            self.found.append(f"{self._fields[-1]}({node.name.value}:)")

    def enter_object_field(self, node: ObjectFieldNode, *_: Any) -> None:
        """A member of an input."""
        kind = get_named_type(self._info.get_parent_input_type())
        if kind is not None:
            self.found.append(f"{kind.name}.{node.name.value}")

    def enter_enum_value(self, node: EnumValueNode, *_: Any) -> None:
        """A value of an enum."""
        kind = get_named_type(self._info.get_input_type())
        if kind is not None:
            self.found.append(f"{kind.name}.{node.value}")


def _of_value(kind: Any, value: Any) -> Iterator[str]:
    """The coordinates in the value of a variable; what does not fit has none."""
    if isinstance(kind, GraphQLNonNull):
        yield from _of_value(kind.of_type, value)
    elif isinstance(kind, GraphQLList):
        for each in value if isinstance(value, list) else [value]:
            yield from _of_value(kind.of_type, each)
    elif isinstance(kind, GraphQLInputObjectType) and isinstance(value, Mapping):
        for name, each in value.items():
            if name in kind.fields:
                yield f"{kind.name}.{name}"
                yield from _of_value(kind.fields[name].type, each)
    elif isinstance(kind, GraphQLEnumType) and isinstance(value, str) and value in kind.values:
        yield f"{kind.name}.{value}"


def _ways(schema: GraphQLSchema) -> Iterator[tuple[str, frozenset[str]]]:
    """All that a query may use, introspection apart, each with what it is on the way to."""
    seen: set[str] = set()
    waiting: list[Any] = [schema.query_type]
    while waiting:
        kind = waiting.pop()
        if kind.name in seen:
            continue
        seen.add(kind.name)
        if isinstance(kind, GraphQLInterfaceType | GraphQLUnionType):
            waiting.extend(schema.get_possible_types(kind))
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for name, field in kind.fields.items():
                waiting.append(get_named_type(field.type))
                below = set(_shown(schema, get_named_type(field.type)))
                for argument, each in field.args.items():
                    place = f"{kind.name}.{name}({argument}:)"
                    inputs = dict(_inputs(get_named_type(each.type), ()))
                    yield from inputs.items()
                    yield place, frozenset({place, *inputs})
                    below |= {place, *inputs}
                yield f"{kind.name}.{name}", frozenset({f"{kind.name}.{name}", *below})


def _shown(schema: GraphQLSchema, kind: Any) -> Iterator[str]:
    """The fields of a type, and of the nodes of a connection."""
    fields = getattr(kind, "fields", {})
    yield from (f"{kind.name}.{name}" for name in fields)
    for name in ("nodes", "edges", "node"):
        if name in fields and kind.name.endswith(("Connection", "Edge")):
            yield from _shown(schema, get_named_type(fields[name].type))
    if isinstance(kind, GraphQLInterfaceType | GraphQLUnionType) and kind.name != "Node":
        for possible in schema.get_possible_types(kind):
            yield from _shown(schema, possible)


def _inputs(kind: Any, outside: tuple[str, ...]) -> Iterator[tuple[str, frozenset[str]]]:
    """The members and values of an input type, each with what it is on the way to."""
    if isinstance(kind, GraphQLEnumType):
        yield from ((place, frozenset({place})) for place in _values(kind))
    if not isinstance(kind, GraphQLInputObjectType) or kind.name in outside:
        return
    for name, each in kind.fields.items():
        below = dict(_inputs(get_named_type(each.type), (*outside, kind.name)))
        yield from below.items()
        yield f"{kind.name}.{name}", frozenset({f"{kind.name}.{name}", *below})


def _is_shown(schema: GraphQLSchema, coordinate: str) -> bool:
    """Whether a coordinate is a field of an answer."""
    owner = schema.type_map[coordinate.partition(".")[0]]
    output = isinstance(owner, GraphQLObjectType | GraphQLInterfaceType)
    return output and "(" not in coordinate


def _values(kind: GraphQLEnumType) -> Iterator[str]:
    return (f"{kind.name}.{value}" for value in kind.values)
