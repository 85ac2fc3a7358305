"""Root fields of `Query` that no table answers: a function of ours makes the value.

An operation with such a field runs whole on the reference, so it costs a statement for every field
that reads a table. It is for what is asked now and then, such as an explanation, never for lists.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, TypeVar

import strawberry
from sqlalchemy import Select
from strawberry.types.field import StrawberryField

from app.core.viewer import Scope
from app.graphql.cost import COMPUTED
from app.graphql.reads.binding import ScopedField
from app.graphql.reads.reference_rows import ReferenceContext
from app.graphql.reads.sql import compile_statement

Resolver = TypeVar("Resolver", bound=Callable[..., Any])

ResolvedInfo: TypeAlias = strawberry.Info[ReferenceContext, None]
"""The annotation of a resolver's parameter `info`: `info.context.viewer` says who asks."""


def resolved(description: str, *, scope: Scope | None) -> Callable[[Resolver], Any]:
    """A root field of `Query` whose async method makes its value: plain objects, or null.

    The types below it are not mapped, and read attributes of the value by their fields' names. A
    key that leaves as a global id is `column(..., id_of=...)`. The scope is checked before anything
    is read, and told in the description; None where every token may ask.
    """

    def decorate(resolver: Resolver) -> StrawberryField:
        made = ScopedField(description=f"{description} Computed: costs {COMPUTED} points.")
        made.scope = scope
        return made(resolver)

    return decorate


async def read(info: ResolvedInfo, statement: Select[Any]) -> Sequence[Any]:
    """The rows of *statement* on a connection for reading, each with its columns by name.

    It must hold the visibility of what it reads: `where(access.visible_cart_intents(CartIntent))`,
    whose parameters are the viewer's.
    """
    compiled = compile_statement(statement)
    parameters = compiled.parameters(info.context.viewer.parameters())
    return await info.context.fetch(compiled.sql, parameters)
