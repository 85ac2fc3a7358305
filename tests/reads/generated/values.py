"""Odd values, shared by the random rows and by the arguments that look for them.

Few of each, so that rows tie in every order and filters find something.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import orjson
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
)

from app.graphql.reads.binding import Column
from app.graphql.reads.catalogue import Catalogue
from app.graphql.scalars import MOMENT_OPTIONS

START = datetime(2026, 11, 20, 12, tzinfo=UTC)

TEXTS = (
    "",
    "a",
    "A",
    "ä",
    "a\u0308 decomposed",
    "Straße ✓",
    "quotes \" ' ` and \\ \\n",
    "lines\nof\r\ntext\tand a tab",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467 \U0001f6d2",
    "\u0627\u0644\u0639\u0631\u0628\u064a\u0629",
    "controls \x01\x1f\x7f",
    "\ufeffmark \u2028\u2029",
    "$1 %s :name {x} _ % </script>",
    "null",
    "US",
    "sandbox",
    "long " * 40,
)
INTEGERS = (0, 0, 1, 1, 2, 3, 5, 100, -1, 2**31 - 1, -(2**31))
SMALL_INTEGERS = (0, 1, 2, 2**15 - 1)
X_IDS = (0, 1, 7, 2**31, 2**53 + 1, 2_122_978_114_236_649_000, 2**63 - 1)
MOMENTS = (
    *(START + timedelta(hours=hours) for hours in (0, 0, 1, 1, 26, 50)),
    START + timedelta(microseconds=250_000),
    START + timedelta(microseconds=1),
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(2, 1, 1, tzinfo=UTC),
    datetime(9998, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
)
KEYS = tuple(UUID(f"0190{number:04x}-0000-7000-8000-0000000000ff") for number in range(4))


def moment_text(moment: datetime) -> str:
    """A moment as the API prints it."""
    return str(orjson.loads(orjson.dumps(moment, option=MOMENT_OPTIONS)))


LEAVES: Mapping[str, Sequence[Any]] = {
    "String": TEXTS,
    "Int": INTEGERS,
    "Float": (0.0, -1.5, 1e300),
    "Boolean": (True, False),
    "DateTime": tuple(moment_text(moment) for moment in MOMENTS),
    "Date": tuple(moment.date().isoformat() for moment in MOMENTS),
    "JSON": ({}, {"first": 1}, {"id": "x", "deep": [1, None, {"a": True}]}, [], "text", 0),
    "XID": tuple(str(each) for each in X_IDS),
    "BigInt": tuple(str(each) for each in X_IDS),
    "UUID": tuple(str(each) for each in KEYS),
}
"""By the name of a scalar: values as JSON holds them. `ID` is absent: a field says whose it is."""


def document_of(
    catalogue: Catalogue, random: Random, output: GraphQLOutputType, field: GraphQLField
) -> Any:
    """A JSON value that a `document` of the type *output* can be read from."""
    if isinstance(output, GraphQLNonNull):
        return _present(catalogue, random, output.of_type, field)
    return None if random.random() < 0.25 else _present(catalogue, random, output, field)


def _present(catalogue: Catalogue, random: Random, output: Any, field: GraphQLField) -> Any:
    if isinstance(output, GraphQLList):
        count = random.choice((0, 1, 2, 3))
        return [document_of(catalogue, random, output.of_type, field) for _ in range(count)]
    if isinstance(output, GraphQLObjectType):
        made = {
            name: document_of(catalogue, random, each.type, each)
            for name, each in output.fields.items()
        }
        return {
            name: value
            for name, value in made.items()
            if value is not None or random.random() < 0.6
        }
    if isinstance(output, GraphQLEnumType):
        return random.choice(list(output.values))
    binding = catalogue.binding(field)
    if isinstance(binding, Column) and binding.id_of is not None:
        return str(random.choice(KEYS))
    return random.choice(LEAVES[output.name])
