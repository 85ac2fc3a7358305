"""Makes an operation that fails smaller, as long as it fails."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from functools import partial
from typing import Any, TypeAlias

from tests.reads.generated.operations import Field, Fragment, Inline, Operation, Selection, Spread

TRIES_MAX = 600

Edit: TypeAlias = Callable[[], object]
Fails: TypeAlias = Callable[[Operation, Mapping[str, Any]], Awaitable[bool]]


async def shrunk(
    operation: Operation, variables: Mapping[str, Any], fails: Fails
) -> tuple[Operation, dict[str, Any]]:
    """The smallest operation and variables found that still fail.

    *fails* answers False for documents that are not valid: most that are cut anywhere are not.
    """
    values = dict(variables)
    place = tries = 0
    while tries < TRIES_MAX:
        smaller, fewer = _copy(operation), deepcopy(values)
        edits = [*_edits(smaller), *_edits_of_value(fewer)]
        if place >= len(edits):
            break
        edits[place]()
        tries += 1
        if await fails(smaller, fewer):
            operation, values = smaller, fewer  # what stood next has the same place now
        else:
            place += 1
    used = operation.used_variables()
    return operation, {name: value for name, value in values.items() if name in used}


def _copy(operation: Operation) -> Operation:
    """A copy whose selections can be changed; its variables are the same."""
    fragments = {
        name: Fragment(name, each.on, deepcopy(each.below))
        for name, each in operation.fragments.items()
    }
    return Operation(deepcopy(operation.below), fragments, operation.variables)


def _edits(operation: Operation) -> Iterator[Edit]:
    """What can be taken away, the largest first."""
    lists = [operation.below, *(each.below for each in operation.fragments.values())]
    for selections in lists:
        yield from _edits_of(selections, operation.fragments)


def _edits_of(selections: list[Selection], fragments: Mapping[str, Fragment]) -> Iterator[Edit]:
    for place, each in enumerate(selections):
        if len(selections) > 1:
            yield partial(selections.pop, place)
        elif not (isinstance(each, Field) and each.name == "__typename"):
            yield partial(_put, selections, place, [Field("", "__typename")])
        if each.directives:
            yield each.directives.clear
        match each:
            case Field():
                yield from _edits_of_field(each, fragments)
            case Inline(below=below):
                yield partial(_put, selections, place, below)
                yield from _edits_of(below, fragments)
            case Spread(fragment=name):
                yield partial(_put, selections, place, deepcopy(fragments[name].below))


def _put(selections: list[Selection], place: int, below: Sequence[Selection]) -> None:
    selections[place : place + 1] = below


def _edits_of_field(field: Field, fragments: Mapping[str, Fragment]) -> Iterator[Edit]:
    if field.alias is not None:
        yield partial(setattr, field, "alias", None)
    yield from _edits_of_value(field.arguments)
    yield from _edits_of(field.below, fragments)


def _edits_of_value(value: Any) -> Iterator[Edit]:
    """What can be taken out of an object or a list, itself or inside one another."""
    parts = value.items() if isinstance(value, dict) else enumerate(value)
    for place, each in parts:
        yield partial(value.pop, place)
        if isinstance(each, dict | list):
            yield from _edits_of_value(each)
