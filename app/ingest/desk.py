"""The desk: accepted payloads are decided in batches, each payload once, all or nothing.

One transaction claims a batch, decides it, writes engagements, intents and their events, and
deletes the bodies. Whatever fails leaves the batch as it was; then its items are tried alone, and
one that keeps failing is put aside so that it blocks nobody.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_hex
from uuid import UUID

import structlog

from app.carts.intents import Intent, Request
from app.carts.service import ask_for_carts
from app.carts.states import CartIntentStatus
from app.core import clock
from app.core.database import WriteSession
from app.core.outage import describe, is_outage
from app.core.resources import Resources
from app.engagements.facts import NewEngagement
from app.engagements.service import record_engagements
from app.events.log import write_transaction
from app.ingest import queries
from app.ingest.facts import Directory, TriggerFacts
from app.ingest.lanes import Lanes
from app.ingest.lookup import look_up
from app.ingest.queries import Item
from app.ingest.rules import Decision, decide, parent_of
from app.shoppers.service import ensure_shoppers_at_brands
from app.x.payloads import Delivery, parse_object, read_delivery

BATCH_MAX = 100
FAILURES_MAX = 5
RETRY_DELAY = timedelta(milliseconds=100)
"""How long an item waits after failing once; twice as long after each further time."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision with the post it is about. One post at one brand: `key` says which."""

    delivery: Delivery
    received_at: datetime
    decision: Decision

    @property
    def key(self) -> tuple[UUID, int]:
        """The brand's id and the post's X id."""
        return self.decision.brand_id, self.delivery.post.id


@dataclass(frozen=True)
class Desk:
    """Decides what the lanes of one worker hold. `queued` is set when retailers are to be asked."""

    resources: Resources
    lanes: Lanes
    queued: asyncio.Event

    async def decide_batch(self) -> int:
        """Decide up to `BATCH_MAX` items; how many there were.

        Raises:
            Exception: the database is away, or nothing can be claimed; nothing was changed.
        """
        items: list[Item] = []
        try:
            return await self._decide_claimed(items, None)
        except Exception as error:
            if is_outage(error) or not items:
                raise
            log.warning("inbox_batch_failed", items=len(items), **describe(error))
        for item in items:
            await self._decide_alone(item.id)
        return len(items)

    async def retry_failed(self) -> int:
        """Try again, each alone, what failed before and has waited long enough."""
        async with write_transaction(self.resources.sessions) as session:
            item_ids = await queries.failed_before(
                session, self.lanes.leases, now=clock.now(), limit=BATCH_MAX
            )
        for item_id in item_ids:
            await self._decide_alone(item_id)
        return len(item_ids)

    async def _decide_alone(self, item_id: UUID) -> None:
        items: list[Item] = []
        try:
            await self._decide_claimed(items, item_id)
        except Exception as error:
            if is_outage(error) or not items:
                raise
            for item in items:
                await self._put_aside(item, error)

    async def _decide_claimed(self, items: list[Item], only: UUID | None) -> int:
        """Claim and decide in one transaction; what was claimed is noted in *items*."""
        lanes = self.lanes
        async with write_transaction(self.resources.sessions) as session:
            if only is None:
                items += await queries.claim_batch(
                    session, lanes.owner, lanes.leases, limit=BATCH_MAX
                )
            else:
                items += await queries.claim_one(session, lanes.owner, lanes.leases, only)
            intents = await self._decide(session, items, clock.now()) if items else []
        if any(intent.status is CartIntentStatus.QUEUED for intent in intents):
            self.queued.set()
        return len(items)

    async def _decide(
        self, session: WriteSession, items: Sequence[Item], now: datetime
    ) -> list[Intent]:
        """Look, decide, write and tell for all of *items*; the intents that were made."""
        read = [(_read(item), item.received_at) for item in items]
        deliveries = [delivery for delivery, _ in read if delivery is not None]
        directory = await look_up(session, self.resources.keys, deliveries)
        decided = _once_each(
            Decided(delivery, received_at, decision)
            for delivery, received_at in read
            if delivery is not None
            for decision in decide(delivery, directory, now)
        )
        requests = await self._engage(session, decided, directory)
        intents = await ask_for_carts(session, requests, now=now)
        marked = await queries.mark_decided(session, items, now=now)
        if len(marked) < len(items):
            raise DecidedElsewhere(f"{len(items) - len(marked)} items were decided meanwhile.")
        return intents

    async def _engage(
        self, session: WriteSession, decided: Sequence[Decided], directory: Directory
    ) -> list[Request]:
        """Record the engagements; the requests of those that no delivery brought before."""
        handles: dict[UUID, dict[int, str | None]] = {}
        for each in decided:
            if each.decision.by_shopper:
                post = each.delivery.post
                handles.setdefault(each.decision.brand_id, {})[post.author_id] = post.author_handle
        shoppers = await ensure_shoppers_at_brands(session, self.resources.keys, handles)
        made = await record_engagements(
            session, [_engagement(each, shoppers.get(_person(each))) for each in decided]
        )
        return [
            _request(each, each.decision.trigger, made[each.key], shoppers, directory)
            for each in decided
            if each.decision.trigger is not None and each.key in made
        ]

    async def _put_aside(self, item: Item, error: Exception) -> None:
        """Count the failure; after the last one the item is quarantined under an error id.

        Neither the content nor the error's message is logged: that may quote the content.
        """
        error_id, now = token_hex(8), clock.now()
        async with write_transaction(self.resources.sessions) as session:
            quarantined = await queries.mark_failed(
                session,
                item.id,
                next_attempt_at=now + RETRY_DELAY * 2**item.attempts,
                error_id=error_id,
                attempts_max=FAILURES_MAX,
                now=now,
            )
        tell = log.error if quarantined else log.warning
        event = "inbox_item_quarantined" if quarantined else "inbox_item_failed"
        tell(event, item_id=str(item.id), error_id=error_id, **describe(error))


