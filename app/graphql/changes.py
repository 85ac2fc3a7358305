"""What changed between two schemas, by what it means for clients written for the old one."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from graphql import GraphQLError, GraphQLSchema, build_schema
from graphql.utilities.find_schema_changes import (
    BreakingChange,
    DangerousChange,
    SafeChangeType,
    SchemaChange,
    find_schema_changes,
)

from app.graphql.deprecations import parts_of_schema
from app.graphql.finish import drop_null_defaults


class Level(StrEnum):
    """What a change may do to clients, the worst first."""

    BREAKING = "breaking"
    """Operations that ran fail, or their answers have another shape."""
    DANGEROUS = "dangerous"
    """Operations run on, but a client may meet what it does not know, such as a new enum value."""
    SAFE = "safe"
    """No client notices."""


@dataclass(frozen=True, order=True)
class Change:
    """One change, in a sentence that begins with where it is."""

    level: Level
    text: str
    in_words: bool = False
    """Whether only a description changed."""


class NoSchema(Exception):
    """A text is no schema in GraphQL's schema language; the message says where it goes wrong."""


def changes_between(old: str, new: str) -> list[Change]:
    """Every change from one printed schema to another, the worst first, then by their texts.

    Raises:
        NoSchema: one of them is none.
    """
    before, after = _built(old), _built(new)
    found = {_change(each) for each in find_schema_changes(before, after)}
    found.update(_deprecations(before, after))
    order = list(Level)
    return sorted(found, key=lambda each: (order.index(each.level), each.in_words, each.text))


def _built(text: str) -> GraphQLSchema:
    try:
        schema = build_schema(text)
    except (GraphQLError, TypeError) as error:
        raise NoSchema(str(error).partition("\n")[0]) from None
    drop_null_defaults(schema)
    return schema


def _change(found: SchemaChange) -> Change:
    if isinstance(found, BreakingChange):
        return Change(Level.BREAKING, found.description)
    if isinstance(found, DangerousChange):
        return Change(Level.DANGEROUS, found.description)
    if found.type is SafeChangeType.DESCRIPTION_CHANGED:
        text = found.description.partition(" has changed to ")[0]
        return Change(Level.SAFE, f"{text} changed.", in_words=True)
    return Change(Level.SAFE, found.description)


def _deprecations(before: GraphQLSchema, after: GraphQLSchema) -> Iterator[Change]:
    known = {place: part.deprecation_reason for place, part in parts_of_schema(before)}
    for place, part in parts_of_schema(after):
        told = part.deprecation_reason
        if place in known and told != known[place]:
            now = "is deprecated no more." if told is None else f"is deprecated: {told}"
            yield Change(Level.SAFE, f"{place} {now}")
