"""The desk: accepted payloads are decided in batches, each payload once, all or nothing.

One transaction claims a batch, decides it, writes engagements, intents and their events, and
deletes the bodies. Whatever fails leaves the batch as it was; then its items are tried alone, and
one that keeps failing is put aside so that it blocks nobody.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from secrets import token_hex
from uuid import UUID

import structlog

from app.carts.express import Express, Taking
from app.carts.intents import Intent
from app.carts.states import CartIntentStatus
from app.core import clock
from app.core.database import WriteSession
from app.core.metrics import PAYLOADS_DECIDED, PAYLOADS_FAILED, PAYLOADS_QUARANTINED
from app.core.outage import describe, is_outage
from app.core.resources import Resources
from app.events.log import write_transaction
from app.ingest import queries
from app.ingest.batch import Accepted, decide_all
from app.ingest.lanes import Lanes
from app.ingest.queries import Item
from app.x.payloads import parse_object, read_delivery

BATCH_MAX = 200
FAILURES_MAX = 5
RETRY_DELAY = timedelta(milliseconds=100)
"""How long an item waits after failing once; twice as long after each further time."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Desk:
    """Decides what the lanes of one worker hold.

    Retailers are to be asked about what is handed to `express`, and about the rest when `queued`
    is set.
    """

    resources: Resources
    lanes: Lanes
    queued: asyncio.Event
    express: Express = field(default_factory=Express)

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
        lanes, taking = self.lanes, self.express.begin()
        waiting: list[queries.Waiting] = []
        if only is None:
            engine = self.resources.engine
            waiting = await queries.look_for_waiting(engine, lanes.leases, limit=BATCH_MAX)
            if not waiting:
                return 0
        async with write_transaction(self.resources.sessions) as session:
            if only is None:
                items += await queries.claim_batch(session, lanes.owner, lanes.leases, waiting)
            else:
                items += await queries.claim_one(session, lanes.owner, lanes.leases, only)
            intents = await self._decide(session, items, taking, clock.now()) if items else []
        PAYLOADS_DECIDED.inc(len(items))
        self.express.pass_on(taking)
        if any(_is_due(intent) for intent in intents):
            self.queued.set()
        return len(items)

    async def _decide(
        self, session: WriteSession, items: Sequence[Item], taking: Taking, now: datetime
    ) -> list[Intent]:
        """Decide all of *items* and delete their bodies; the intents that were made."""
        accepted = [each for item in items if (each := _read(item)) is not None]
        keys = self.resources.keys
        intents = await decide_all(session, keys, accepted, now=now, taking=taking)
        marked = await queries.mark_decided(session, items, now=now)
        if len(marked) < len(items):
            raise DecidedElsewhere(f"{len(items) - len(marked)} items were decided meanwhile.")
        return intents

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
        PAYLOADS_FAILED.inc()
        PAYLOADS_QUARANTINED.inc(quarantined)
        tell = log.error if quarantined else log.warning
        event = "inbox_item_quarantined" if quarantined else "inbox_item_failed"
        tell(event, item_id=str(item.id), error_id=error_id, **describe(error))


class DecidedElsewhere(Exception):
    """Another worker decided what this one had claimed: its lanes were not its own."""


def _is_due(intent: Intent) -> bool:
    return intent.status is CartIntentStatus.QUEUED and intent.claimed_until is None


def _read(item: Item) -> Accepted | None:
    delivery = read_delivery(parse_object(item.body))
    return Accepted(delivery, item.received_at) if delivery else None
