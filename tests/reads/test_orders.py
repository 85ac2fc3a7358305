"""Orders: every list in every order it offers, walked both ways, page by page, under inserts."""

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import pytest
from graphql import GraphQLEnumType, GraphQLInputObjectType, get_named_type
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app.core.database import WriteSession, create_write_engine
from app.core.ids import global_id
from app.graphql.engine import Engine, GraphQLRequest
from app.graphql.errors import RequestRefused
from app.graphql.reads.explain import explain
from app.reviews.models import AdvocateReview
from app.reviews.states import ReviewHost, ReviewStatus
from app.schema import schema
from tests.databases import cloned
from tests.golden_world import FJORD, PRAIRIE, GoldenBrand, at
from tests.reads.conftest import Asker
from tests.reads.reviews_world import fill_reviews

TWEET = f'shoppableTweet(id: "{global_id("ShoppableTweet", FJORD.key(0x30, 2))}")'
PRODUCT = f'product(id: "{global_id("Product", FJORD.key(0x20, 1))}")'
SHOPPER = f'shopper(id: "{global_id("Shopper", FJORD.key(0x41, 0))}")'
CONSENTING = f'shopper(id: "{global_id("Shopper", FJORD.key(0x41, 1))}")'
ADVOCATE = f'advocate(id: "{global_id("Advocate", FJORD.key(0x70))}")'


@dataclass(frozen=True)
class Walked:
    """A list, how it is reached, and what it lists."""

    field: str
    type_name: str
    owners: tuple[str, ...] = ()
    leaf: str = "id"

    def __str__(self) -> str:
        """Its place."""
        return ".".join((*(owner.partition("(")[0] for owner in self.owners), self.field))

    def query(self) -> str:
        """An operation that shows a page of it."""
        listed = (
            f"{self.field}(orderBy: $order, first: $first, after: $after, last: $last, "
            f"before: $before) {{ edges {{ cursor node {{ {self.leaf} }} }} "
            "pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }"
        )
        for owner in reversed(self.owners):
            listed = f"{owner} {{ {listed} }}"
        return (
            f"query ($order: {self.type_name}Order, $first: Int, $after: String, $last: Int, "
            f"$before: String) {{ {listed} }}"
        )

    def orders(self) -> Iterator[str]:
        """The fields that it may be ordered by."""
        order = schema._schema.type_map[f"{self.type_name}Order"]
        assert isinstance(order, GraphQLInputObjectType)
        fields = get_named_type(order.fields["field"].type)
        assert isinstance(fields, GraphQLEnumType)
        return iter(fields.values)

    async def page(self, asker: Asker, **variables: Any) -> dict[str, Any]:
        """A page, by compiler and reference alike."""
        answer = await asker.ask(self.query(), FJORD.viewer(), variables)
        assert answer == await asker.ask_reference(self.query(), FJORD.viewer(), variables)
        found = answer["data"]
        for owner in self.owners:
            found = found[owner.partition("(")[0]]
        page: dict[str, Any] = found[self.field]
        return page


LISTS = [
    Walked("products", "Product"),
    Walked("shoppableTweets", "ShoppableTweet"),
    Walked("engagements", "Engagement"),
    Walked("shoppers", "Shopper"),
    Walked("cartIntents", "CartIntent"),
    Walked("advocates", "Advocate"),
    Walked("advocateReviews", "AdvocateReview"),
    Walked("events", "Event", leaf="seq"),
    Walked("cartIntents", "CartIntent", (TWEET,)),
    Walked("engagements", "Engagement", (TWEET,)),
    Walked("links", "TweetLink", (TWEET,)),
    Walked("versions", "TweetVersion", (TWEET,)),
    Walked("cartIntents", "CartIntent", (PRODUCT,)),
    Walked("reviews", "AdvocateReview", (PRODUCT,)),
    Walked("cartIntents", "CartIntent", (SHOPPER,)),
    Walked("accountLinks", "AccountLink", (SHOPPER,), "retailer marketplace"),
    Walked("consents", "Consent", (CONSENTING,)),
    Walked("reviews", "AdvocateReview", (ADVOCATE,)),
    Walked("marketplaces", "BrandMarketplace", ("brand",)),
    Walked("triggers", "Trigger", ("brand",)),
    Walked("tokens", "Token", ("viewer", "installation")),
]
ORDERED = [(listed, field) for listed in LISTS for field in listed.orders()]


