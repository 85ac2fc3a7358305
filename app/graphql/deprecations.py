"""Deprecations: what takes a thing's place, since when, and when it goes; and where one is used.

A deprecation without a remedy or a day is refused before a schema serves.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLEnumValue,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    TypeInfo,
    TypeInfoVisitor,
    get_named_type,
    type_from_ast,
    visit,
)
from strawberry.types.field import StrawberryField

from app.graphql.deprecated_parts import UsedParts, parts_of_value
from app.graphql.reads.documents import PreparedOperation

NOTICE = timedelta(days=90)
"""How long clients have at least, from the day on which something is deprecated."""

Declared = TypeVar("Declared")
Part = GraphQLField | GraphQLArgument | GraphQLInputField | GraphQLEnumValue

_REASON = re.compile(
    r"Use `[^`]+`\. (?:.+ )?Deprecated since (\d{4}-\d{2}-\d{2}), goes on (\d{4}-\d{2}-\d{2})\."
)
_REMEDY = "say so by `deprecated(...)` or `reason(...)` of app/graphql/deprecations.py"


def reason(*, use: str, since: date, goes_on: date, why: str = "") -> str:
    """The text of a deprecation: for `deprecation_reason=` of arguments, inputs and enum values.

    Args:
        use: What takes its place, as clients write it: `title`, `Product.title`.
        since: The day of the release that deprecates it.
        goes_on: The first day on which it may be missing, at least `NOTICE` later.
        why: A sentence for those who wonder, or nothing.
    """
    told = f"{why} " if why else ""
    return f"Use `{use}`. {told}Deprecated since {since}, goes on {goes_on}."


def deprecated(field: Any, *, use: str, since: date, goes_on: date, why: str = "") -> Any:
    """Deprecate a field: `old: str = deprecated(column("..."), use="new", ...)`."""
    assert isinstance(field, StrawberryField)
    field.deprecation_reason = reason(use=use, since=since, goes_on=goes_on, why=why)
    return field


def deprecation_faults(schema: GraphQLSchema) -> list[str]:
    """What is wrong with the schema's deprecations, each with its place and the remedy."""
    faults = []
    for place, part in parts_of_schema(schema):
        if part.deprecation_reason is not None:
            faults += [f"{place}: {fault}" for fault in _faults(part.deprecation_reason)]
    return faults


def _faults(told: str) -> Iterator[str]:
    found = _REASON.fullmatch(told)
    if found is None:
        yield f"is deprecated without what to use, since when and until when; {_REMEDY}."
        return
    try:
        since, goes_on = (date.fromisoformat(day) for day in found.groups())
    except ValueError:
        yield "is deprecated on a day that there is not."
        return
    if goes_on - since < NOTICE:
        yield f"goes after {(goes_on - since).days} days; clients have {NOTICE.days} at least."


def parts_of_schema(schema: GraphQLSchema) -> Iterator[tuple[str, Part]]:
    """All that can be deprecated, by its schema coordinate."""
    for name, named in schema.type_map.items():
        if not name.startswith("__"):
            yield from _parts_of(named)


def _parts_of(named: GraphQLNamedType) -> Iterator[tuple[str, Part]]:
    if isinstance(named, GraphQLObjectType | GraphQLInterfaceType):
        for name, field in named.fields.items():
            yield f"{named.name}.{name}", field
            for given, argument in field.args.items():
                yield f"{named.name}.{name}({given}:)", argument
    elif isinstance(named, GraphQLInputObjectType):
        for name, member in named.fields.items():
            yield f"{named.name}.{name}", member
    elif isinstance(named, GraphQLEnumType):
        for name, value in named.values.items():
            yield f"{named.name}.{name}", value


class Deprecations:
    """What is deprecated in one schema, and which operations use it."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self.reasons: Mapping[str, str] = {
            place: part.deprecation_reason
            for place, part in parts_of_schema(schema)
            if part.deprecation_reason is not None
        }
        """By schema coordinate, such as `Product.title` or `Query.products(first:)`."""
        self._known: WeakKeyDictionary[PreparedOperation, frozenset[str]] = WeakKeyDictionary()

    def used_by(self, prepared: PreparedOperation, given: Mapping[str, Any]) -> frozenset[str]:
        """The coordinates of what an operation with these variables uses, each once."""
        if not self.reasons:
            return frozenset()
        known = self._known.get(prepared)
        if known is None:
            known = self._known[prepared] = self._in_document(prepared)
        return known | self._in_variables(prepared, given)

    def _in_document(self, prepared: PreparedOperation) -> frozenset[str]:
        info = TypeInfo(self._schema)
        parts = UsedParts(info)
        visit(prepared.operation, TypeInfoVisitor(info, parts))
        seen: set[str] = set()
        while waiting := parts.spread - seen:
            name = waiting.pop()
            seen.add(name)
            visit(prepared.fragments[name], TypeInfoVisitor(info, parts))
        return frozenset(parts.found & self.reasons.keys())

    def _in_variables(self, prepared: PreparedOperation, given: Mapping[str, Any]) -> set[str]:
        found: set[str] = set()
        for definition in prepared.operation.variable_definitions or ():
            declared = type_from_ast(self._schema, definition.type)
            value = given.get(definition.variable.name.value)
            if value is not None and declared is not None:
                found.update(parts_of_value(get_named_type(declared), value))
        return found & self.reasons.keys()
