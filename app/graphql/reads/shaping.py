"""What a plan depends on, of the values that a client sends: their shape.

A statement may depend on which members of an input object are given, on how many objects a list of
them holds, on booleans, and on the values of enums that say how to read rather than what is wanted.
It never depends on another value; those are bound at each run.
"""

from collections.abc import Hashable, Mapping
from enum import Enum
from hashlib import blake2b
from typing import Any

GIVEN = "given"
"""The shape of a value that is only bound."""

LEVELS_MAX = 30
"""Of objects and lists inside one another; no plan looks deeper."""
CHARACTERS_KEPT = 200
"""Of a shape in words; a longer one is kept as its hash, so that caches hold no request's size."""


class Shaping(Enum):
    """An enum whose value decides the statement: an order's field, a direction, a key of groups."""


def shape_of(value: Any) -> Hashable:
    """The shape of a coerced input value.

    Lists are as long as their shape says where they hold objects or enums of this kind; a list of
    plain values is one parameter, however long.
    """
    shape = _shape_of(value, 0)
    if not isinstance(shape, tuple):
        return shape
    text = repr(shape)
    return text if len(text) <= CHARACTERS_KEPT else blake2b(text.encode(), digest_size=16).digest()


def _shape_of(value: Any, level: int) -> Hashable:
    if value is None or isinstance(value, bool | Shaping):
        return value
    if level > LEVELS_MAX:
        return GIVEN
    if isinstance(value, Mapping):
        return tuple((name, _shape_of(each, level + 1)) for name, each in value.items())
    if isinstance(value, list) and value and isinstance(value[0], Mapping | Shaping):
        return tuple(_shape_of(each, level + 1) for each in value)
    return GIVEN
