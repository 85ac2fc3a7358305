"""Documents made at random over the whole schema: each is another text, most another statement.

They hold no variables: what varies stands in the text, so that nothing of one serves another.
"""

from collections.abc import Sequence
from random import Random

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
)

from app.core.ids import global_id
from benchmarks.databases import BrandData

DEPTH_MAX = 6
ROOTS_MAX = 2
FIELDS_MAX = 4
"""Of one selection."""

INPUT_DEPTH_MAX = 3
PAGE_ROWS_MAX = 3
SPOILT = 0.05
"""The part of the documents that do not parse or are not valid."""

PAGING = frozenset({"after", "last", "before"})
"""Arguments that need a cursor, or exclude `first`."""

ALWAYS = frozenset({"first"})
"""Arguments that are always given, so that answers stay small."""

OPTIONAL_GIVEN = 0.4
"""The part of the other arguments that is given."""

_SCALARS = {
    "Int": ("1", "2", "3"),
    "Float": ("1.5",),
    "Boolean": ("true", "false"),
    "String": ('"US"', '"sandbox"', '"campaign 3"', '"none"'),
    "DateTime": ('"2026-01-01T00:00:00Z"', '"2026-03-01T12:30:00.5Z"', '"2025-08-01T00:00:00Z"'),
    "BigInt": ('"1"', '"1929095209493201201"'),
    "XID": ('"1"', '"1929095209493201201"'),
    "UUID": ('"01972aa4-80f0-73ba-8278-fed6a10b4ee6"',),
}
_OTHER = ('"2026-03-01"',)
"""A scalar that is not named above: its value may be refused."""


class DocumentMaker:
    """Makes documents that read rows of one brand; equal seeds make equal documents."""

    def __init__(self, schema: GraphQLSchema, brand: BrandData, seed: int) -> None:
        self._schema = schema
        self._random = Random(seed)
        self._aliases = 0
        self._ids = [
            *(global_id("ShoppableTweet", key) for key in brand.tweet_ids),
            *(global_id("Product", key) for key in brand.product_ids),
            *(global_id("CartIntent", key) for key in brand.intent_ids),
            *(global_id("Advocate", key) for key in brand.advocate_ids),
        ]

    def make(self) -> str:
        """The next document."""
        root = self._schema.query_type
        assert root is not None  # the schema can be read
        fields = self._fields(root, DEPTH_MAX, self._random.randint(1, ROOTS_MAX))
        text = f"query Q{self._random.getrandbits(40):x} {{ {' '.join(fields)} }}"
        if self._random.random() < SPOILT:
            return text.replace("{", self._random.choice(("{{", "{ noSuchField ")), 1)
        return text

    def _selection(self, kind: GraphQLNamedType, depth: int) -> str:
        """What is selected of a field of that type."""
        wanted = self._random.randint(1, FIELDS_MAX)
        if isinstance(kind, GraphQLObjectType):
            return f"{{ {' '.join(self._fields(kind, depth, wanted))} }}"
        parts = [f"{self._alias()}: __typename"]
        if isinstance(kind, GraphQLInterfaceType):
            parts += self._fields(kind, depth, 1)
        if isinstance(kind, GraphQLInterfaceType | GraphQLUnionType):
            kinds = self._schema.get_possible_types(kind)
            for each in self._random.sample(list(kinds), min(2, len(kinds))):
                parts.append(f"... on {each.name} {self._selection(each, depth)}")
        return f"{{ {' '.join(parts)} }}"

    def _fields(
        self, kind: GraphQLObjectType | GraphQLInterfaceType, depth: int, wanted: int
    ) -> list[str]:
        names = [
            name
            for name, field in kind.fields.items()
            if depth > 1 or is_leaf_type(get_named_type(field.type))
        ]
        chosen = [self._random.choice(names) for _ in range(wanted)] if names else []
        found = [self._field(name, kind.fields[name], depth) for name in chosen]
        return found or [f"{self._alias()}: __typename"]

    def _field(self, name: str, field: GraphQLField, depth: int) -> str:
        given = [
            f"{each}: {self._value(argument.type, INPUT_DEPTH_MAX, each)}"
            for each, argument in field.args.items()
            if self._gives(each, argument)
        ]
        arguments = f"({', '.join(given)})" if given else ""
        kind = get_named_type(field.type)
        below = "" if is_leaf_type(kind) else f" {self._selection(kind, depth - 1)}"
        return f"{self._alias()}: {name}{arguments}{below}"

    def _alias(self) -> str:
        """A name of its own for each field: two types may call different things the same."""
        self._aliases += 1
        return f"a{self._aliases}"

    def _gives(self, name: str, argument: GraphQLArgument) -> bool:
        if name in PAGING:
            return False
        needed = isinstance(argument.type, GraphQLNonNull) or name in ALWAYS
        return needed or self._random.random() < OPTIONAL_GIVEN

    def _value(self, kind: GraphQLInputType, depth: int, name: str = "") -> str:
        """A value in the text of a document."""
        if isinstance(kind, GraphQLNonNull):
            return self._value(kind.of_type, depth, name)
        if isinstance(kind, GraphQLList):
            count = self._random.randint(1, 3)
            return f"[{', '.join(self._value(kind.of_type, depth) for _ in range(count))}]"
        if isinstance(kind, GraphQLInputObjectType):
            return self._object(kind, depth)
        if isinstance(kind, GraphQLEnumType):
            return str(self._random.choice(list(kind.values)))
        if name == "first":
            return str(self._random.randint(1, PAGE_ROWS_MAX))
        if kind.name == "ID":
            return f'"{self._random.choice(self._ids)}"'
        return self._random.choice(_SCALARS.get(kind.name, _OTHER))

    def _object(self, kind: GraphQLInputObjectType, depth: int) -> str:
        members = {
            name: member
            for name, member in kind.fields.items()
            if depth > 1 or not isinstance(get_named_type(member.type), GraphQLInputObjectType)
        }
        needed = [name for name in members if isinstance(members[name].type, GraphQLNonNull)]
        others = [name for name in members if name not in needed]
        chosen = {*needed, *self._sample(others, self._random.randint(1, 2))}
        values = (f"{name}: {self._value(members[name].type, depth - 1)}" for name in chosen)
        return f"{{ {', '.join(values)} }}"

    def _sample(self, names: Sequence[str], count: int) -> list[str]:
        return self._random.sample(list(names), min(count, len(names)))
