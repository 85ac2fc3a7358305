"""Expected failures in the API: members of every mutation's union, told apart by their type.

A feature's `problems.py` holds plain values that know no GraphQL; its `mutations.py` says how each
is shown: a type that inherits `Problem`, decorated with `shows`.
"""

from collections.abc import Callable
from typing import TypeVar

import strawberry

from app.core import versions

T = TypeVar("T")

_MARK = "__hashcart_shows__"


@strawberry.interface(description="Why a mutation was not done, or cannot be shown.")
class Problem:
    """Why a mutation was not done, or cannot be shown."""

    message: str = strawberry.field(description="What to tell, with the remedy.")


def shows(value: type) -> Callable[[type[T]], type[T]]:
    """Show *value*, a plain problem of a service, as the decorated type: field by field by name."""

    def decorate(cls: type[T]) -> type[T]:
        setattr(cls, _MARK, value)
        return cls

    return decorate


def shown_by(cls: type) -> type | None:
    """The plain problem that a type shows, or None where it shows none."""
    found = cls.__dict__.get(_MARK)
    return found if isinstance(found, type) else None


@strawberry.type(description="The idempotency key was used for something else within a day.")
class IdempotencyKeyReused(Problem):
    """The idempotency key was used for something else within a day."""


@strawberry.type(
    description="It was done, but what it made or changed was removed since, so it cannot be shown."
)
class NoLongerThere(Problem):
    """It was done, but what it made or changed was removed since."""


@shows(versions.VersionConflict)
@strawberry.type(
    description="Somebody else edited it since you read it, so nothing was changed. Read it again, "
    "decide anew, and send `currentVersion` as `expectedVersion`."
)
class VersionConflict(Problem):
    """Somebody else edited it since it was read."""

    expected_version: int = strawberry.field(description="The version that was sent.")
    current_version: int = strawberry.field(
        description="The version it is at; 0 where it does not exist."
    )


KEY_REUSED = (
    "This idempotency key was used for another mutation or other input within the last 24 hours. "
    "Make a fresh key for each thing that you want done."
)
NO_LONGER_THERE = "This was done, but what it made or changed was removed since."
