"""What a document may hold, each thing for itself: one statement, and the reference's bytes."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import asyncpg
import orjson
import pytest

from app.carts.models import CartIntent
from app.carts.states import CartIntentStatus
from app.core.database import WriteSession
from app.core.ids import global_id
from app.engagements.models import Engagement
from app.graphql.engine import Engine
from app.graphql.errors import RequestRefused
from app.graphql.reads import layout
from app.graphql.reads.entries import CONDITIONS_TOGETHER_MAX
from tests import golden_world
from tests.golden_world import FJORD, PRAIRIE, GoldenBrand
from tests.reads.conftest import Asker

Ask = Callable[..., Awaitable[Any]]


@pytest.fixture
def ask(asker: Asker) -> Ask:
    """Asks over the golden world; what both ways answered."""

    async def asking(query: str, **variables: Any) -> Any:
        return orjson.loads(await asker.both(query, variables))["data"]

    return asking


async def test_aliases_of_a_list_with_different_arguments_are_lists_of_their_own(ask: Ask) -> None:
    query = """query ($n: Int) { shoppableTweets(first: 3) { nodes {
      one: cartIntents(first: 1) { nodes { id } pageInfo { hasNextPage } }
      all: cartIntents(first: $n) { totalCount nodes { id } }
      added: cartIntents(filter: { status: { eq: ADDED } }) { nodes { id status } }
      oldest: cartIntents(orderBy: { field: RECEIVED_AT, direction: ASC }) { nodes { id } }
      last: cartIntents(last: 1) { nodes { id } } } } }"""

    tweets = (await ask(query, n=5))["shoppableTweets"]["nodes"]

    assert len(tweets) == 3
    for tweet in tweets:
        ids = [each["id"] for each in tweet["all"]["nodes"]]
        assert [each["id"] for each in tweet["one"]["nodes"]] == ids[:1]
        assert [each["id"] for each in tweet["last"]["nodes"]] == ids[-1:]
        assert [each["id"] for each in tweet["oldest"]["nodes"]] == ids[::-1]
        assert {each["status"] for each in tweet["added"]["nodes"]} <= {"ADDED"}


async def test_several_root_fields_are_one_statement(asker: Asker, ask: Ask) -> None:
    query = """{ brand { name } again: brand { slug } __typename viewer { scopes }
      cartIntents(first: 2) { nodes { id } } none: node(id: "x") { id }
      products(first: 1) { totalCount edges { cursor } } }"""

    found = await ask(query)
    await asker.ask(query, FJORD.viewer())

    assert list(found) == [
        *("brand", "again", "__typename", "viewer", "cartIntents", "none", "products"),
    ]
    assert len(asker.statements) == 1


FRAGMENTS = """
query ($first: Int, $also: Boolean = true) {
  events(first: $first) { nodes {
    ...OnEvent
    ... on CartIntentEvent { subjectId shown: cartIntent { ...Intent status } }
    ... on CartIntentEvent @include(if: $also) { shown: cartIntent { quantity tweet { id } } }
    ... on EngagementEvent { shown: engagement { ...Engagement kind } currentEngagement { id } }
    ... on BrandEvent { type }
    ... { seq again: seq } } } }
fragment OnEvent on Event { __typename id type occurredAt
  ... on CartIntentEvent { currentCartIntent { status ...Live } }
  ... on Event { seq } }
