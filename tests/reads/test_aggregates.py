"""Counts and sums by keys: of a brand's own rows alone, in one statement, as the reference."""

import random
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest

from app.carts.models import CartIntent
from app.carts.states import CartIntentStatus, FailureReason
from app.core.database import WriteSession
from app.core.ids import global_id
from app.core.read_pool import create_read_pool
from app.core.viewer import Scope
from app.events.feed import Feed
from app.events.schema import EVENT_LOG
from app.graphql.context import fetch_from
from app.graphql.engine import Engine, GraphQLRequest
from app.graphql.errors import RequestRefused
from app.graphql.live import Live
from app.graphql.reads import aggregates, execute
from app.graphql.streams import stream_signer
from tests import golden_world
from tests.golden_world import FJORD, PRAIRIE, GoldenBrand, at
from tests.reads.conftest import Asker

STATUSES = (CartIntentStatus.ADDED, CartIntentStatus.FAILED, CartIntentStatus.WITHDRAWN)


def _intents(brand: GoldenBrand) -> list[CartIntent]:
    """Sixty more intents over four days, tweets, products and two currencies."""
    chance = random.Random(brand.number)
    return [_intent(brand, position, chance) for position in range(60)]


def _intent(brand: GoldenBrand, position: int, chance: random.Random) -> CartIntent:
    status = chance.choice(STATUSES)
    failed = status is CartIntentStatus.FAILED
    priced = status is CartIntentStatus.ADDED and chance.random() < 0.8
    return CartIntent(
        brand_id=brand.id,
        id=brand.key(0x61, position),
        engagement_id=brand.key(0x51, position),
        tweet_id=chance.choice([None, brand.key(0x30), brand.key(0x30, 1), brand.key(0x30, 2)]),
        shopper_id=brand.key(0x41, position % 3),
        product_id=brand.key(0x20, position + 1000),
        marketplace=chance.choice(["US", "UK"]),
        quantity=chance.randint(1, 5),
        status=status,
        failure_reason=FailureReason.OUT_OF_STOCK if failed else None,
        failure_retryable=False if failed else None,
        offer_amount_minor=chance.randint(1, 2_000_000_000) if priced else None,
        offer_currency=chance.choice(["USD", "GBP"]) if priced else None,
        received_at=at(50) + timedelta(hours=30 * chance.random() * 3),
        updated_at=at(54),
    )


@pytest.fixture
async def rows(session: WriteSession) -> list[CartIntent]:
    """The intents of the first brand; the second has as many of its own."""
    await golden_world.fill(session)
    for brand in (FJORD, PRAIRIE):
        session.add_all(_intents(brand))
    await session.flush()
    golden = [row for row in FJORD.all() if isinstance(row, CartIntent)]
    return [*golden, *_intents(FJORD)]


@pytest.fixture
def many(
    rows: list[CartIntent],
    engine_of_schema: Engine,
    reads: "asyncpg.Connection[asyncpg.Record]",
) -> Asker:
    """Asks over those intents."""
    return Asker(engine_of_schema, reads)


async def _both(many: Asker, query: str, variables: dict[str, Any] | None = None) -> Any:
    answer = await many.ask(query, FJORD.viewer(), variables)
    assert len(many.statements) == 1
    assert answer == await many.ask_reference(query, FJORD.viewer(), variables)
    return answer["data"]


def _largest_first(counts: "Counter[Any]") -> list[tuple[Any, int]]:
    return sorted(counts.items(), key=lambda each: (-each[1], each[0]))


async def test_intents_are_counted_by_status_below_each_tweet(
    many: Asker, rows: list[CartIntent]
) -> None:
    query = "{ shoppableTweets { nodes { id cartIntentCounts { status count } } } }"

    found = (await _both(many, query))["shoppableTweets"]["nodes"]

    assert len(found) == 3
    for tweet in found:
        here = Counter(
            row.status.value
            for row in rows
            if row.tweet_id and global_id("ShoppableTweet", row.tweet_id) == tweet["id"]
        )
        counts = [(each["status"], each["count"]) for each in tweet["cartIntentCounts"]]
        assert counts == _largest_first(here)


async def test_without_a_key_there_is_one_group_of_all(many: Asker, rows: list[CartIntent]) -> None:
    totals = "cartIntentTotals { count quantity offered { amountMinor currency } status }"

    found = (await _both(many, f"{{ {totals} }}"))["cartIntentTotals"]

    sums: Counter[str] = Counter()
    for row in rows:
        if row.offer_currency is not None and row.offer_amount_minor is not None:
            sums[row.offer_currency] += row.offer_amount_minor * (row.quantity or 1)
    assert found == [
        {
            "count": 64,
            "quantity": str(sum(row.quantity or 1 for row in rows)),
            "offered": [
                {"amountMinor": str(sums[each]), "currency": each} for each in ("GBP", "USD")
            ],
            "status": None,
        }
    ]
    assert sums["GBP"] > 2**32


