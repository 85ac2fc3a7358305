"""JSON that no encoder writes: trees with raw bytes, repeated keys, any depth; and their bytes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson

Place: TypeAlias = tuple[Any, Any]
"""A container of a tree and the key or index of one of its entries."""


@dataclass(frozen=True)
class Raw:
    """Bytes that stand in the text as they are."""

    text: bytes


@dataclass(frozen=True)
class Pairs:
    """An object whose keys may be repeated."""

    items: tuple[tuple[str, Any], ...]


def write(tree: Any) -> bytes:
    """The text of a tree."""
    return b"".join(_parts(tree))


def nested(depth: int, opening: bytes = b"[", closing: bytes = b"]") -> Raw:
    """Containers within each other, the innermost holding `0`."""
    return Raw(opening * depth + b"0" + closing * depth)


def places(tree: Any) -> list[Place]:
    """Every entry of every container of a tree."""
    found: list[Place] = []
    waiting = [tree]
    while waiting:
        container = waiting.pop()
        for key, value in entries(container):
            found.append((container, key))
            if isinstance(value, dict | list):
                waiting.append(value)
    return found


def entries(container: Any) -> list[tuple[Any, Any]]:
    """Keys with their values, or indexes with theirs."""
    return list(container.items() if isinstance(container, dict) else enumerate(container))


def _parts(tree: Any) -> Iterator[bytes]:
    match tree:
        case Raw(text):
            yield text
        case Pairs(items):
            yield from _object(items)
        case dict():
            yield from _object(tree.items())
        case list():
            yield b"["
            for index, entry in enumerate(tree):
                yield b"," * (index > 0)
                yield from _parts(entry)
            yield b"]"
        case _:
            yield orjson.dumps(tree)


def _object(items: Any) -> Iterator[bytes]:
    yield b"{"
    for index, (key, value) in enumerate(items):
        yield b"," * (index > 0)
        yield orjson.dumps(key) + b":"
        yield from _parts(value)
    yield b"}"