fragment Intent on CartIntentSnapshot { id tweet { rootXid } }
fragment Engagement on EngagementSnapshot { xid tweet { id } }
fragment Live on CartIntent { id ... on Node { id nodeId: id __typename } tweet { ...Tweet } }
fragment Tweet on ShoppableTweet { text primaryProduct { title } }
"""


@pytest.mark.parametrize("also", [True, False, None])
async def test_fragments_on_an_interface_and_its_types_merge(ask: Ask, also: bool | None) -> None:
    given = {} if also is None else {"also": also}

    nodes = (await ask(FRAGMENTS, first=50, **given))["events"]["nodes"]

    families = {each["__typename"] for each in nodes}
    assert families >= {"CartIntentEvent", "EngagementEvent"}
    for node in nodes:
        assert node["seq"] == node["again"]
        assert ("shown" in node) == (node["__typename"] in ("CartIntentEvent", "EngagementEvent"))
        if node["__typename"] == "CartIntentEvent":
            assert ("quantity" in node["shown"]) is (also is not False)
            assert node["shown"]["tweet"] is None or "rootXid" in node["shown"]["tweet"]


@pytest.mark.parametrize(
    ("variables", "keys"),
    [
        ({}, ["id", "title", "price", "cartIntents"]),
        ({"skip": True}, ["id", "title", "price"]),
        ({"include": False}, ["id", "cartIntents"]),
        ({"skip": True, "include": False}, ["id"]),
        ({"skip": False, "include": True}, ["id", "title", "price", "cartIntents"]),
    ],
)
async def test_skip_and_include_take_variables_and_their_defaults(
    ask: Ask, variables: dict[str, bool], keys: list[str]
) -> None:
    query = """query ($skip: Boolean = false, $include: Boolean! = true) {
      products(first: 1) { nodes {
        id
        title @include(if: $include)
        ...Price @include(if: $include)
        cartIntents(first: 1) @skip(if: $skip) { nodes { id } }
        ... on Product @skip(if: true) { canonicalUrl }
        never: title @skip(if: $skip) @include(if: false) } }
      brand @skip(if: $include) { name } }
    fragment Price on Product { price { amountMinor currency @skip(if: $skip) } }"""

    found = await ask(query, **variables)

    assert list(found["products"]["nodes"][0]) == keys
    assert ("brand" in found) is not variables.get("include", True)


async def test_an_operation_of_which_nothing_is_left_reads_nothing(asker: Asker, ask: Ask) -> None:
    query = "query ($no: Boolean = false) { brand @include(if: $no) { name } }"

    assert await ask(query) == {}
    await asker.ask(query, FJORD.viewer())
    assert asker.statements == []
    assert await ask("{ products { __typename @skip(if: true) } }") == {"products": {}}
    assert await ask("{ products(first: 1) { nodes { id @skip(if: true) } } }") == {
        "products": {"nodes": [{}]}
    }


async def test_an_argument_may_be_a_default_a_null_or_absent(ask: Ask) -> None:
    query = """query ($first: Int = 2, $filter: CartIntentFilter = { status: { eq: ADDED } }) {
      cartIntents(first: $first, filter: $filter) { nodes { status } } }"""

    default = (await ask(query))["cartIntents"]["nodes"]
    null = (await ask(query, first=None, filter=None))["cartIntents"]["nodes"]
    given = (await ask(query, first=1))["cartIntents"]["nodes"]

    assert default == [{"status": "ADDED"}, {"status": "ADDED"}]
    assert len(null) == 4
    assert given == [{"status": "ADDED"}]


LEAVES = (
    "id engagementXid action marketplace retailer quantity status repeatCount withdrawRequested "
    "removalDueAt waitsUntil updatedAt failure { reason retryable detail } "
    "handOff { url expiresAt } offer { amountMinor currency } "
    "timings { receivedAt matchedAt resolvedAt queuedAt answeredAt } "
)
TWEET = (
    "id rootXid conversationXid authorXid authoredByBrand text status unshoppableReason campaign "
    "postedAt registeredAt "
)
PRODUCT = (
    "id retailer marketplace retailerProductId title description imageUrl canonicalUrl kind status "
    "availability offerAsOf createdAt price { amountMinor currency } options { name values } "
)
WIDE = f"{LEAVES} tweet {{ {TWEET} primaryProduct {{ {PRODUCT} }} }} product {{ {PRODUCT} }} "
"""More than fifty fields, as many columns."""


@pytest.mark.parametrize("levels", [1, 2, 4])
@pytest.mark.parametrize("below", ["nodes {{ {} }}", "edges {{ cursor node {{ {} }} }}"])
async def test_rows_of_more_than_a_hundred_fields_are_answered(
    ask: Ask, levels: int, below: str
) -> None:
    """A function of PostgreSQL takes 100 arguments; rows are not made by one."""
    shown = WIDE
    for _ in range(levels - 1):
        shown = f"{WIDE} previousIntent {{ {shown} }}"
    query = f"""{{ cartIntents(first: 4) {{ {below.format(shown)} }}
      shoppableTweets {{ nodes {{ cartIntents(first: 2) {{ {below.format(shown)} }} }} }} }}"""

    found = await ask(query)

    parts = found["cartIntents"]
    rows = parts.get("nodes") or [each["node"] for each in parts["edges"]]
    assert len(rows) == 4
    assert len(rows[0]) == 18 + (levels > 1)


def _widest() -> str:
    """A row of 1,470 columns: almost as many as the ceiling of an operation's fields allows."""
    further = f"{TWEET} primaryProduct {{ {PRODUCT} }}"
    known = "id xid kind parentXid conversationXid triggerTag triggerMatch misuseReason occurredAt"
    wide = f"{WIDE} engagement {{ {known} tweet {{ {further} }} }} shopper {{ id createdAt }}"
    shown = wide
    for _ in range(13):
        shown = f"{wide} previousIntent {{ {shown} }}"
    return f"{{ cartIntents(first: 1) {{ nodes {{ {shown} }} }} }}"