class DecidedElsewhere(Exception):
    """Another worker decided what this one had claimed: its lanes were not its own."""


def _read(item: Item) -> Delivery | None:
    return read_delivery(parse_object(item.body))


def _once_each(decided: Iterable[Decided]) -> list[Decided]:
    """Each post once for each brand, in the order of the posts' ids, which is that of their making.

    Where two deliveries of one post differ, the one by which it asks for a cart counts.
    """
    chosen: dict[tuple[UUID, int], Decided] = {}
    for each in sorted(decided, key=lambda each: each.decision.trigger is None):
        chosen.setdefault(each.key, each)
    return sorted(chosen.values(), key=lambda each: each.delivery.post.id)


def _person(each: Decided) -> tuple[UUID, int]:
    return each.decision.brand_id, each.delivery.post.author_id


def _engagement(each: Decided, shopper_id: UUID | None) -> NewEngagement:
    post, decision = each.delivery.post, each.decision
    return NewEngagement(
        brand_id=decision.brand_id,
        xid=post.id,
        kind=decision.kind,
        shopper_id=shopper_id,
        tweet_id=decision.tweet.name.id if decision.tweet else None,
        parent_xid=parent_of(post),
        conversation_xid=post.conversation_id,
        trigger_tag=decision.trigger.tag if decision.trigger else None,
        trigger_match=decision.match,
        misuse_reason=decision.misuse,
        occurred_at=post.made_at,
        received_at=each.received_at,
    )


def _request(
    each: Decided,
    trigger: TriggerFacts,
    engagement_id: UUID,
    shoppers: Mapping[tuple[UUID, int], UUID],
    directory: Directory,
) -> Request:
    decision, post = each.decision, each.delivery.post
    return Request(
        brand_id=decision.brand_id,
        engagement_id=engagement_id,
        engagement_xid=post.id,
        shopper_id=shoppers[_person(each)],
        parent_xid=parent_of(post),
        tweet=decision.tweet,
        unavailable=decision.unavailable,
        action=trigger.action,
        marketplace=trigger.marketplace,
        retailer=directory.brands[decision.brand_id].retailers.get(trigger.marketplace),
        received_at=each.received_at,
    )
