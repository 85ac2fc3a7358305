"""Replies that came before the post they answer go on once that is registered.

A brand's post and the replies to it are decided in different lanes, at the same moment even, so
neither need see the other. Whatever waits is therefore looked at again and again, page by page,
whoever registered the post and by whichever way.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from app.carts.intents import Intent, Request
from app.carts.queries import read_intents
from app.carts.service import resume
from app.carts.states import CartIntentStatus
from app.core import clock
from app.core.bulk import run
from app.core.database import WriteSession
from app.core.ids import NOBODY
from app.core.outage import describe, is_outage
from app.core.resources import Resources
from app.events.log import write_transaction
from app.ingest.facts import BrandFacts, Directory
from app.ingest.hand_over import hand_over
from app.ingest.queries import find_brands
from app.ingest.rules import tweet_meant, tweet_of_another, why_unavailable
from app.tweets.facts import TweetFacts
from app.tweets.queries import tweets_by_version

PAGE_ROWS_MAX = 500
"""Most waiting intents that one step looks at."""

log = structlog.get_logger()

_WAITING = """
SELECT waiting.brand_id, waiting.id, engagement.parent_xid, engagement.conversation_xid
FROM (
    SELECT brand_id, id, engagement_id FROM cart_intent
    WHERE status = 'RECEIVED' AND waits_until IS NOT NULL AND tweet_id IS NULL AND id > $1
    ORDER BY id LIMIT $2
) AS waiting
JOIN engagement
    ON engagement.brand_id = waiting.brand_id AND engagement.id = waiting.engagement_id
ORDER BY waiting.id
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """An intent whose reply answers a post that was unknown."""

    brand_id: UUID
    id: UUID
    parent_xid: int | None
    conversation_xid: int | None


@dataclass(frozen=True, slots=True)
class Found:
    """What waits, the registered tweet that it is about, and the brand whose tweet that is."""

    waiting: Waiting
    tweet: TweetFacts
    brand: BrandFacts

    @property
    def is_own(self) -> bool:
        """Whether it waits at that brand; else it is handed over."""
        return self.brand.id == self.waiting.brand_id


@dataclass
class Resumer:
    """Looks at what waits, one page after the other, and from the beginning again.

    `queued` is set when retailers are to be asked.
    """

    resources: Resources
    queued: asyncio.Event
    page_rows: int = PAGE_ROWS_MAX
    reached: UUID = field(default=NOBODY)

    async def resume_once(self) -> int:
        """Let go on what can of one page; how many intents that were."""
        async with write_transaction(self.resources.sessions) as session:
            rows = await run(session, _WAITING, self.reached, self.page_rows)
            page = [Waiting(*row) for row in rows]
            found = await _find(session, page) if page else []
        moved = await self._go_on_all(found) if found else []
        self.reached = page[-1].id if len(page) == self.page_rows else NOBODY
        if any(intent.status is CartIntentStatus.QUEUED for intent in moved):
            self.queued.set()
        return len(moved)

    async def _go_on_all(self, found: Sequence[Found]) -> list[Intent]:
        """All together; where that fails each alone, and one that fails alone holds nobody up."""
        try:
            return await self._go_on(found)
        except Exception as error:
            if is_outage(error):
                raise
            log.warning("resuming_failed", intents=len(found), **describe(error))
        moved: list[Intent] = []
        for each in found:
            try:
                moved += await self._go_on([each])
            except Exception as error:
                if is_outage(error):
                    raise
                intent_id = str(each.waiting.id)
                log.error("intent_not_resumed", intent_id=intent_id, **describe(error))
        return moved

    async def _go_on(self, found: Sequence[Found]) -> list[Intent]:
        now, keys = clock.now(), self.resources.keys
        async with write_transaction(self.resources.sessions) as session:
            own = {each.waiting.id: each for each in found if each.is_own}
            moved = await resume(session, await _requests(session, own), now=now)
            for each in found:
                if not each.is_own:
                    waiting = each.waiting.brand_id, each.waiting.id
                    moved += await hand_over(
                        session, keys, waiting, each.tweet, each.brand, now=now
                    )
        return moved


async def _find(session: WriteSession, page: Sequence[Waiting]) -> list[Found]:
    """What of *page* is about a tweet that is registered by now, at whichever brand."""
    directory = await _look_up(session, page)
    found: list[Found] = []
    for each in page:
        brand = directory.brands[each.brand_id]
        tweet = tweet_meant(each.parent_xid, each.conversation_xid, brand, directory)
        tweet = tweet or tweet_of_another(each.parent_xid, directory)
        if tweet is not None:
            found.append(Found(each, tweet, directory.brands[tweet.brand_id]))
    return found


async def _look_up(session: WriteSession, page: Sequence[Waiting]) -> Directory:
    """The brands of these intents, and the tweets that they may be about with their brands."""
    xids = {xid for each in page for xid in (each.parent_xid, each.conversation_xid)}
    tweets = await tweets_by_version(session, {xid for xid in xids if xid is not None})
    brand_ids = {each.brand_id for each in page}
    brand_ids |= {tweet.brand_id for found in tweets.values() for tweet in found}
    return Directory(
        brands=await find_brands(session, brand_ids),
        brand_of_account={},
        bots=frozenset(),
        tweets=tweets,
        suppressed=frozenset(),
        lookups={},
    )


async def _requests(
    session: WriteSession, found: Mapping[UUID, Found]
) -> list[tuple[Intent, Request]]:
    """What the replies ask for, now that their tweets are known."""
    keys = [(each.waiting.brand_id, each.waiting.id) for each in found.values()]
    return [
        (intent, _request(intent, found[intent.id]))
        for intent in await read_intents(session, keys)
        if intent.status is CartIntentStatus.RECEIVED
    ]


def _request(intent: Intent, found: Found) -> Request:
    return Request(
        brand_id=intent.brand_id,
        engagement_id=intent.engagement_id,
        engagement_xid=intent.engagement_xid or 0,
        shopper_id=intent.shopper_id,
        parent_xid=found.waiting.parent_xid,
        tweet=found.tweet,
        unavailable=why_unavailable(found.tweet, found.brand),
        action=intent.action,
        marketplace=intent.marketplace,
        retailer=found.brand.retailers.get(intent.marketplace),
        received_at=intent.received_at,
    )
