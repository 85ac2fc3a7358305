"""The invariants, read from committed rows alone: they know none of the rules behind them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from app.carts.states import CartIntentStatus, may_move

Fetch = Callable[[str], Awaitable[list[tuple[Any, ...]]]]
"""Runs a query; the rows that are committed."""

_NUMBERS = """
SELECT brand_log.brand_id, brand_log.head, brand_log.floor,
    (SELECT array_agg(event.seq ORDER BY event.seq) FROM event
     WHERE event.brand_id = brand_log.brand_id)
FROM brand_log
"""

_WITHOUT_LOG = """
SELECT DISTINCT brand_id FROM event WHERE brand_id NOT IN (SELECT brand_id FROM brand_log)
"""

_MOVES = """
SELECT subject_id, type, data -> 'cartIntent' FROM event
WHERE subject_type = 'CartIntent' ORDER BY brand_id, seq
"""

_INTENTS = """
SELECT id, status, failure_reason, product_id, repeat_count FROM cart_intent
"""

_TWICE = {
    "one live intent for each shopper, tweet and product": """
        SELECT brand_id, shopper_id, tweet_id, product_id FROM cart_intent
        WHERE status IN ('AWAITING_LINK', 'QUEUED', 'ADDED', 'HANDED_OFF')
        GROUP BY brand_id, shopper_id, tweet_id, product_id HAVING count(*) > 1
    """,
    "one choice at a time for each shopper and tweet": """
        SELECT brand_id, shopper_id, tweet_id FROM cart_intent
        WHERE status = 'AWAITING_CHOICE'
        GROUP BY brand_id, shopper_id, tweet_id HAVING count(*) > 1
    """,
    "one intent for each engagement": """
        SELECT brand_id, engagement_id FROM cart_intent
        GROUP BY brand_id, engagement_id HAVING count(*) > 1
    """,
    "one engagement for each post and brand": """
        SELECT brand_id, xid FROM engagement WHERE xid IS NOT NULL
        GROUP BY brand_id, xid HAVING count(*) > 1
    """,
    "one recording of each engagement": """
        SELECT engagement.id FROM engagement LEFT JOIN event
            ON event.brand_id = engagement.brand_id AND event.subject_id = engagement.id
            AND event.type = 'engagement.recorded'
        GROUP BY engagement.brand_id, engagement.id HAVING count(event.id) <> 1
    """,
}
"""What there must be once; each query finds where there is another number."""

_WRONG = {
    "every post that asks made an intent or repeats one": """
        SELECT engagement.xid FROM engagement
        LEFT JOIN cart_intent AS made
            ON made.brand_id = engagement.brand_id AND made.engagement_id = engagement.id
        WHERE engagement.trigger_match = 'EXACT'
            AND (made.id IS NULL) = (engagement.intent_id IS NULL)
    """,
    "a repetition is counted for each post that repeats": """
        SELECT intent.id, intent.repeat_count, count(engagement.id) FROM cart_intent AS intent
        LEFT JOIN engagement
            ON engagement.brand_id = intent.brand_id AND engagement.intent_id = intent.id
        GROUP BY intent.brand_id, intent.id, intent.repeat_count
        HAVING count(engagement.id) <> intent.repeat_count
    """,
    "no intent comes of a repost or a mention": """
        SELECT engagement.xid FROM cart_intent AS intent JOIN engagement
            ON engagement.brand_id = intent.brand_id AND engagement.id = intent.engagement_id
        WHERE engagement.kind NOT IN ('REPLY', 'QUOTE')
    """,
    "who opted out has nothing under way": """
        SELECT intent.id FROM cart_intent AS intent JOIN shopper
            ON shopper.brand_id = intent.brand_id AND shopper.id = intent.shopper_id
        WHERE shopper.person_id IS NULL AND NOT intent.withdraw_requested
            AND intent.status IN ('RECEIVED', 'AWAITING_CHOICE', 'AWAITING_LINK', 'QUEUED')
    """,
    "what is added was confirmed by the retailer": """
        SELECT intent.id FROM cart_intent AS intent
        LEFT JOIN sandbox_cart_line AS line ON line.idempotency_key = intent.id::text
        WHERE intent.status = 'ADDED'
            AND (line.added_at IS NULL OR line.removed_at IS NOT NULL
                OR intent.cart_reference IS NULL)
    """,
    "the retailer holds nothing else": """
        SELECT line.idempotency_key, intent.status, intent.failure_reason
        FROM sandbox_cart_line AS line
        LEFT JOIN cart_intent AS intent ON intent.id::text = line.idempotency_key
        WHERE line.removed_at IS NULL
            AND (intent.status IS NULL OR intent.status NOT IN ('ADDED', 'QUEUED'))
    """,
    "what is handed off has an address and no place in a cart of ours": """
        SELECT id FROM cart_intent WHERE status = 'HANDED_OFF'
            AND (hand_off_url IS NULL OR cart_reference IS NOT NULL)
    """,
    "a reason stands where there is a failure": """
        SELECT id FROM cart_intent WHERE (status = 'FAILED') <> (failure_reason IS NOT NULL)
    """,
    "bodies are gone when they are decided": """
        SELECT id FROM inbox WHERE decided_at IS NOT NULL AND body IS NOT NULL
    """,
}
"""What must not be found."""


@dataclass
class Folded:
    """An intent as its events tell it so far."""

    status: CartIntentStatus | None = None
    failure: str | None = None
    product: str | None = None
    repeats: int = 0

    def take(self, event_type: str, told: dict[str, Any]) -> None:
        """One event more, which must follow from those before."""
        now = CartIntentStatus(told["status"])
        if event_type == "cart_intent.repeat_ignored":
            self.repeats += 1
            assert now == self.status
        else:
            named = "queued" if event_type == "cart_intent.recovered" else now.value.lower()
            assert event_type in (f"cart_intent.{named}", "cart_intent.recovered")
            assert told["previousStatus"] == self.status
            is_first = now is CartIntentStatus.RECEIVED
            assert is_first if self.status is None else may_move(self.status, now)
        assert told["repeatCount"] == self.repeats
        self.status = now
        self.failure = told["failure"]["reason"] if told["failure"] else None
        self.product = told["product"]["id"] if told["product"] else None


async def assert_invariants(fetch: Fetch) -> None:
    """Invariants 1 to 6, as far as they can be seen from one look at the database."""
    await assert_numbers(fetch)
    await assert_folded(fetch)
    for what, query in {**_TWICE, **_WRONG}.items():
        found = await fetch(query)
        assert found == [], f"Not so: {what}: {found}"


async def assert_numbers(fetch: Fetch) -> None:
    """Each brand's numbers are 1 to its head."""
    for brand_id, head, floor, numbers in await fetch(_NUMBERS):
        assert (brand_id, numbers or []) == (brand_id, list(range(1, head + 1)))
        assert floor == 0
    assert await fetch(_WITHOUT_LOG) == []


async def assert_folded(fetch: Fetch) -> None:
    """The log alone gives status, failure, product and repetitions of every intent."""
    folded: dict[UUID, Folded] = {}
    for intent_id, event_type, told in await fetch(_MOVES):
        folded.setdefault(intent_id, Folded()).take(event_type, orjson.loads(told))
    rows = await fetch(_INTENTS)
    assert {
        intent_id: (intent.status, intent.failure, intent.product, intent.repeats)
        for intent_id, intent in folded.items()
    } == {
        intent_id: (status, failure, str(product) if product else None, repeats)
        for intent_id, status, failure, product, repeats in rows
    }