async def test_the_widest_row_is_answered(asker: Asker) -> None:
    answer = await asker.ask(_widest(), FJORD.viewer())

    assert len(answer["data"]["cartIntents"]["nodes"]) == 1


async def test_a_row_of_more_columns_than_postgresql_takes_is_refused_with_a_remedy(
    asker: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layout, "COLUMNS_MAX", 1_400)

    with pytest.raises(RequestRefused) as refused:
        await asker.ask(f"# apart in the cache\n{_widest()}", FJORD.viewer())

    assert refused.value.code == "OPERATION_TOO_LARGE"
    assert "1,400 columns" in refused.value.message
    assert "Select fewer fields" in refused.value.message
    assert asker.statements == []


async def test_filters_of_many_lists_are_bounded_together(asker: Asker) -> None:
    each = "a{}: products(filter: $filter) {{ totalCount }}"
    lists = " ".join(each.format(number) for number in range(CONDITIONS_TOGETHER_MAX // 50 + 1))
    query = f"query ($filter: ProductFilter) {{ {lists} }}"
    asked = {"or": [{"title": {"startsWith": str(number)}} for number in range(50)]}

    with pytest.raises(RequestRefused) as refused:
        await asker.ask(query, FJORD.viewer(), {"filter": asked})

    assert refused.value.code == "OPERATION_TOO_LARGE"
    assert "conditions together" in refused.value.message
    assert asker.statements == []


def _stray(brand: GoldenBrand, other: GoldenBrand) -> list[Any]:
    """Rows of *brand* that name keys of *other*: what a defect might write."""
    engagement = Engagement(
        brand_id=brand.id,
        id=brand.key(0x5F),
        xid=77,
        kind="REPLY",
        tweet_id=other.key(0x30, 1),
        shopper_id=other.key(0x41),
        trigger_match="EXACT",
        content_state="PRESENT",
        occurred_at=golden_world.at(900),
        received_at=golden_world.at(900),
        deliveries=[],
    )
    intent = CartIntent(
        brand_id=brand.id,
        id=brand.key(0x6F),
        engagement_id=other.key(0x50),
        tweet_id=other.key(0x30, 1),
        shopper_id=other.key(0x41),
        product_id=other.key(0x20, 1),
        previous_intent_id=other.key(0x60),
        marketplace="US",
        status=CartIntentStatus.WITHDRAWN,
        received_at=golden_world.at(900) + timedelta(seconds=1),
        updated_at=golden_world.at(900),
    )
    return [engagement, intent]


async def test_visibility_holds_at_every_level_even_where_a_row_names_anothers(
    session: WriteSession,
    engine_of_schema: Engine,
    reads: "asyncpg.Connection[asyncpg.Record]",
) -> None:
    await golden_world.fill(session)
    session.add_all(_stray(FJORD, PRAIRIE))
    await session.flush()
    asker = Asker(engine_of_schema, reads)
    query = """query ($filter: CartIntentFilter) {
      cartIntents(first: 1) { nodes { id tweet { id } product { id } shopper { id }
        engagement { id } previousIntent { id } } }
      engagements(first: 1) { nodes { xid tweet { id } shopper { id } } }
      cartIntentTotals(by: [TWEET, PRODUCT], filter: $filter) { count tweet { id } product { id } }
      shoppableTweets(first: 50) { nodes { cartIntents { totalCount } cartIntentCounts { count } } }
    }"""
    asked = {"status": {"eq": "WITHDRAWN"}}

    mine = orjson.loads(await asker.both(query, {"filter": asked}))["data"]
    theirs = await asker.ask(
        "query ($id: ID!) { shoppableTweet(id: $id) { cartIntents { nodes { status } } "
        "cartIntentCounts { status } engagements { nodes { xid } } } }",
        PRAIRIE.viewer(),
        {"id": global_id("ShoppableTweet", PRAIRIE.key(0x30, 1))},
    )

    assert mine["cartIntents"]["nodes"] == [
        {
            "id": global_id("CartIntent", FJORD.key(0x6F)),
            **dict.fromkeys(("tweet", "product", "shopper", "engagement", "previousIntent")),
        }
    ]
    assert mine["engagements"]["nodes"] == [{"xid": "77", "tweet": None, "shopper": None}]
    assert mine["cartIntentTotals"] == [{"count": 1, "tweet": None, "product": None}]
    text = orjson.dumps(theirs).decode()
    assert "WITHDRAWN" not in text
    assert '"77"' not in text