def _nodes(page: dict[str, Any]) -> list[dict[str, Any]]:
    return [edge["node"] for edge in page["edges"]]


@pytest.mark.parametrize(("listed", "field"), ORDERED, ids=str)
async def test_a_list_runs_both_ways_in_every_order_and_pages_make_it_whole(
    asker: Asker, listed: Walked, field: str
) -> None:
    upward, downward = ({"field": field, "direction": way} for way in ("ASC", "DESC"))
    whole = _nodes(await listed.page(asker, order=upward))

    assert whole != []
    assert _nodes(await listed.page(asker, order=downward)) == whole[::-1]
    assert await _forward(asker, listed, upward, 1) == whole
    assert await _forward(asker, listed, downward, 2) == whole[::-1]
    assert await _backward(asker, listed, upward, 2) == whole
    assert await _backward(asker, listed, downward, 1) == whole[::-1]


async def _forward(asker: Asker, listed: Walked, order: Any, size: int) -> list[Any]:
    seen: list[Any] = []
    after, more = None, True
    while more:
        page = await listed.page(asker, order=order, first=size, after=after)
        assert page["pageInfo"]["hasPreviousPage"] is (after is not None)
        seen += _nodes(page)
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    return seen


async def _backward(asker: Asker, listed: Walked, order: Any, size: int) -> list[Any]:
    seen: list[Any] = []
    before, more = None, True
    while more:
        page = await listed.page(asker, order=order, last=size, before=before)
        assert page["pageInfo"]["hasNextPage"] is (before is not None)
        seen = _nodes(page) + seen
        before, more = page["pageInfo"]["startCursor"], page["pageInfo"]["hasPreviousPage"]
    return seen


USUAL = {
    "Product": "CREATED_AT DESC",
    "ShoppableTweet": "POSTED_AT DESC",
    "CartIntent": "RECEIVED_AT DESC",
    "Event": "SEQ ASC",
    "TweetLink": "POSITION ASC",
    "Trigger": "TAG ASC",
    "AccountLink": "RETAILER ASC",
}


@pytest.mark.parametrize("listed", [each for each in LISTS if each.type_name in USUAL], ids=str)
async def test_a_list_that_is_asked_for_no_order_has_its_usual_one(
    asker: Asker, listed: Walked
) -> None:
    field, direction = USUAL[listed.type_name].split()

    usual = await listed.page(asker)

    assert usual == await listed.page(asker, order=None)
    assert usual == await listed.page(asker, order={"field": field, "direction": direction})
    assert usual == await listed.page(asker, order={"field": field}) or field == "SEQ"


@pytest.fixture
async def writable(server_url: str, template: str) -> AsyncIterator[AsyncEngine]:
    """A database with both brands' reviews that the test may add to."""
    async with cloned(server_url, template) as url:
        engine = create_write_engine(url, connections=1)
        async with AsyncSession(engine) as session, session.begin():
            await fill_reviews(WriteSession(session))
        yield engine
        await engine.dispose()


REVIEWS = Walked("advocateReviews", "AdvocateReview", leaf="id submittedAt")
STEPS_WITH_MORE_AHEAD = 6
"""Of a walk; later ones add nothing ahead of it, else it would not end."""


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
@pytest.mark.parametrize("backward", [False, True], ids=["forward", "backward"])
async def test_a_walk_shows_each_row_once_while_rows_come_in_at_every_place(
    engine_of_schema: Engine, writable: AsyncEngine, direction: str, backward: bool
) -> None:
    walk = _Walk(engine_of_schema, writable, direction, backward)
    before = await walk.all()
    seen: list[str] = []
    while page := await walk.page(size=5):
        seen += page
        await walk.add()

    assert len(before) == 27
    assert walk.steps > STEPS_WITH_MORE_AHEAD
    assert len(walk.ahead) >= STEPS_WITH_MORE_AHEAD
    assert set(seen) == set(before) | walk.ahead
    assert seen == [each for each in await walk.all() if each in set(seen)]


