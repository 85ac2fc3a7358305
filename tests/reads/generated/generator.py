"""Operations made from the schema itself, of bounded size, the rarest fields rather."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from random import Random
from typing import Any, TypeAlias

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
)

from app.core.viewer import Scope
from app.graphql.reads.catalogue import is_connection, strawberry_field
from tests.reads.generated.arguments import SIZES, Arguments, Place
from tests.reads.generated.coverage import Coverage
from tests.reads.generated.memory import Memory
from tests.reads.generated.operations import (
    MISSING,
    Directive,
    Drawing,
    Field,
    Fragment,
    Inline,
    Operation,
    Selection,
    Spread,
    literal,
    walk,
)
from tests.reads.generated.world import World

DEPTH_MAX = 9
STATEMENTS_MAX = 24
"""What the reference may need for one operation, about: one for each row's list or single row."""
ROWS_OF_A_DEFAULT_PAGE = 12
MANY = 100
"""Draws that make a selection of nearly every field that a type has."""
ALIASES = ("a", "b", "row", "rows", "lists", "run", "None", "class", "_", "A1")
INTROSPECTION = (
    Field("Query", "__schema", below=[Field("", "queryType", below=[Field("", "name")])]),
    Field("Query", "__type", None, {"name": "Event"}, below=[Field("", "kind"), Field("", "name")]),
)


@dataclass
class Taken:
    """What a key of the answer stands for, and the keys below it."""

    what: tuple[str, str, str]
    below: "Keys"


Keys: TypeAlias = dict[str, Taken]


@dataclass(frozen=True)
class Spot:
    """Where a selection is made: how deep, below how many rows, and which types are likely."""

    depth: int
    rows: int
    types: Sequence[str] = ()


@dataclass
class Draft:
    """The operation that is being made."""

    operation: Operation
    drawing: Drawing
    statements_left: int
    keys: dict[str, Keys] = field(default_factory=dict)
    """The keys of each named fragment."""


