"""Odd texts, moments and numbers: printed as they are stored, and by the reference to the byte."""

from datetime import UTC, datetime

import asyncpg
import orjson
import pytest

from app.core.database import WriteSession
from app.graphql.engine import Engine
from app.graphql.errors import RequestRefused
from app.products.models import Product
from app.tweets.models import ShoppableTweet
from tests import golden_world
from tests.golden_world import FJORD
from tests.reads.conftest import Asker

ODD_TEXTS = [
    "",
    " ",
    "plain",
    "quotes \" and \\ and / and ' and `",
    "lines\nand\r\nand\ttabs",
    "controls \x01\x02\x1f\x7f\x80\x9f",
    "separators \u2028\u2029\u0085",
    "e\u0301 and \u00e9 are not made one",
    "\U0001f6d2\U0001f469\u200d\U0001f469\u200d\U0001f467 and flags \U0001f1ee\U0001f1f8",
    "right to left \u202eabc\u202c \u05e9\u05dc\u05d5\u05dd",
    "\ufeff\ufffd\ufffe\uffff",
    "\U0010ffff",
    "null",
    "{}[],:",
    "x" * 10_000,
]
MOMENTS = [
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(1, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999_998, tzinfo=UTC),
    datetime(2026, 11, 20, 12, 0, 0, 100_000, tzinfo=UTC),
    datetime(2026, 11, 20, 12, 0, 0, 120_000, tzinfo=UTC),
    datetime(2026, 11, 20, 12, 0, 0, 5, tzinfo=UTC),
]
NUMBERS = [0, 1, 2**31 - 1]
XIDS = [1, 2**31, 2**53 + 1, 2**63 - 1]


def _product(position: int, text: str) -> Product:
    return Product(
        brand_id=FJORD.id,
        id=FJORD.key(0x2F, position),
        retailer="sandbox",
        marketplace="US",
        retailer_product_id=f"ODD{position:03d}",
        title=text,
        description=text or None,
        canonical_url=text,
        kind="PHYSICAL",
        status="RESOLVED",
        availability="IN_STOCK",
        options=[{"name": text, "values": [text, ""]}],
        price_amount_minor=NUMBERS[position % len(NUMBERS)],
        price_currency="JPY",
        offer_as_of=MOMENTS[position % len(MOMENTS)],
        created_at=MOMENTS[-1 - position % len(MOMENTS)],
    )


@pytest.fixture
async def odd(
    session: WriteSession, engine_of_schema: Engine, reads: "asyncpg.Connection[asyncpg.Record]"
) -> Asker:
    """A world with odd texts, moments and numbers in its rows."""
    await golden_world.fill(session)
    session.add_all(_product(position, text) for position, text in enumerate(ODD_TEXTS))
    for position, xid in enumerate(XIDS):
        session.add(
            ShoppableTweet(
                brand_id=FJORD.id,
                id=FJORD.key(0x3F, position),
                root_xid=xid,
                conversation_xid=xid,
                author_xid=xid,
                authored_by_brand=True,
                text=ODD_TEXTS[4 + position],
                status="LIVE",
                posted_at=MOMENTS[position],
                registered_at=MOMENTS[position],
            )
        )
    await session.flush()
    return Asker(engine_of_schema, reads)


async def test_texts_leave_as_they_are_stored_whatever_they_hold(odd: Asker) -> None:
    query = """{ products(first: 100, orderBy: { field: CREATED_AT, direction: ASC }) {
      edges { cursor node { ...P } } nodes { cartIntents { nodes { product { title } } } } } }
    fragment P on Product { id title description canonicalUrl options { name values } }"""

    answer = orjson.loads(await odd.both(query, {}))

    titles = [each["node"]["title"] for each in answer["data"]["products"]["edges"]]
    golden = [f"fjord product {position} ✓" for position in range(3)]
    assert sorted(titles) == sorted([*ODD_TEXTS, *golden])


async def test_moments_numbers_and_ids_of_x_are_printed_alike_at_their_ends(odd: Asker) -> None:
    query = """{ products(first: 100) { nodes { offerAsOf createdAt price { amountMinor } } }
      shoppableTweets(first: 100) { nodes { rootXid postedAt registeredAt } } }"""

    answer = orjson.loads(await odd.both(query, {}))

    tweets = answer["data"]["shoppableTweets"]["nodes"]
    assert {each["rootXid"] for each in tweets} >= {str(xid) for xid in XIDS}
    moments = {each["offerAsOf"] for each in answer["data"]["products"]["nodes"]}
    assert moments >= {
        "1969-12-31T23:59:59.999999Z",
        "0001-01-01T00:00:00.000001Z",
        "9999-12-31T23:59:59.999998Z",
        "2026-11-20T12:00:00.100000Z",
    }


async def test_cursors_over_odd_rows_go_on_where_they_stopped(odd: Asker) -> None:
    query = """query ($after: String) { products(first: 4, after: $after) {
      nodes { title } pageInfo { hasNextPage endCursor } } }"""
    seen: list[str] = []
    after = None
    for _ in range(10):
        page = orjson.loads(await odd.both(query, {"after": after}))["data"]["products"]
        seen += [each["title"] for each in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break

    assert len(seen) == len(set(seen)) == len(ODD_TEXTS) + 3


@pytest.mark.parametrize("text", ["\0", "a\0b", "\0" * 100])
async def test_a_nul_in_a_variable_finds_nothing_or_is_refused_with_its_place(
    asker: Asker, text: str
) -> None:
    by_id = "query ($x: ID!) { node(id: $x) { id } nodes(ids: [$x]) { id } product(id: $x) { id } }"
    listed = "query ($x: String) { products(filter: { title: { eq: $x } }) { nodes { id } } }"
    paged = "query ($x: String) { products(after: $x) { nodes { id } } }"

    named = await asker.ask(by_id, FJORD.viewer(), {"x": text})

    assert named == {"data": {"node": None, "nodes": [None], "product": None}}
    for query, words in ((listed, "U+0000"), (paged, "does not belong to this list")):
        with pytest.raises(RequestRefused) as refused:
            await asker.ask(query, FJORD.viewer(), {"x": text})
        assert words in refused.value.message
        assert refused.value.path == ["products"]
