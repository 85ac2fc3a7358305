"""Draws arguments: literals, variables, defaults, null and nothing; right ones and wrong ones."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    Undefined,
    get_named_type,
    is_input_object_type,
)

from app.core.ids import global_id
from tests.reads.generated.coverage import Coverage
from tests.reads.generated.memory import Memory, order_of
from tests.reads.generated.operations import (
    MISSING,
    Drawing,
    Name,
    Operation,
    Use,
    Variable,
    resolved,
    uses_of,
)
from tests.reads.generated.values import LEAVES
from tests.reads.generated.world import World

PAGING = ("first", "after", "last", "before")
SIZES = (1, 1, 2, 2, 3, 4, 5)
WRONG_SIZES = (0, -1, 501, 2**31 - 1, -(2**31))
MODES: Sequence[tuple[str, ...]] = (
    ("first",),
    ("first", "after"),
    ("first", "after"),
    ("last",),
    ("last", "before"),
    ("last", "before"),
)
UNBOUNDED_MODES: Sequence[tuple[str, ...]] = ((), ("after",), ("before",))
WRONG_MODES: Sequence[tuple[str, ...]] = (("first", "last"), ("first", "before"), ("after", "last"))
INPUT_DEPTH_MAX = 3
BOOLEAN = GraphQLNonNull(GraphQLBoolean)
NO_TEXTS = frozenset({"Int", "Float", "Boolean"})
FREE_TEXT_IDS = ("", "x", "\u00e9", "UHJvZHVjdDp4", "a" * 200, "Tm90aGluZw", "\x00")
BAD_CURSORS = ("", "x", "\u00e9\U0001f6d2", "AAAA", "A" * 600, "\x00", "AQID====", "null")


@dataclass(frozen=True)
class Place:
    """Where an argument stands."""

    owner: str
    name: str
    target: str
    """The name of the field's type."""
    types: Sequence[str] = ()
    """What the ids of a `Node` should name."""
    sizes: Sequence[int] = SIZES
    unbounded: bool = False
    """Whether its page may have the default size."""


