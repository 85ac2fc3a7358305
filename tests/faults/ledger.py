"""What the database must hold after replies came in, whoever was killed on the way."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import asyncpg
import orjson

from app.carts.states import CartIntentStatus, may_move
from app.core.outage import is_outage
from tests.faults.patience import until
from tests.faults.traffic import Traffic, Wish

_UNSETTLED = """
SELECT (SELECT count(*) FROM inbox WHERE decided_at IS NULL)
    + (SELECT count(*) FROM cart_intent WHERE status IN ('RECEIVED', 'QUEUED'))
"""

_INTENTS = """
SELECT intent.id, intent.engagement_xid, intent.status, intent.failure_reason,
    intent.repeat_count, tweet.root_xid, product.retailer_product_id
FROM cart_intent AS intent
JOIN shoppable_tweet AS tweet
    ON tweet.brand_id = intent.brand_id AND tweet.id = intent.tweet_id
JOIN product ON product.brand_id = intent.brand_id AND product.id = intent.product_id
"""

_ENGAGEMENTS = """
SELECT brand.slug, array_agg(engagement.xid ORDER BY engagement.xid) AS xids
FROM engagement JOIN brand ON brand.id = engagement.brand_id
GROUP BY brand.slug
"""

_LOGS = """
SELECT brand.slug, brand_log.head, brand_log.floor,
    array_agg(event.seq ORDER BY event.seq) AS seqs
FROM event JOIN brand ON brand.id = event.brand_id
JOIN brand_log ON brand_log.brand_id = event.brand_id
GROUP BY brand.slug, brand_log.head, brand_log.floor
"""

_MOVES = """
SELECT subject_id, type, data->'cartIntent' AS intent FROM event
WHERE subject_type = 'CartIntent' ORDER BY brand_id, seq
"""

_IDS = """
SELECT event.id FROM event JOIN brand ON brand.id = event.brand_id
WHERE brand.slug = $1 ORDER BY event.seq
"""

Row = asyncpg.Record


@dataclass
class Ledger:
    """Looks into a database; waits while it is away."""

    database_url: str
    _connection: "asyncpg.Connection[Row] | None" = field(default=None, repr=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._forget()

    async def rows(self, sql: str, *values: Any) -> list[Row]:
        """The rows of a query."""
        found: list[Row] = []

        async def answered() -> bool:
            try:
                if self._connection is None:
                    self._connection = await asyncpg.connect(self.database_url)
                found[:] = await self._connection.fetch(sql, *values)
            except Exception as error:
                if not is_outage(error):
                    raise
                self._forget()
                return False
            return True

        await until(answered, "the database answers")
        return found

    async def value(self, sql: str, *values: Any) -> Any:
        """The one value of a query."""
        ((value,),) = await self.rows(sql, *values)
        return value

    async def settled(self) -> None:
        """Return when nothing is left to be decided or answered."""

        async def nothing_left() -> bool:
            return bool(await self.value(_UNSETTLED) == 0)

        await until(nothing_left, "the inbox is empty and every intent has its answer")

    async def heads(self) -> dict[str, int]:
        """The number of the last event, by the brand's slug."""
        return {row["slug"]: row["head"] for row in await self.rows(_LOGS)}

    async def event_ids(self, slug: str) -> list[UUID]:
        """The ids of a brand's events, in the order of their numbers."""
        return [row["id"] for row in await self.rows(_IDS, slug)]

    def _forget(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None


async def assert_each_counted_once(ledger: Ledger, traffic: Traffic) -> None:
    """Everything in the database came of *traffic*, and each reply of it counted once."""
    await _assert_inbox(ledger)
    engagements = await ledger.rows(_ENGAGEMENTS)
    assert {row["slug"]: row["xids"] for row in engagements} == traffic.xids
    intents = await ledger.rows(_INTENTS)
    _assert_intents(intents, traffic.wishes)
    await _assert_carts(ledger, intents)
    await _assert_log(ledger, intents)


async def _assert_inbox(ledger: Ledger) -> None:
    """All is decided, and nothing failed on the way for a reason of its own."""
    states = await ledger.rows(
        "SELECT DISTINCT decided_at IS NOT NULL, quarantined_at IS NULL, attempts FROM inbox"
    )
    assert [tuple(row) for row in states] == [(True, True, 0)]


def _assert_intents(intents: Sequence[Row], wishes: Sequence[Wish]) -> None:
    """One intent for each wish; of rival wishes for one product one is added, the others not."""
    by_xid = {row["engagement_xid"]: row for row in intents}
    assert len(by_xid) == len(intents) == len(wishes)
    outcomes: dict[Any, Counter[str]] = {}
    for wish in wishes:
        (intent,) = [by_xid[xid] for xid in wish.xids if xid in by_xid]
        asked = wish.post.xid, wish.post.asin, len(wish.xids) - 1
        assert (intent["root_xid"], intent["retailer_product_id"], intent["repeat_count"]) == asked
        outcome = intent["failure_reason"] or intent["status"]
        outcomes.setdefault(wish.product, Counter())[outcome] += 1
    expected: dict[Any, Counter[str]] = {}
    for wish in wishes:
        told = expected.setdefault(wish.product, Counter())
        first = "ALREADY_IN_CART" if told["ADDED"] else "ADDED"
        told[first if wish.linked else "AWAITING_LINK"] += 1
    assert outcomes == expected


async def _assert_carts(ledger: Ledger, intents: Sequence[Row]) -> None:
    """The retailer holds one line for each intent that is ADDED, and no other."""
    lines = await ledger.rows(
        "SELECT idempotency_key FROM sandbox_cart_line WHERE removed_at IS NULL"
    )
    added = [str(row["id"]) for row in intents if row["status"] == CartIntentStatus.ADDED]
    assert sorted(row["idempotency_key"] for row in lines) == sorted(added)


async def _assert_log(ledger: Ledger, intents: Sequence[Row]) -> None:
    """Numbers are 1..n, each move is one event, and folding them gives what the intents are."""
    for row in await ledger.rows(_LOGS):
        assert row["seqs"] == list(range(1, row["head"] + 1))
        assert row["floor"] == 0
    folded: dict[UUID, tuple[CartIntentStatus | None, int]] = {}
    for row in await ledger.rows(_MOVES):
        status, repeats = folded.get(row["subject_id"], (None, 0))
        folded[row["subject_id"]] = _fold(status, repeats, row["type"], orjson.loads(row["intent"]))
    assert folded == {row["id"]: (row["status"], row["repeat_count"]) for row in intents}
    told = await ledger.rows(
        "SELECT type, count(*), count(DISTINCT subject_id), (SELECT count(*) FROM engagement)"
        " FROM event WHERE subject_type = 'Engagement' GROUP BY type"
    )
    ((event_type, events, subjects, engagements),) = told
    assert (event_type, events, subjects) == ("engagement.recorded", engagements, engagements)


def _fold(
    status: CartIntentStatus | None, repeats: int, event_type: str, told: dict[str, Any]
) -> tuple[CartIntentStatus, int]:
    """The state after one event more."""
    now = CartIntentStatus(told["status"])
    if event_type == "cart_intent.repeat_ignored":
        assert (status, repeats + 1) == (now, told["repeatCount"])
        return now, repeats + 1
    assert event_type == f"cart_intent.{now.value.lower()}"
    assert told["previousStatus"] == status
    assert told["repeatCount"] == repeats
    assert now is CartIntentStatus.RECEIVED if status is None else may_move(status, now)
    return now, repeats