class _Walk:
    """Walks the reviews, and adds some on the way: where it was, where it is, where it goes."""

    def __init__(
        self, engine: Engine, database: AsyncEngine, direction: str, backward: bool
    ) -> None:
        self.steps = 0
        self.ahead: set[str] = set()
        """What was added where the walk had not been."""
        self._engine = engine
        self._database = database
        self._order = {"field": "SUBMITTED_AT", "direction": direction}
        self._size, self._cursor = ("last", "before") if backward else ("first", "after")
        self._backward = backward
        self._rising = (direction == "ASC") is not backward
        self._place: dict[str, Any] | None = None

    async def all(self) -> list[str]:
        """All ids in the order of the walk."""
        return [edge["node"]["id"] for edge in await self._edges({self._size: 500})]

    async def page(self, size: int) -> list[str]:
        """The ids of the next page, in the order of the walk."""
        start = {} if self._place is None else {self._cursor: self._place["cursor"]}
        edges = await self._edges({self._size: size, **start})
        if edges:
            self._place = edges[-1]
        return [edge["node"]["id"] for edge in edges]

    async def add(self) -> None:
        """Add a review before all, one after all, and one of the very moment of the cursor."""
        self.steps += 1
        assert self._place is not None
        here = datetime.fromisoformat(self._place["node"]["submittedAt"])
        # Its id is greater than that of the cursor's row, so it comes later if ids rise.
        places = [(at(-self.steps), False), (at(1000 + self.steps), True), (here, True)]
        for kind, (moment, later) in enumerate(places):
            ahead = later is self._rising
            if ahead and self.steps > STEPS_WITH_MORE_AHEAD:
                continue
            key = FJORD.key(0x80 + kind, self.steps)
            if ahead:
                self.ahead.add(global_id("AdvocateReview", key))
            await self._insert(key, moment)

    async def _insert(self, key: UUID, moment: datetime) -> None:
        async with AsyncSession(self._database) as session, session.begin():
            session.add(
                AdvocateReview(
                    brand_id=FJORD.id,
                    id=key,
                    product_id=FJORD.key(0x20),
                    host=ReviewHost.OTHER,
                    status=ReviewStatus.SUBMITTED,
                    submitted_at=moment,
                )
            )

    async def _edges(self, variables: dict[str, Any]) -> list[dict[str, Any]]:
        async with self._database.connect() as connection:
            driver: Any = (await connection.get_raw_connection()).driver_connection

            async def fetch(sql: str, parameters: Any) -> Any:
                return await driver.fetch(sql, *parameters)

            request = GraphQLRequest(REVIEWS.query(), None, {**variables, "order": self._order})
            answer = orjson.loads(await self._engine.execute(request, FJORD.viewer(), fetch))
        edges: list[dict[str, Any]] = answer["data"]["advocateReviews"]["edges"]
        return edges[::-1] if self._backward else edges


async def _cursor(asker: Asker, listed: Walked, order: dict[str, str], brand: GoldenBrand) -> str:
    answer = await asker.ask(listed.query(), brand.viewer(), {"order": order, "first": 1})
    found = answer["data"]
    for owner in listed.owners:
        found = found[owner.partition("(")[0]]
    cursor: str = found[listed.field]["pageInfo"]["endCursor"]
    return cursor


UP, DOWN = ({"field": "POSTED_AT", "direction": way} for way in ("ASC", "DESC"))
REGISTERED = {"field": "REGISTERED_AT", "direction": "ASC"}
TWEETS = Walked("shoppableTweets", "ShoppableTweet")
RECEIVED = {"field": "RECEIVED_AT", "direction": "ASC"}
INTENTS, NESTED = Walked("cartIntents", "CartIntent"), Walked("cartIntents", "CartIntent", (TWEET,))