class Arguments:
    """Draws the arguments of one field after the other, of one seed."""

    def __init__(self, random: Random, world: World, memory: Memory, coverage: Coverage) -> None:
        self._random = random
        self._world = world
        self._memory = memory
        self._coverage = coverage
        self._nodes = sorted(world.catalogue.node_types)
        self._inside: Operation | None = None
        """The operation while a literal of it is drawn, in which its variables may stand."""

    def of(
        self, field: GraphQLField, place: Place, operation: Operation, drawing: Drawing
    ) -> dict[str, Any]:
        """Arguments of a field; literals fit the brand that *drawing* is for."""
        made: dict[str, Any] = {}
        for name, argument in field.args.items():
            if name in PAGING and "after" in field.args:
                continue
            if _must(argument) or self._wanted(f"{place.owner}.{place.name}({name}:)"):
                sized = name == "first"  # of what is no connection
                maker = self._size(place) if sized else self._maker(argument.type, name, place)
                self._give(made, name, argument.type, maker, operation, drawing)
        if "after" in field.args:
            self._page(field, place, operation, drawing, made)
        return made

    def _page(
        self,
        field: GraphQLField,
        place: Place,
        operation: Operation,
        drawing: Drawing,
        made: dict[str, Any],
    ) -> None:
        order = made.get("orderBy")
        mode = self._random.choice([*MODES, *UNBOUNDED_MODES] if place.unbounded else MODES)
        if self._risk(drawing, 0.01):
            mode = self._random.choice(WRONG_MODES)
        for name in mode:
            sized = name in ("first", "last")
            maker = self._size(place) if sized else self._cursor(place, order)
            strict = sized and not place.unbounded  # without its size a page is of 50
            self._give(made, name, field.args[name].type, maker, operation, drawing, strict)

    def _give(
        self,
        made: dict[str, Any],
        name: str,
        kind: Any,
        make: Callable[[Drawing], Any],
        operation: Operation,
        drawing: Drawing,
        strict: bool = False,
    ) -> None:
        """Give an argument as a literal, in which variables may stand, or as a variable."""
        if self._chance(0.5):
            made[name] = self._variable(kind, operation, drawing, make, strict)
            return
        self._inside = operation
        value = make(drawing)
        self._inside = None
        if value is not MISSING:
            made[name] = value

    def _variable(
        self,
        kind: Any,
        operation: Operation,
        drawing: Drawing,
        make: Callable[[Drawing], Any],
        strict: bool = False,
    ) -> Use:
        self._inside = None  # values of variables hold no variables, nor do their defaults
        nullable = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
        strict = strict or isinstance(kind, GraphQLNonNull)
        default = self._default(make, drawing, strict=strict)
        # A default makes a variable fit where null does not.
        lax = not strict or (default is not MISSING and self._chance(0.4))
        declared = f"{nullable}" if lax else f"{nullable}!"

        def draw(run: Drawing) -> Any:
            if default is not MISSING and self._chance(0.2):
                return MISSING
            if lax and self._chance(0.12):
                return self._nothing(run, strict=strict)
            if self._risk(run, 0.004):
                return self._random.choice((MISSING, None, {"wrong": 1}, [[]]))
            return _without_null(make, run) if strict else make(run)

        name = f"v{len(operation.variables) + 1}"
        operation.variables[name] = Variable(name, declared, draw, default)
        return Use(name)

    def _default(self, make: Callable[[Drawing], Any], drawing: Drawing, *, strict: bool) -> Any:
        if not self._chance(0.25):
            return MISSING
        return _without_null(make, drawing) if strict else make(drawing)

    def _nothing(self, run: Drawing, *, strict: bool) -> Any:
        """Null or no value. Null is wrong where a default is all that makes the variable fit."""
        if not strict:
            return self._random.choice((None, MISSING))
        return None if self._risk(run, 0.3) else MISSING

    def boolean(self, operation: Operation, drawing: Drawing) -> bool | Use:
        """What `@skip` or `@include` depends on."""
        if self._chance(0.4):
            return self._chance(0.5)
        return self._variable(BOOLEAN, operation, drawing, lambda _: self._chance(0.6), strict=True)

    def value(self, kind: Any, place: Place, drawing: Drawing) -> Any:
        """A value of an input type, as a variable's."""
        return self._draw(GraphQLNonNull(kind), "input", place, drawing, 0)

    def _maker(self, kind: Any, name: str, place: Place) -> Callable[[Drawing], Any]:
        return lambda drawing: self._draw(kind, name, place, drawing, 0)

    def _draw(self, kind: Any, name: str, place: Place, drawing: Drawing, depth: int) -> Any:
        if isinstance(kind, GraphQLNonNull):
            kind = kind.of_type
        elif self._chance(0.06):
            return None
        if isinstance(kind, GraphQLList):
            count = self._random.choice((0, 1, 1, 2, 3))
            one = (kind.of_type, name, place, drawing, depth)
            return [self._inner(*one) for _ in range(count)]
        if isinstance(kind, GraphQLInputObjectType):
            return self._input(kind, name, place, drawing, depth)
        if isinstance(kind, GraphQLEnumType):
            weights = [self._coverage.weight(f"{kind.name}.{each}") for each in kind.values]
            return Name(self._random.choices(list(kind.values), weights)[0])
        if kind.name == "ID":
            return self._id(name, place, drawing)
        return self._leaf(kind.name, name)

    def _inner(self, kind: Any, name: str, place: Place, drawing: Drawing, depth: int) -> Any:
        """A part of a list or an input: in a literal now and then a variable."""
        operation = self._inside
        if operation is None or not self._chance(0.15):
            return self._draw(kind, name, place, drawing, depth)
        used = self._variable(
            kind, operation, drawing, lambda run: self._draw(kind, name, place, run, depth)
        )
        self._inside = operation
        return used

    def _input(
        self, kind: GraphQLInputObjectType, name: str, place: Place, drawing: Drawing, depth: int
    ) -> dict[str, Any]:
        members = {
            member: each
            for member, each in kind.fields.items()
            if depth < INPUT_DEPTH_MAX or get_named_type(each.type) is not kind
        }
        weights = [self._coverage.weight(f"{kind.name}.{member}") for member in members]
        count = self._random.choice((0, 1, 1, 1, 2, 3))
        chosen = set(self._random.choices(list(members), weights, k=count))
        made = {}
        for member, each in members.items():
            if member in chosen or _must(each):
                # What a comparison such as `eq` compares is named by where it stands.
                compares = depth > 0 and not is_input_object_type(get_named_type(each.type))
                asked = name if compares else member
                made[member] = self._inner(each.type, asked, place, drawing, depth + 1)
        return made

    def _leaf(self, scalar: str, name: str) -> Any:
        known = self._memory.values.get(name)
        if known and self._chance(0.5):
            found = self._random.choice(list(known))
            if isinstance(found, str) and scalar not in NO_TEXTS:
                return found
        if scalar == "String" and self._chance(0.02):
            return "zero\x00"
        return self._random.choice(LEAVES[scalar])

    def _id(self, name: str, place: Place, drawing: Drawing) -> str:
        right = place.types or self._named_by(name, place)
        chance = self._random.random()
        if chance < 0.08:
            return self._random.choice(FREE_TEXT_IDS)
        if chance < 0.16:
            right = self._nodes
        type_name = self._random.choice(list(right))
        brands = self._world.brands
        brand = self._random.choice(brands) if chance > 0.92 else brands[drawing.brand]
        table = self._world.mappings[type_name].model.__tablename__
        key = self._random.choice(brand.keys[table] or [brand.id])
        wrong_type = self._random.choice(self._nodes) if 0.16 <= chance < 0.2 else type_name
        return global_id(wrong_type, key)

    def _named_by(self, name: str, place: Place) -> Sequence[str]:
        """The types that an id may be of, by the names of argument, field and type."""
        if place.target in self._nodes:
            return [place.target] if name in ("id", "ids") else self._alike(name) or self._nodes
        return self._alike(name) or self._alike(place.name) or self._nodes

    def _alike(self, name: str) -> list[str]:
        stem = name.removesuffix("s").removesuffix("Id").lower()
        if len(stem) < 3:
            return []
        exact = [each for each in self._nodes if each.lower() in stem]
        return exact or [each for each in self._nodes if stem in each.lower()]

    def _size(self, place: Place) -> Callable[[Drawing], Any]:
        def draw(drawing: Drawing) -> int | None:
            if self._risk(drawing, 0.02):
                return self._random.choice(WRONG_SIZES)
            if place.unbounded and self._chance(0.1):
                return None
            return self._random.choice(place.sizes)

        return draw

    def _cursor(self, place: Place, order: Any) -> Callable[[Drawing], Any]:
        listed = f"{place.owner}.{place.name}"

        def draw(drawing: Drawing) -> Any:
            if self._memory.cursors and self._risk(drawing, 0.05):
                return self._wrong_cursor()
            if not drawing.values.keys() >= set(uses_of(order)):
                return MISSING  # no literal, since each run brings its own order
            asked = order_of(resolved(order, drawing.values))
            known = self._memory.cursors.get((drawing.brand, listed, asked))
            drawing.holds_cursor |= bool(known)
            return self._random.choice(list(known)) if known else MISSING

        return draw

    def _wrong_cursor(self) -> str:
        if self._chance(0.4):
            return self._random.choice(BAD_CURSORS)
        place = self._random.choice(sorted(self._memory.cursors))
        found = self._random.choice(list(self._memory.cursors[place]))
        return found if self._chance(0.7) else found[:-1] + self._random.choice("AZaz09-_")

    def _risk(self, drawing: Drawing, chance: float) -> bool:
        """Whether to be wrong now; not twice in one run."""
        if drawing.risks_left == 0 or not self._chance(chance):
            return False
        drawing.risks_left -= 1
        return True

    def _wanted(self, coordinate: str) -> bool:
        """Whether to give an optional argument: the rare ones rather."""
        return self._chance(0.7 if self._coverage.weight(coordinate) > 0.05 else 0.3)

    def _chance(self, chance: float) -> bool:
        return self._random.random() < chance


def _must(argument: GraphQLArgument | GraphQLInputField) -> bool:
    return isinstance(argument.type, GraphQLNonNull) and argument.default_value is Undefined


def _without_null(make: Callable[[Drawing], Any], drawing: Drawing) -> Any:
    for _ in range(20):
        found = make(drawing)
        if found is not None and found is not MISSING:
            return found
    return MISSING
