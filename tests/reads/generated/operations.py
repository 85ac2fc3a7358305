"""An operation as a tree that can be printed, run with several variables, and made smaller."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from app.core.viewer import Viewer


class Name(str):
    """The name of an enum's value: printed without quotes in a document."""

    __slots__ = ()


@dataclass(frozen=True)
class Use:
    """The use of a variable in a document."""

    variable: str


class Missing:
    """No value at all, where null would be one."""


MISSING = Missing()


@dataclass
class Variable:
    """A variable of an operation. *make* draws a value for one run, or `MISSING`."""

    name: str
    type: str
    make: Callable[["Drawing"], Any]
    default: Any = MISSING

    def declared(self) -> str:
        """Its declaration."""
        shown = "" if self.default is MISSING else f" = {literal(self.default)}"
        return f"${self.name}: {self.type}{shown}"


@dataclass
class Field:
    """A selected field of *owner*, the type that its selection is made on."""

    owner: str
    name: str
    alias: str | None = None
    arguments: dict[str, Any] = field(default_factory=dict)
    directives: list["Directive"] = field(default_factory=list)
    below: list["Selection"] = field(default_factory=list)
    target: str | None = None
    """The name of its type."""

    @property
    def key(self) -> str:
        """Its key in the answer."""
        return self.alias or self.name


@dataclass
class Inline:
    """An inline fragment; *on* is None where it states no type."""

    on: str | None
    below: list["Selection"]
    directives: list["Directive"] = field(default_factory=list)


@dataclass
class Spread:
    """The spread of a named fragment."""

    fragment: str
    directives: list["Directive"] = field(default_factory=list)


@dataclass
class Directive:
    """`@skip` or `@include`: *when* is a boolean or the use of a variable."""

    name: str
    when: bool | Use


Selection: TypeAlias = Field | Inline | Spread


@dataclass
class Fragment:
    """A named fragment."""

    name: str
    on: str
    below: list[Selection]


@dataclass
class Operation:
    """An operation with its fragments and variables. What is not used is not printed."""

    below: list[Selection]
    fragments: dict[str, Fragment] = field(default_factory=dict)
    variables: dict[str, Variable] = field(default_factory=dict)
    kind: str = "query"

    def text(self) -> str:
        """The document."""
        body = _block(self.below, 0)
        fragments = self._used_fragments()
        definitions = [
            f"fragment {each.name} on {each.on} {_block(each.below, 0)}" for each in fragments
        ]
        used = [self.variables[name] for name in self.used_variables()]
        declared = f"({', '.join(each.declared() for each in used)})" if used else ""
        head = f"{self.kind} {declared}" if used or self.kind != "query" else ""
        return "\n".join([head + body, *definitions])

    def used_variables(self) -> list[str]:
        """The names of the variables that the printed document uses, in order of first use."""
        bodies = [self.below, *(each.below for each in self._used_fragments())]
        return list(dict.fromkeys(name for body in bodies for name in _uses_in(body)))

    def _used_fragments(self) -> list[Fragment]:
        found: dict[str, Fragment] = {}
        waiting = list(_spreads_in(self.below))
        while waiting:
            name = waiting.pop(0)
            if name not in found:
                found[name] = self.fragments[name]
                waiting.extend(_spreads_in(found[name].below))
        return list(found.values())


@dataclass
class Drawing:
    """What a value is drawn for: one run of one operation, for a viewer."""

    brand: int
    """Whose ids and cursors fit."""
    viewer: Viewer
    risks_left: int = 1
    """How many more values may be wrong. One at a time, so that who refuses refuses for it."""
    values: dict[str, Any] = field(default_factory=dict)
    """Of the variables drawn so far, with defaults."""
    holds_cursor: bool = False
    """Whether a cursor of the brand was drawn, which no other brand's list takes."""


def literal(value: Any) -> str:
    """A value as a document writes it."""
    match value:
        case Use(variable=name):
            return f"${name}"
        case Name():
            return str(value)
        case Mapping():
            return "{" + ", ".join(f"{name}: {literal(each)}" for name, each in value.items()) + "}"
        case list():
            return "[" + ", ".join(literal(each) for each in value) + "]"
        case _:
            return json.dumps(value, ensure_ascii=False)


def resolved(value: Any, variables: Mapping[str, Any]) -> Any:
    """A value with its variables filled in; what is absent is null."""
    match value:
        case Use(variable=name):
            return variables.get(name)
        case Mapping():
            return {name: resolved(each, variables) for name, each in value.items()}
        case list():
            return [resolved(each, variables) for each in value]
        case _:
            return value


def walk(selections: list[Selection]) -> Iterator[Selection]:
    """All selections, each before what lies below it; fragments are not followed."""
    for each in selections:
        yield each
        if not isinstance(each, Spread):
            yield from walk(each.below)


def _spreads_in(selections: list[Selection]) -> Iterator[str]:
    return (each.fragment for each in walk(selections) if isinstance(each, Spread))


def _uses_in(selections: list[Selection]) -> Iterator[str]:
    for each in walk(selections):
        for directive in each.directives:
            yield from uses_of(directive.when)
        if isinstance(each, Field):
            yield from uses_of(each.arguments)


def uses_of(value: Any) -> Iterator[str]:
    """The names of the variables in a value of a document."""
    match value:
        case Use(variable=name):
            yield name
        case Mapping():
            for each in value.values():
                yield from uses_of(each)
        case list():
            for each in value:
                yield from uses_of(each)
        case _:
            pass


def _block(selections: list[Selection], depth: int) -> str:
    inner = "  " * (depth + 1)
    lines = [f"{inner}{_line(each, depth + 1)}" for each in selections]
    return "\n".join(["{", *lines, "  " * depth + "}"])


def _line(each: Selection, depth: int) -> str:
    directives = "".join(f" @{one.name}(if: {literal(one.when)})" for one in each.directives)
    match each:
        case Spread(fragment=name):
            return f"...{name}{directives}"
        case Inline(on=on, below=below):
            head = "..." if on is None else f"... on {on}"
            return f"{head}{directives} {_block(below, depth)}"
        case Field(name=name, alias=alias, arguments=arguments, below=below):
            given = ", ".join(f"{one}: {literal(value)}" for one, value in arguments.items())
            head = f"{alias}: {name}" if alias is not None else name
            head += f"({given})" if given else ""
            return f"{head}{directives}" + (f" {_block(below, depth)}" if below else "")