async def test_a_group_of_nothing_counts_nothing(many: Asker) -> None:
    query = """query ($filter: CartIntentFilter) {
      cartIntentTotals(filter: $filter) { count quantity offered { currency } }
      byDay: cartIntentTotals(by: [DAY], filter: $filter) { count } }"""

    found = await _both(many, query, {"filter": {"marketplace": {"eq": "nowhere"}}})

    assert found == {
        "cartIntentTotals": [{"count": 0, "quantity": "0", "offered": []}],
        "byDay": [],
    }


async def test_days_are_those_of_utc(many: Asker, rows: list[CartIntent]) -> None:
    found = await _both(many, "{ cartIntentTotals(by: [DAY]) { day count } }")

    days = Counter(row.received_at.date().isoformat() for row in rows)
    counts = [(each["day"], each["count"]) for each in found["cartIntentTotals"]]
    assert len(days) == 5
    assert counts == _largest_first(days)


async def test_several_keys_make_a_group_of_each_combination(
    many: Asker, rows: list[CartIntent]
) -> None:
    query = """{ cartIntentTotals(by: [MARKETPLACE, STATUS, MARKETPLACE]) {
      marketplace status failureReason count quantity } }"""

    found = await _both(many, query)

    pairs = Counter((row.marketplace, row.status.value) for row in rows)
    groups = [
        ((each["marketplace"], each["status"]), each["count"]) for each in found["cartIntentTotals"]
    ]
    assert groups == _largest_first(pairs)
    assert {each["failureReason"] for each in found["cartIntentTotals"]} == {None}


async def test_the_row_that_tells_groups_apart_can_be_read_with_what_lies_below_it(
    many: Asker, rows: list[CartIntent]
) -> None:
    query = """{ cartIntentTotals(by: [TWEET], first: 3) { count
      tweet { id again: id text cartIntents(first: 2) { nodes { id } } cartIntentCounts { count } }
      product { id } } }"""

    found = (await _both(many, query))["cartIntentTotals"]

    assert len(found) == 3
    assert [each["product"] for each in found] == [None] * 3
    for each in found:
        if each["tweet"] is not None:
            counts = [count["count"] for count in each["tweet"]["cartIntentCounts"]]
            assert sum(counts) == each["count"]


async def test_totals_pass_the_same_filter_as_lists(many: Asker, rows: list[CartIntent]) -> None:
    query = """query ($filter: CartIntentFilter) {
      cartIntentTotals(by: [STATUS], filter: $filter) { status count }
      shoppableTweets { nodes { cartIntentCounts(filter: $filter) { status count } } } }"""
    since = at(50) + timedelta(hours=20)
    asked = {
        "status": {"in": ["ADDED", "FAILED"]},
        "receivedAt": {"gte": since.isoformat()},
        "tweetId": {"isNull": False},
    }

    found = await _both(many, query, {"filter": asked})

    passing = Counter(
        row.status.value
        for row in rows
        if row.status in STATUSES[:2] and row.received_at >= since and row.tweet_id
    )
    totals = [(each["status"], each["count"]) for each in found["cartIntentTotals"]]
    assert totals == _largest_first(passing)
    below: Counter[str] = Counter()
    for tweet in found["shoppableTweets"]["nodes"]:
        below.update({each["status"]: each["count"] for each in tweet["cartIntentCounts"]})
    assert below == passing


@pytest.mark.parametrize(("key", "groups"), [("PRODUCT", 63), ("STATUS", 4)])
@pytest.mark.parametrize("first", [1, 3, 63])
async def test_first_takes_the_largest_groups(
    many: Asker, key: str, groups: int, first: int
) -> None:
    query = f"query ($first: Int) {{ cartIntentTotals(by: [{key}], first: $first) {{ count }} }}"

    found = await _both(many, query, {"first": first})

    assert len(found["cartIntentTotals"]) == min(first, groups)


