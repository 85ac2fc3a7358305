"""The corpus: payloads as X posts them, through the real door and worker, to their outcomes."""

import random
from typing import Any

import pytest

from app.core.resources import Resources
from tests.needs import scale
from tests.walk import Walk, a_door, bare_world, read_corpus, working

CASES = (
    "account_protected_after_the_add",
    "brand_and_bot_are_ignored",
    "collection_parent",
    "delete_after_add",
    "digital_product",
    "emoji_and_joiners_around_the_tag",
    "extra_unknown_fields",
    "isbn10_is_an_asin",
    "letter_before_hash",
    "longer_word_is_no_trigger",
    "look_alike_hosts",
    "mention_without_reply",
    "missing_optional_fields",
    "negation_still_counts",
    "new_field_spellings",
    "no_link_and_foreign_link",
    "opted_out_shopper",
    "out_of_stock",
    "parent_never_arrives",
    "post_by_a_fan_is_a_parent",
    "quote_accepted",
    "quote_not_accepted",
    "repeat_to_the_same_tweet",
    "reply_exact_tag",
    "reply_to_reply_with_parent_only",
    "reply_to_reply_with_thread_root",
    "repost_never_counts",
    "retailer_page_that_is_no_product",
    "retailer_refuses",
    "retailer_times_out_once",
    "same_post_by_xaa_and_stream",
    "same_product_from_another_tweet",
    "short_link_with_unwound_url",
    "stream_errors_and_heartbeats",
    "tag_beyond_280_in_note_tweet",
    "tag_in_full_width",
    "tag_in_other_case",
    "tag_in_other_scripts",
    "tag_only_in_a_url",
    "tag_only_in_quoted_post",
    "tag_with_apostrophe",
    "two_brands_one_shopper",
    "two_products_no_primary",
    "two_products_with_primary",
    "unknown_event_types",
    "unlinked_shoppers_wait",
    "variation_parent",
    "wrong_marketplace",
    "xaa_duplicates_with_negative_uuid",
)
"""The cases whose rules the product has."""

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
    case = read_corpus(f"cases/{name}.json")

    for body in bodies(case):
        assert (await walk.post(body)).status_code < 500
        if not case["permutable"]:
            await walk.settle()
    await walk.settle()

    await assert_outcome(walk, case["expect"])


@pytest.mark.scaled
@pytest.mark.parametrize("name", CASES)
async def test_order_and_repetition_change_nothing(kept_world: Resources, name: str) -> None:
    case = read_corpus(f"cases/{name}.json")
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