@pytest.mark.parametrize(
    ("made", "by", "brand", "used", "order"),
    [
        (TWEETS, UP, FJORD, TWEETS, DOWN),
        (TWEETS, UP, FJORD, TWEETS, REGISTERED),
        (TWEETS, REGISTERED, FJORD, TWEETS, UP),
        (TWEETS, UP, FJORD, TWEETS, None),
        (TWEETS, UP, PRAIRIE, TWEETS, UP),
        (INTENTS, RECEIVED, FJORD, NESTED, RECEIVED),
        (NESTED, RECEIVED, FJORD, INTENTS, RECEIVED),
        (Walked("engagements", "Engagement"), None, FJORD, INTENTS, RECEIVED),
    ],
    ids=str,
)
@pytest.mark.parametrize("place", ["after", "before"])
async def test_a_cursor_is_refused_in_another_order_list_or_brand_with_the_remedy(
    asker: Asker,
    made: Walked,
    by: dict[str, str],
    brand: GoldenBrand,
    used: Walked,
    order: dict[str, str] | None,
    place: str,
) -> None:
    cursor = await _cursor(asker, made, by, brand)
    asker.statements.clear()

    with pytest.raises(RequestRefused) as refused:
        await asker.ask(used.query(), FJORD.viewer(), {"order": order, place: cursor})

    assert refused.value.code == "BAD_CURSOR"
    assert "in the same order, or leave it out to start anew." in refused.value.message
    assert refused.value.path == [*(owner.partition("(")[0] for owner in used.owners), used.field]
    assert asker.statements == []


async def test_a_cursor_stays_good_under_another_filter(asker: Asker) -> None:
    query = """query ($after: String, $filter: CartIntentFilter) {
      cartIntents(first: 2, after: $after, filter: $filter) {
        nodes { engagementXid } pageInfo { endCursor } } }"""
    first = await asker.ask(query, FJORD.viewer(), {})
    after = first["data"]["cartIntents"]["pageInfo"]["endCursor"]

    rest = await asker.ask(
        query, FJORD.viewer(), {"after": after, "filter": {"status": {"eq": "ADDED"}}}
    )

    assert rest["data"]["cartIntents"]["nodes"] == [{"engagementXid": "2123688217942515100"}]


async def test_the_order_is_part_of_the_statement_and_its_plan(asker: Asker) -> None:
    query = TWEETS.query()
    statements = set()
    for order in (UP, DOWN, REGISTERED, UP, None):
        await asker.ask(query, FJORD.viewer(), {"order": order})
        statements.add(asker.statements[0])

    assert len(statements) == 3  # DOWN is the usual one


def test_every_filter_and_order_says_what_it_means() -> None:
    silent = []
    for kind in schema._schema.type_map.values():
        if not kind.name.endswith(("Filter", "Order", "OrderField", "OrderDirection")):
            continue
        assert isinstance(kind, GraphQLInputObjectType | GraphQLEnumType)
        members: Mapping[str, Any] = (
            kind.fields if isinstance(kind, GraphQLInputObjectType) else kind.values
        )
        silent += [f"{kind.name}.{name}" for name, each in members.items() if not each.description]
        silent += [] if kind.description else [kind.name]

    assert silent == []


def test_an_explained_plan_tells_filters_and_orders(engine_of_schema: Engine) -> None:
    document = """{ shoppableTweets(filter: {or: [{campaign: {startsWith: "a"}}, {not: {status: {
      in: [LIVE]}}}]}, orderBy: {field: REGISTERED_AT}) { nodes { links(filter: {and: [
      {productId: {isNull: true}}, {or: []}]}) { nodes { url } } } } }"""

    plan = explain(engine_of_schema, document, {}).plan

    assert "list 0 where (campaign startsWith ? or not status in ?) of" in plan
    assert "by position, id asc where (product_id isNull true and false):" in plan