class Generator:
    """Makes one operation after the other, from one seed."""

    def __init__(self, random: Random, world: World, memory: Memory) -> None:
        self._random = random
        self._world = world
        self.schema: GraphQLSchema = world.catalogue.schema
        self._nodes = sorted(world.catalogue.node_types)
        self.coverage = Coverage(self.schema)
        self._of_types = dict.fromkeys(world.mappings, 0)
        """How often a fragment was made on a type."""
        self.arguments = Arguments(random, world, memory, self.coverage)

    def operation(self) -> tuple[Operation, Drawing]:
        """An operation, and what its literals were drawn for."""
        brand = self._random.choices(range(len(self._world.brands)), (8, 4, 4, 1))[0]
        viewer = self._world.brands[brand].viewer(frozenset(Scope))
        drawing = Drawing(brand, viewer, risks_left=int(self._chance(0.3)))
        draft = Draft(Operation([]), drawing, self._random.randint(4, STATEMENTS_MAX))
        root = self.schema.query_type
        assert root is not None
        count = self._random.choices((1, 2, 3, 4), (10, 4, 2, 1))[0]
        draft.operation.below = self._object(draft, root, {}, Spot(0, 1), count)
        if self._chance(0.01):
            draft.operation.below.append(self._random.choice(INTROSPECTION))
        return draft.operation, drawing

    def selection_on(self, name: str) -> tuple[Operation, Drawing]:
        """A selection on a type, as an operation without its root, and what it was drawn for."""
        brand = self._random.randrange(len(self._world.brands))
        drawing = Drawing(brand, self._world.brands[brand].viewer(frozenset(Scope)))
        draft = Draft(Operation([]), drawing, self._random.randint(4, STATEMENTS_MAX))
        draft.operation.below = self._object(draft, self.schema.type_map[name], {}, Spot(1, 1))
        return draft.operation, drawing

    def run(self, operation: Operation, made_for: Drawing, first: bool) -> Drawing:
        """Whom an operation is run for, with values of its variables."""
        brand = made_for.brand
        if not first and not made_for.holds_cursor and self._chance(0.3):
            brand = self._random.randrange(len(self._world.brands))
        scopes = set(Scope)
        risks = made_for.risks_left
        if risks and self._chance(0.5):
            risks = 0
            taken = sorted(self._scopes_of(operation))
            few = self._random.choice((1, 1, 2, 4, len(scopes)))
            one = taken and self._chance(0.7)
            drawn = (taken, 1) if one else (sorted(scopes), few)
            scopes -= set(self._random.sample(*drawn))
        viewer = self._world.brands[brand].viewer(frozenset(scopes))
        return Drawing(brand, viewer, risks_left=risks)

    def _scopes_of(self, operation: Operation) -> set[Scope]:
        """The scopes that fields of an operation take, themselves or for the rows they read."""
        found: set[Scope | None] = set()
        bodies = [operation.below, *(each.below for each in operation.fragments.values())]
        for each in chain.from_iterable(walk(body) for body in bodies):
            if isinstance(each, Field) and each.owner and not each.name.startswith("__"):
                parent: Any = self.schema.type_map[each.owner]
                field = strawberry_field(parent.fields[each.name])
                mapping = self._world.mappings.get(each.target or "")
                found.add(getattr(field, "scope", None))
                found.add(None if mapping is None else mapping.scope)
        return {scope for scope in found if scope is not None}

    def _object(
        self, draft: Draft, parent: Any, keys: Keys, spot: Spot, count: int | None = None
    ) -> list[Selection]:
        """A selection on any type that has one; it is never empty."""
        if isinstance(parent, GraphQLUnionType | GraphQLInterfaceType):
            made = self._abstract(draft, parent, keys, spot)
        else:
            made = self._fields(draft, parent, keys, spot, count)
        if self._chance(0.1):
            made = self._named(draft, parent, keys, spot) + made
        if not made or self._chance(0.25):
            made.append(self._typename(parent, keys))
        if len(made) > 1 and self._chance(0.15):
            made = self._wrapped(draft, parent, made)
        if self._chance(0.1):
            self._random.choice(made).directives = self._directives(draft)
        return made

    def _abstract(self, draft: Draft, parent: Any, keys: Keys, spot: Spot) -> list[Selection]:
        possible = {each.name: each for each in self.schema.get_possible_types(parent)}
        likely = [name for name in spot.types if name in possible]
        few = self._random.choice((1, 2, 2, 3))
        weights = [1 / (1 + self._of_types[name]) for name in possible]
        chosen = dict.fromkeys([*likely, *self._random.choices(list(possible), weights, k=few)])
        made: list[Selection] = []
        for name in chosen:
            self._of_types[name] += 1
            below = self._object(draft, possible[name], keys, spot)
            made.append(Inline(name, below))
        if isinstance(parent, GraphQLInterfaceType) and self._chance(0.6):
            made.extend(self._fields(draft, parent, keys, spot, None))
        self._random.shuffle(made)
        return made

    def _fields(
        self, draft: Draft, parent: Any, keys: Keys, spot: Spot, count: int | None
    ) -> list[Selection]:
        few = count or self._random.choice((1, 2, 2, 3, 4, 6 if spot.depth < 5 else 2))
        few = MANY if self._chance(0.02) else few
        made: list[Selection] = []
        for name in self._choose(draft, parent, spot, few):
            found = self._field(draft, parent, name, keys, spot)
            if found is not None:
                made.append(found)
                if self._chance(0.06):
                    made.append(self._again(draft, parent, found, keys, spot))
        return made

    def _choose(self, draft: Draft, parent: Any, spot: Spot, few: int) -> list[str]:
        """Some of a type's fields, the rarest rather, as far as the size allows."""
        possible = {
            name: self._weight(parent, name)
            for name, each in parent.fields.items()
            if is_leaf_type(get_named_type(each.type))
            or (spot.depth < DEPTH_MAX and self._cost(each) * spot.rows <= draft.statements_left)
        }
        if not possible:
            return []
        chosen = self._random.choices(list(possible), list(possible.values()), k=few)
        return list(dict.fromkeys(chosen))

    def _weight(self, parent: Any, name: str) -> float:
        """How much a field should be drawn; one that may hold many types stands for many."""
        abstract = isinstance(get_named_type(parent.fields[name].type), GraphQLInterfaceType)
        return self.coverage.weight(f"{parent.name}.{name}") * (4 if abstract else 1)

    def _cost(self, definition: GraphQLField) -> int:
        """How many statements the reference needs for it at one row."""
        named = get_named_type(definition.type)
        reads = isinstance(named, GraphQLObjectType) and is_connection(named)
        return int(reads or self._world.catalogue.mapping(named) is not None)

    def _field(self, draft: Draft, parent: Any, name: str, keys: Keys, spot: Spot) -> Field | None:
        definition = parent.fields[name]
        named = get_named_type(definition.type)
        made = Field(parent.name, name, target=named.name)
        below, place = self._below(definition, made, spot)
        draft.statements_left -= self._cost(definition) * spot.rows
        made.arguments = self.arguments.of(definition, place, draft.operation, draft.drawing)
        if self._chance(0.2):
            others = list(parent.fields) if self._chance(0.3) else ALIASES
            made.alias = self._random.choice(others)
        inner = _take(keys, made, definition)
        if inner is None:
            made.alias = f"{name}_{len(keys)}_{self._random.randrange(10_000)}"
            inner = _take(keys, made, definition)
        if inner is None:
            return None
        if not is_leaf_type(named):
            made.below = self._object(draft, named, inner, below)
        return made

    def _below(self, definition: GraphQLField, made: Field, spot: Spot) -> tuple[Spot, Place]:
        """The spot below a field, and the place of its arguments."""
        assert made.target is not None
        types: Sequence[str] = ()
        if isinstance(self.schema.type_map[made.target], GraphQLInterfaceType) and (
            "id" in definition.args or "ids" in definition.args
        ):
            weights = [1 / (1 + self._of_types[name]) for name in self._nodes]
            types = sorted(set(self._random.choices(self._nodes, weights, k=2)))
        rows, sizes, unbounded = spot.rows, list(SIZES), False
        if "after" in definition.args:
            most = max(1, STATEMENTS_MAX // spot.rows)
            unbounded = spot.rows * ROWS_OF_A_DEFAULT_PAGE <= STATEMENTS_MAX and self._chance(0.2)
            sizes = [size for size in SIZES if size <= most]
            rows *= ROWS_OF_A_DEFAULT_PAGE if unbounded else 3 if most >= 3 else most
        place = Place(made.owner, made.name, made.target, types, sizes, unbounded)
        return Spot(spot.depth + 1, rows, types), place

    def _again(self, draft: Draft, parent: Any, found: Field, keys: Keys, spot: Spot) -> Field:
        """The same field once more, to be merged with itself."""
        made = replace(found, directives=[], below=[])
        if found.below:
            named = get_named_type(parent.fields[found.name].type)
            below, _ = self._below(parent.fields[found.name], found, spot)
            made.below = self._object(draft, named, keys[found.key].below, below)
        return made

    def _typename(self, parent: Any, keys: Keys) -> Field:
        made = Field(parent.name, "__typename", target="String")
        if self._chance(0.3):
            made.alias = self._random.choice(ALIASES)
            what = ("__typename", "", "String!")
            if made.alias in keys and keys[made.alias].what != what:
                made.alias = None
            else:
                keys[made.alias] = Taken(what, {})
        return made

    def _named(self, draft: Draft, parent: Any, keys: Keys, spot: Spot) -> list[Selection]:
        """The spread of a named fragment, of one that is there or of a new one."""
        known = [
            each.name
            for each in draft.operation.fragments.values()
            if each.on == parent.name and _fits(keys, draft.keys[each.name])
        ]
        name = self._random.choice(known) if known else self._fragment(draft, parent, spot)
        if name is None or not _fits(keys, draft.keys[name]):
            return []
        _absorb(keys, draft.keys[name])
        made: list[Selection] = [Spread(name)]
        return made * 2 if self._chance(0.1) else made

    def _fragment(self, draft: Draft, parent: Any, spot: Spot) -> str | None:
        if spot.depth == 0 or len(draft.operation.fragments) >= 3:
            return None
        interfaces = list(getattr(parent, "interfaces", ()))
        on = self._random.choice(interfaces) if interfaces and self._chance(0.3) else parent
        keys: Keys = {}
        below = self._object(draft, on, keys, spot)
        name = f"F{len(draft.operation.fragments)}"
        draft.operation.fragments[name] = Fragment(name, on.name, below)
        draft.keys[name] = keys
        return name

    def _wrapped(self, draft: Draft, parent: Any, made: list[Selection]) -> list[Selection]:
        """Some of the selections inside an inline fragment, now and then inside two."""
        start = self._random.randrange(len(made))
        end = self._random.randint(start + 1, len(made))
        on = self._random.choice((None, parent.name))
        inner = Inline(on, made[start:end])
        if self._chance(0.3):
            inner = Inline(None, [inner], self._directives(draft))
        return [*made[:start], inner, *made[end:]]

    def _directives(self, draft: Draft) -> list[Directive]:
        names = self._random.choice((["skip"], ["include"], ["include"], ["include", "skip"]))
        return [
            Directive(name, self.arguments.boolean(draft.operation, draft.drawing))
            for name in names
        ]

    def _chance(self, chance: float) -> bool:
        return self._random.random() < chance


def variables_of(operation: Operation, drawing: Drawing, random: Random) -> dict[str, Any]:
    """Values of an operation's variables for one run; now and then one that it does not know."""
    made: dict[str, Any] = {}
    for name in operation.variables:
        variable = operation.variables[name]
        value = variable.make(drawing)
        if value is not MISSING:
            made[name] = value
        given = variable.default if value is MISSING else value
        drawing.values[name] = None if given is MISSING else given
    used = set(operation.used_variables())
    made = {name: value for name, value in made.items() if name in used}
    return {**made, "unknown": 1} if random.random() < 0.02 else made


def _take(keys: Keys, made: Field, definition: GraphQLField) -> Keys | None:
    """The keys below a field that is asked for under its key, or None where another has the key."""
    what = (made.name, literal(made.arguments), str(definition.type))
    found = keys.setdefault(made.key, Taken(what, {}))
    return found.below if found.what == what else None


def _fits(keys: Keys, other: Keys) -> bool:
    """Whether two selections can be merged: no key stands for two things."""
    return all(
        key not in keys or (keys[key].what == taken.what and _fits(keys[key].below, taken.below))
        for key, taken in other.items()
    )


def _absorb(keys: Keys, other: Keys) -> None:
    """Take in the keys of *other*, as they are now: what it takes in later is not of *keys*."""
    for key, taken in other.items():
        mine = keys.setdefault(key, Taken(taken.what, {}))
        _absorb(mine.below, taken.below)
