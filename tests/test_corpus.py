"""The corpus: payloads as X posts them, through the real door and worker, to their outcomes."""

import asyncio
import random
from pathlib import Path
from typing import Any

import orjson
import pytest

from app.core.resources import Resources
from tests.needs import scale
from tests.walk import CORPUS, Walk, a_door, bare_world, working

ADDED = Path(__file__).parent / "corpus_added"
CASES = {
    path.stem: path
    for folder in (CORPUS / "cases", ADDED)
    for path in sorted(folder.glob("*.json"))
}
"""The given cases, and beside them those of our own, in the same form."""

_INTENTS = """
SELECT intent.engagement_xid::text AS engagement_xid, brand.slug AS brand, intent.status,
    intent.failure_reason AS failure, product.retailer_product_id AS asin, intent.repeat_count
FROM cart_intent AS intent
JOIN brand ON brand.id = intent.brand_id
LEFT JOIN product ON product.brand_id = intent.brand_id AND product.id = intent.product_id
"""

_MISUSE = "SELECT xid::text, misuse_reason FROM engagement WHERE misuse_reason IS NOT NULL"


@pytest.mark.parametrize("name", CASES)
async def test_each_case_ends_as_expected(walk: Walk, name: str) -> None:
    case = read_case(name)

    for body in bodies(case):
        assert (await walk.post(body)).status_code < 500
        if not case["permutable"]:
            await walk.settle()
    await walk.settle()

    await assert_outcome(walk, case["expect"])


@pytest.mark.scaled
@pytest.mark.parametrize("name", CASES)
async def test_order_and_repetition_change_nothing(kept_world: Resources, name: str) -> None:
    case = read_case(name)
    for seed in range(scale(small=1, check=2, soak=20)):
        order = random.Random(f"{name}:{seed}")
        async with bare_world(kept_world) as resources, a_door(resources) as door:
            async with working(resources):
                for body in reordered(bodies(case), order, case["permutable"]):
                    assert (await door.post(body)).status_code < 500
                    if order.random() < 0.5 or not case["permutable"]:
                        await door.settle()
                await door.settle()

            await assert_outcome(door, case["expect"])


_WITHOUT_OUTCOME = """
SELECT engagement.xid::text FROM engagement
WHERE trigger_match = 'EXACT' AND intent_id IS NULL AND NOT EXISTS (
    SELECT FROM cart_intent AS intent
    WHERE intent.brand_id = engagement.brand_id AND intent.engagement_id = engagement.id
)
"""


@pytest.mark.scaled
async def test_all_cases_at_once_leave_every_asking_post_with_one_outcome(
    kept_world: Resources,
) -> None:
    """Their outcomes meet here, so only what holds of any of them is asked."""
    for seed in range(scale(small=1, check=3, soak=20)):
        order = random.Random(f"all:{seed}")
        told = [body for name in CASES for body in bodies(read_case(name))]
        async with bare_world(kept_world) as resources, a_door(resources) as door:
            async with working(resources, workers=2):
                bodies_now = reordered(told, order, True)
                answers = await asyncio.gather(*(door.post(body) for body in bodies_now))
                assert max(answer.status_code for answer in answers) < 500
                await door.settle()

            assert await door.fetch("SELECT error_id FROM inbox WHERE attempts > 0") == []
            assert await door.fetch(_WITHOUT_OUTCOME) == []
            await assert_log(door)


def read_case(name: str) -> Any:
    """A case by its name."""
    return orjson.loads(CASES[name].read_bytes())


def bodies(case: Any) -> list[Any]:
    """What is delivered, in the order of the file."""
    return [delivery["body"] for delivery in case["deliveries"]]


def reordered(told: list[Any], order: random.Random, permutable: bool) -> list[Any]:
    """The same bodies, some of them twice or three times, in any order where that is permitted.

    Where the order matters, each repetition follows what it repeats.
    """
    repeated = [body for body in told for _ in range(order.randint(1, 3))]
    if permutable:
        order.shuffle(repeated)
    return repeated


async def assert_outcome(walk: Walk, expect: Any) -> None:
    """The intents, the misuse and the log that a case must leave behind, and no more."""
    intents = {row[:2]: row[2:] for row in await walk.fetch(_INTENTS)}
    assert intents == {
        (told["engagement_xid"], told["brand"]): (
            told["status"],
            told["failure"],
            told.get("asin", intents.get((told["engagement_xid"], told["brand"]), (None,) * 3)[2]),
            told["repeat_count"],
        )
        for told in expect["intents"]
    }
    misuse = await walk.fetch(_MISUSE)
    assert sorted(misuse) == sorted((told["xid"], told["reason"]) for told in expect["misuse"])
    await assert_log(walk)
    for names in NAMES:
        assert await walk.fetch(names_nothing(*names)) == []


NAMES = (
    ("engagement", "shopper_id", "shopper"),
    ("engagement", "tweet_id", "shoppable_tweet"),
    ("engagement", "intent_id", "cart_intent"),
    ("cart_intent", "engagement_id", "engagement"),
    ("cart_intent", "shopper_id", "shopper"),
    ("cart_intent", "tweet_id", "shoppable_tweet"),
    ("cart_intent", "product_id", "product"),
    ("cart_intent", "previous_intent_id", "cart_intent"),
)
"""What the tables without foreign keys name: table, column, and the table of what is named."""


def names_nothing(table: str, column: str, named: str) -> str:
    """The statement that finds rows which name a row of their brand that does not exist."""
    return f"""
        SELECT kept.id FROM {table} AS kept
        LEFT JOIN {named} AS named ON named.brand_id = kept.brand_id AND named.id = kept.{column}
        WHERE kept.{column} IS NOT NULL AND named.id IS NULL
        """


async def assert_log(walk: Walk) -> None:
    """Each brand's numbers are 1 to its head, and the log's last word on an intent is its row."""
    gaps = await walk.fetch(
        """
        SELECT brand_id FROM event JOIN brand_log USING (brand_id) GROUP BY brand_id, head
        HAVING array_agg(seq ORDER BY seq) <> (SELECT array_agg(n) FROM generate_series(1, head) n)
        """
    )
    told = await walk.fetch(
        """
        SELECT DISTINCT ON (subject_id) subject_id, data -> 'cartIntent' ->> 'status',
            data -> 'cartIntent' -> 'failure' ->> 'reason',
            (data -> 'cartIntent' -> 'product' ->> 'id')::uuid,
            (data -> 'cartIntent' ->> 'repeatCount')::integer
        FROM event WHERE subject_type = 'CartIntent' ORDER BY subject_id, seq DESC
        """
    )
    kept = await walk.fetch(
        "SELECT id, status, failure_reason, product_id, repeat_count FROM cart_intent"
    )
    assert gaps == []
    assert sorted(told) == sorted(kept)