async def test_more_groups_than_an_answer_holds_are_refused_and_not_cut(
    many: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = "{ cartIntentTotals(by: [PRODUCT]) { count } }"
    counts = (await _both(many, query))["cartIntentTotals"]
    for module in (execute, aggregates):
        monkeypatch.setattr(module, "GROUPS_MAX", len(counts) - 1)

    with pytest.raises(RequestRefused) as refused:
        await many.ask(query, FJORD.viewer())

    assert refused.value.code == "OPERATION_TOO_LARGE"
    assert refused.value.path == ["cartIntentTotals"]
    assert "Narrow `filter`, group by fewer keys" in refused.value.message


@pytest.mark.parametrize("first", [0, -1, 1001])
async def test_first_has_a_floor_and_a_ceiling(many: Asker, first: int) -> None:
    query = "query ($first: Int) { cartIntentTotals(by: [DAY], first: $first) { count } }"

    for ask in (many.ask, many.ask_reference):
        with pytest.raises(RequestRefused, match="must lie between 1 and 1,000"):
            await ask(query, FJORD.viewer(), {"first": first})


async def test_lists_below_groups_count_for_the_rows_of_an_operation(many: Asker) -> None:
    query = """{ cartIntentTotals(by: [TWEET]) { count
      tweet { cartIntents(first: 101) { nodes { id } } } } }"""

    with pytest.raises(RequestRefused) as refused:
        await many.ask(query, FJORD.viewer())

    assert refused.value.code == "OPERATION_TOO_LARGE"
    assert many.statements == []


@pytest.mark.parametrize(
    ("query", "scope", "path"),
    [
        ("{ cartIntentTotals { count } }", Scope.INTENTS_READ, "cartIntentTotals"),
        (
            "{ shoppableTweets { nodes { cartIntentCounts { count } } } }",
            Scope.INTENTS_READ,
            "shoppableTweets.nodes.cartIntentCounts",
        ),
        (
            "{ cartIntentTotals(by: [TWEET]) { tweet { id } } }",
            Scope.TWEETS_READ,
            "cartIntentTotals.tweet",
        ),
    ],
)
async def test_counting_takes_the_scope_of_what_is_counted(
    many: Asker, query: str, scope: Scope, path: str
) -> None:
    with pytest.raises(RequestRefused) as refused:
        await many.ask(query, FJORD.viewer(scope))

    assert refused.value.code == "MISSING_SCOPE"
    assert f"`{path}` takes the scope `{scope.value}`" in refused.value.message
    assert many.statements == []
    with pytest.raises(RequestRefused):
        await many.ask_reference(query, FJORD.viewer(scope))


async def test_the_keys_decide_the_statement_and_values_do_not(many: Asker) -> None:
    query = """query ($by: [CartIntentTotalKey!], $tweet: ID!) {
      cartIntentTotals(by: $by, filter: { tweetId: { eq: $tweet } }) { count } }"""
    texts: dict[str, set[str]] = {}
    for keys in (["DAY"], ["STATUS"], ["DAY", "STATUS"]):
        for position in (0, 1):
            tweet = global_id("ShoppableTweet", FJORD.key(0x30, position))
            await many.ask(query, FJORD.viewer(), {"by": keys, "tweet": tweet})
            texts.setdefault(" ".join(keys), set()).update(many.statements)

    assert [len(found) for found in texts.values()] == [1, 1, 1]
    assert len(set.union(*texts.values())) == 3
    assert len(many.engine.documents.prepare(query, None).plans) == 3


def _unknown(brand: GoldenBrand) -> UUID:
    return brand.key(0x7F)


async def test_a_filter_by_another_brands_tweet_counts_nothing(many: Asker) -> None:
    query = """query ($tweet: ID!) {
      cartIntentTotals(filter: { tweetId: { eq: $tweet } }) { count } }"""

    for key in (PRAIRIE.key(0x30, 1), _unknown(FJORD)):
        found = await _both(many, query, {"tweet": global_id("ShoppableTweet", key)})
        assert found == {"cartIntentTotals": [{"count": 0}]}


async def test_live_events_show_the_same_numbers_as_queries(
    asker: Asker, golden_database: str
) -> None:
    tweet = """tweet { id cartIntentCounts { status count }
      cartIntents(first: 1) { totalCount nodes { id } } }"""
    query = f"""subscription ($after: String) {{ cartAdds(after: $after) {{
      ... on CartAdd {{ currentCartIntent {{ id {tweet} }} }} }} }}"""
    start = stream_signer(golden_world.CURSOR_KEY, FJORD.id, EVENT_LOG).sign((0,))
    async with await create_read_pool(golden_database, connections=2) as pool:
        live = Live(asker.engine, fetch_from(pool), Feed(golden_database, pool), EVENT_LOG)
        frames = live.subscribe(GraphQLRequest(query, None, {"after": start}), FJORD.viewer())
        first = orjson.loads(await anext(frames))
        await frames.aclose()

    shown = first["data"]["cartAdds"]["currentCartIntent"]
    asked = await asker.ask(
        f"query ($id: ID!) {{ cartIntent(id: $id) {{ id {tweet} }} }}",
        FJORD.viewer(),
        {"id": shown["id"]},
    )
    assert shown["tweet"]["cartIntents"]["totalCount"] > 0
    assert shown == asked["data"]["cartIntent"]
