"""What a mutation's resolver is made of: one sentence, which performs a service's function.

The function runs in one transaction, which commits what it did together with its events, or leaves
nothing where it answers with a problem.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, TypeAlias, TypeVar
from uuid import UUID

import strawberry
from strawberry.types.field import StrawberryField

from app.core.database import WriteSession
from app.core.ids import NOBODY, parse_global_id
from app.core.models import Model
from app.core.viewer import Scope, Viewer
from app.graphql.context import Transaction
from app.graphql.idempotency import (
    KEY_CHARACTERS_MAX,
    Earlier,
    KeyedRequest,
    claim,
    remember,
)
from app.graphql.reads.binding import ScopedField

P = ParamSpec("P")
Resolver = TypeVar("Resolver", bound=Callable[..., Any])


@dataclass(frozen=True)
class Made:
    """A row as a service's outcome, where the service hands out something else than the row."""

    model: type[Model]
    id: UUID


@dataclass(frozen=True)
class Outcome:
    """What came of a mutation: the row that its payload is read from, or a problem's fields."""

    type_name: str
    key: UUID | None = None
    fields: dict[str, Any] | None = None

    @property
    def is_problem(self) -> bool:
        """Whether nothing was done."""
        return self.fields is not None

    def as_json(self) -> dict[str, Any]:
        """The form in which it is remembered."""
        if self.key is not None:
            return {"type": self.type_name, "id": str(self.key)}
        return {"type": self.type_name, "fields": self.fields}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> "Outcome":
        """What was remembered."""
        key = kept.get("id")
        return cls(kept["type"], None if key is None else UUID(key), kept.get("fields"))


class _NotDone(Exception):
    """Carries a problem out of the transaction, which leaves nothing behind."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.type_name)
        self.outcome = outcome


@dataclass(frozen=True)
class MutationContext:
    """What a resolver of a mutation finds as `info.context`."""

    viewer: Viewer
    now: datetime
    """The moment at which the mutation began, by the injectable clock."""
    transaction: Transaction = field(repr=False)
    settle: Callable[[object], Outcome] = field(repr=False)
    """Finds the member of the field's union that shows what a service answered."""
    reused: Outcome = field(repr=False)
    """What a key is told that was used for another request."""
    request: KeyedRequest | None = field(repr=False)
    """The idempotency key, where one was sent."""

    @property
    def brand_id(self) -> UUID:
        """The brand that the token belongs to."""
        return self.viewer.brand_id

    async def run(self, work: Callable[[WriteSession], Awaitable[object]]) -> Outcome:
        """Do *work* once: the same key gets what was decided before."""
        try:
            return await self._decide(work)
        except _NotDone as not_done:
            return await self._remember(not_done.outcome)

    async def _decide(self, work: Callable[[WriteSession], Awaitable[object]]) -> Outcome:
        async with self.transaction() as session:
            if self.request is not None and (earlier := await claim(session, self.request)):
                return self._earlier(earlier)
            answer = await work(session)
            await session.flush()
            outcome = self.settle(answer)
            if outcome.is_problem:
                raise _NotDone(outcome)
            if self.request is not None:
                await remember(session, self.request, outcome.as_json())
            return outcome

    async def _remember(self, outcome: Outcome) -> Outcome:
        """The problem, kept under the key; or what another one decided under it meanwhile."""
        if self.request is None:
            return outcome
        async with self.transaction() as session:
            if earlier := await claim(session, self.request):
                return self._earlier(earlier)
            await remember(session, self.request, outcome.as_json())
        return outcome

    def _earlier(self, earlier: Earlier) -> Outcome:
        return Outcome.from_json(earlier.outcome) if earlier.same_request else self.reused


@strawberry.input
class MutationInput:
    """What every mutation takes."""

    idempotency_key: str | None = strawberry.field(
        default=None,
        description="Makes it safe to send again: within 24 hours the same key gets what was "
        f"decided first, and nothing is done twice. 1 to {KEY_CHARACTERS_MAX} characters; a fresh "
        "UUID is good. It means nothing to other apps.",
    )


@strawberry.input
class EditInput(MutationInput):
    """What every mutation takes that changes what another one may be changing, too."""

    expected_version: int | None = strawberry.field(
        default=None,
        description="The `version` you read. Where somebody edited it since, nothing is changed "
        "and `VersionConflict` tells the version it is at. Left out or null: the change is made "
        "whatever the others did.",
    )


MutationInfo: TypeAlias = strawberry.Info[MutationContext, None]
"""The annotation of a resolver's parameter `info`."""


async def perform(
    info: MutationInfo,
    service: Callable[Concatenate[WriteSession, P], Awaitable[object]],
    *arguments: P.args,
    **named: P.kwargs,
) -> Any:
    """Run a service's function in a transaction of its own; its outcome is the resolver's.

    The function gets the session first. It returns a row of a mapped member of the field's union
    (or `Made`), or a plain problem that a member shows.
    """
    return await info.context.run(lambda session: service(session, *arguments, **named))


def mutation(description: str, *, scope: Scope) -> Callable[[Resolver], Any]:
    """A mutation: an async method with one argument `input`, whose body is one `perform(...)`.

    The scope is checked before anything of the operation runs, and told in the description.
    """

    def decorate(resolver: Resolver) -> StrawberryField:
        made = ScopedField(description=description)
        made.scope = scope
        return made(resolver)

    return decorate


def key_of(type_name: str, given: str) -> UUID:
    """The key in a global id; nobody's where it is none, or one of another type."""
    parsed = parse_global_id(given)
    return parsed[1] if parsed is not None and parsed[0] == type_name else NOBODY
