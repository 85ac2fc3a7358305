"""Shoppers, their replies, and a retailer behind an unreliable line."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from app.carts.dispatch import Dispatcher
from app.core import clock
from app.core.resources import Resources
from app.products.facts import Listing, Reference
from app.retailers.adapter import (
    Adapter,
    Line,
    Opened,
    Outcome,
    Refused,
    Removal,
)
from app.retailers.states import AddMode
from tests.walk import a_reply, fetch

MARA, KOFI, TESS = "1720000000000000002", "1912000000000000092", "1789000000000000069"
FIRST, SECOND, THIRD = "2123709369132344650", "2123709595806271346", "2123709995806271346"
OTHER_TWEET = "2122993214288901650"
"""Another tweet with the same product as the usual one."""

Hook = Callable[[], Awaitable[None]]


async def nothing() -> None:
    """Nothing happens."""


@dataclass
class Shaky:
    """The real adapter behind an unreliable line: *before* and *after* its answer things happen."""

    real: Adapter
    before: Hook
    after: Hook
    calls: list[list[Line]] = field(default_factory=list)
    removals: list[list[Line]] = field(default_factory=list)
    add_mode: AddMode = AddMode.SERVER_ADD

    async def add(self, lines: Sequence[Line], *, deadline: timedelta) -> list[Outcome]:
        """Ask the real adapter."""
        self.calls.append(list(lines))
        await self.before()
        outcomes = await self.real.add(lines, deadline=deadline)
        await self.after()
        return outcomes

    async def remove(self, lines: Sequence[Line], *, deadline: timedelta) -> list[Removal]:
        """Ask the real adapter."""
        self.removals.append(list(lines))
        await self.before()
        removals = await self.real.remove(lines, deadline=deadline)
        await self.after()
        return removals

    async def look_up(
        self, references: Sequence[Reference], *, deadline: timedelta
    ) -> list[Listing]:
        """Ask the real adapter."""
        return await self.real.look_up(references, deadline=deadline)

    async def open_account(
        self, *, idempotency_key: str, marketplace: str, deadline: timedelta
    ) -> Opened | Refused:
        """Ask the real adapter."""
        return await self.real.open_account(
            idempotency_key=idempotency_key, marketplace=marketplace, deadline=deadline
        )


def shaky(
    dispatcher: Dispatcher,
    *,
    before: Hook = nothing,
    after: Hook = nothing,
) -> tuple[Dispatcher, Shaky]:
    """The same dispatcher behind an unreliable line."""
    adapter = Shaky(dispatcher.retailers["sandbox"], before, after)
    return replace(dispatcher, retailers={"sandbox": adapter}), adapter


def raising(error: BaseException) -> Hook:
    """Something that happens by raising."""

    async def happen() -> None:
        raise error

    return happen


def later(delay: timedelta) -> None:
    """Let that much time pass."""
    clock.start_at(clock.now() + delay)


def reply_to(tweet: str, post: str, author: str = MARA) -> dict[str, Any]:
    """A tagged reply to that tweet."""
    reference = [{"type": "replied_to", "id": tweet}]
    return a_reply(
        id=post, author_id=author, in_reply_to_tweet_id=tweet, referenced_tweets=reference
    )


async def intents(resources: Resources) -> list[tuple[Any, ...]]:
    sql = "SELECT engagement_xid::text, status, failure_reason FROM cart_intent ORDER BY 1"
    return await fetch(resources, sql)
