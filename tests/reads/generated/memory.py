"""What earlier answers held that a later operation may ask by: cursors and leaf values."""

import json
from collections import deque
from collections.abc import Mapping
from typing import Any, TypeAlias

from tests.reads.generated.operations import (
    Field,
    Fragment,
    Inline,
    Operation,
    Selection,
    Spread,
    resolved,
)

KEPT = 20
"""Cursors of one list, and values of one field's name."""

List: TypeAlias = tuple[int, str, str]
"""A brand's number, the list as `Type.field`, and its order as `order_of` tells it."""

CURSORS = frozenset({"cursor", "startCursor", "endCursor"})


def order_of(order: Any) -> str:
    """The argument `orderBy` in a form that can be compared."""
    return json.dumps(order, sort_keys=True)


class Memory:
    """Remembers the newest few of each."""

    def __init__(self) -> None:
        self.cursors: dict[List, deque[str]] = {}
        self.values: dict[str, deque[Any]] = {}
        self.shown: set[str] = set()
        """Every `Type.field` that an answer showed, other than as null or as an empty list."""

    def learn(
        self,
        operation: Operation,
        variables: Mapping[str, Any],
        brand: int,
        data: Mapping[str, Any],
    ) -> None:
        """Take in the answer of an operation that ran with *variables* for the brand."""
        _Reader(self, operation.fragments, variables, brand).read(operation.below, data, "", "")


class _Reader:
    def __init__(
        self,
        memory: Memory,
        fragments: Mapping[str, Fragment],
        variables: Mapping[str, Any],
        brand: int,
    ) -> None:
        self._memory = memory
        self._fragments = fragments
        self._variables = variables
        self._brand = brand

    def read(self, selections: list[Selection], data: Any, listed: str, order: str) -> None:
        """Read *data* by the selections that asked for it, below the list *listed*."""
        for found in data if isinstance(data, list) else [data]:
            if isinstance(found, dict):
                for each in selections:
                    self._selection(each, found, listed, order)

    def _selection(self, each: Selection, data: dict[str, Any], listed: str, order: str) -> None:
        match each:
            case Field():
                if each.key in data:
                    self._field(each, data[each.key], listed, order)
            case Inline(below=below):
                self.read(below, data, listed, order)
            case Spread(fragment=name):
                self.read(self._fragments[name].below, data, listed, order)

    def _field(self, field: Field, value: Any, listed: str, order: str) -> None:
        if value is None or value == []:
            return
        self._memory.shown.add(f"{field.owner}.{field.name}")
        if field.name in CURSORS and isinstance(value, str):
            place = (self._brand, listed, order)
            self._memory.cursors.setdefault(place, deque(maxlen=KEPT)).append(value)
        elif field.below:
            if field.target is not None and field.target.endswith("Connection"):
                asked = resolved(field.arguments.get("orderBy"), self._variables)
                listed, order = f"{field.owner}.{field.name}", order_of(asked)
            self.read(field.below, value, listed, order)
        elif not field.name.startswith("__"):
            self._memory.values.setdefault(field.name, deque(maxlen=KEPT)).append(value)
