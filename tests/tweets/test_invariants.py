"""What holds whatever happens to tweets and products, in whatever order and side by side."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from app.core import clock
from app.core.database import WriteSession
from app.core.resources import Resources
from app.events.log import write_transaction
from app.products.states import MOVES as PRODUCT_MOVES
from app.products.states import ProductStatus
from app.retailers.registry import open_retailers
from app.tweets import queries, service
from app.tweets.resolver import Resolver
from app.tweets.rules import standing_of
from app.tweets.states import JUDGED, MOVES, TweetStatus
from app.x.payloads import Post
from tests.needs import scale
from tests.tweets.outside import later
from tests.tweets.posts import (
    BOOT,
    NEW,
    PAGE,
    SOCKS,
    SOLD_OUT,
    Signposts,
    a_post,
    brand_of,
    detect,
    link,
    shelve,
    short_link,
    xid,
)
from tests.walk import bare_world, fetch

CHAINS, VERSIONS = 3, 3
ROUNDS, SIDE_BY_SIDE = 15, 3
LINKS = [
    link(BOOT),
    link(SOCKS),
    link(SOLD_OUT),
    link(NEW),
    link(BOOT, "www.amazon.de"),
    short_link(),
    short_link("nowhere"),
    short_link("away"),
]


@dataclass
class World:
    """Chains of posts with their links, and what may happen to them."""

    resources: Resources
    resolver: Resolver
    order: random.Random
    brand_id: UUID
    posts: list[list[Post]]
    products: list[UUID | None]
    delivered: set[int] = field(default_factory=set)

    async def step(self) -> None:
        """Some things happen at the same moment."""
        happenings: list[Callable[[], Awaitable[object]]] = [
            self.post,
            self.post,
            self.post,
            self.look,
            self.look,
            self.restock,
            self.say,
            self.withhold,
        ]
        if self.order.random() < 0.05:
            happenings.append(self.delete)
        chosen = [self.order.choice(happenings) for _ in range(SIDE_BY_SIDE)]
        await asyncio.gather(*(happening() for happening in chosen))
        later(timedelta(seconds=self.order.choice([0, 6, 31, 6 * 3600])))

    async def post(self) -> None:
        """X tells of a version, or only of its id."""
        chain = self.order.choice(self.posts)
        number = self.order.randrange(VERSIONS)
        if self.order.random() < 0.2:
            ids = [each.id for each in chain[: number + 1]]
            await self._write(lambda session: service.note_versions(session, [ids], now=now()))
            return
        self.delivered.add(chain[number].id)
        await detect(self.resources, chain[number])

    async def look(self) -> None:
        """A resolver's turn."""
        await self.resolver.resolve_once()

    async def restock(self) -> None:
        """The retailer's shelf changes."""
        await shelve(
            self.resources,
            availability=self.order.choice(["IN_STOCK", "OUT_OF_STOCK"]),
            gone=self.order.random() < 0.05,
        )

    async def say(self) -> None:
        """The brand has its say about a tweet."""
        tweets = await fetch(
            self.resources,
            "SELECT id FROM shoppable_tweet WHERE root_xid >= $1",
            self.posts[0][0].id,
        )
        if not tweets:
            return
        told: dict[str, Any] = {"brand_id": self.brand_id, "tweet_id": self.order.choice(tweets)[0]}
        choice, product_id = self.order.randrange(3), self.order.choice(self.products)

        async def saying(session: WriteSession) -> None:
            if choice == 0:
                await service.pause_tweet(session, now=now(), **told)
            elif choice == 1:
                await service.resume_tweet(session, now=now(), **told)
            else:
                await service.set_primary_product(session, product_id=product_id, now=now(), **told)

        await self._write(saying)

    async def withhold(self) -> None:
        """X withholds posts, or gives them back."""
        xids = [self.order.choice(self.order.choice(self.posts)).id for _ in range(2)]
        withheld = self.order.random() < 0.4
        await self._write(
            lambda session: service.mark_withheld(session, xids, now=now(), withheld=withheld)
        )

    async def delete(self) -> None:
        """A post is deleted, by any id of its chain."""
        xids = [self.order.choice(self.order.choice(self.posts)).id]
        await self._write(lambda session: service.mark_deleted(session, xids, now=now()))

    async def _write(self, work: Callable[[WriteSession], Awaitable[None]]) -> None:
        async with write_transaction(self.resources.sessions) as session:
            await work(session)


now = clock.now


async def a_world(resources: Resources, resolver: Resolver, seed: int) -> World:
    """Chains whose versions have links of their own."""
    order = random.Random(f"tweets:{seed}")
    await shelve(resources)
    posts = []
    for chain in range(CHAINS):
        ids = [xid(chain * 100 + number) for number in range(VERSIONS)]
        posts.append(
            [
                a_post(
                    each,
                    *order.sample(LINKS, order.randint(0, 3)),
                    edit_ids=tuple(ids[: number + 1]),
                )
                for number, each in enumerate(ids)
            ]
        )
    brand_id = await brand_of(resources)
    kept = await fetch(resources, "SELECT id FROM product WHERE brand_id = $1", brand_id)
    return World(resources, resolver, order, brand_id, posts, [None, *(key for (key,) in kept)])


@pytest.mark.scaled
async def test_log_and_tables_agree_and_links_decide_whatever_happens(
    kept_world: Resources,
) -> None:
    signposts = Signposts({short_link().expanded_url or "": PAGE.format(BOOT)})
    signposts.ends["https://amzn.to/nowhere"] = None
    for seed in range(scale(small=2, check=8, soak=60)):
        async with (
            bare_world(kept_world) as resources,
            open_retailers(resources.database_url) as retailers,
        ):
            world = await a_world(resources, Resolver(resources, retailers, signposts), seed)
            for _ in range(ROUNDS):
                await world.step()
            while await world.resolver.resolve_once():
                pass

            await assert_log(resources, "ShoppableTweet", "shoppableTweet", MOVES, TweetStatus)
            await assert_log(resources, "Product", "product", PRODUCT_MOVES, ProductStatus)
            await assert_chains(world)
            await assert_standing(world)


async def assert_log(
    resources: Resources, subject: str, name: str, moves: Any, status_type: Any
) -> None:
    """Each move is legal and told once; the log's last word is the row's state."""
    table = "shoppable_tweet" if subject == "ShoppableTweet" else "product"
    states = dict(await fetch(resources, f"SELECT id, status FROM {table}"))
    last: dict[UUID, str] = {}
    for key, data in await fetch(
        resources,
        "SELECT subject_id, data FROM event WHERE subject_type = $1 ORDER BY seq",
        subject,
    ):
        told = orjson.loads(data)[name]
        before, after = told["previousStatus"], told["status"]
        if before is not None and before != after:
            assert status_type(after) in moves[status_type(before)]
        assert last.get(key, before or after) == (before or after)
        last[key] = after
    assert {key: states[key] for key in last} == last
    gaps = await fetch(
        resources,
        "SELECT array_agg(seq ORDER BY seq) = (SELECT array_agg(n) FROM generate_series(1, "
        "(SELECT head FROM brand_log WHERE brand_log.brand_id = event.brand_id)) AS n) "
        "FROM event GROUP BY brand_id",
    )
    assert all(whole for (whole,) in gaps)


async def assert_chains(world: World) -> None:
    """All known ids of a chain name one tweet, which says what its newest version says."""
    for chain in world.posts:
        ids = [post.id for post in chain]
        rows = await fetch(
            world.resources,
            "SELECT DISTINCT tweet.id, tweet.status, tweet.text FROM tweet_version "
            "JOIN shoppable_tweet AS tweet ON tweet.id = tweet_version.tweet_id "
            "WHERE xid = ANY($1)",
            ids,
        )
        assert len(rows) <= 1
        for _, status, text in rows:
            newest = max(each for each in ids if each in world.delivered)
            assert text == (None if status == "DELETED" else f"Look at this {newest}")


async def assert_standing(world: World) -> None:
    """A tweet that is neither paused nor gone is what its links and their products make of it."""
    kept = await fetch(
        world.resources,
        "SELECT brand_id, id, unshoppable_reason FROM shoppable_tweet WHERE root_xid >= $1",
        world.posts[0][0].id,
    )
    async with write_transaction(world.resources.sessions) as session:
        facts = await queries.tweets_by_key(session, [(brand, key) for brand, key, _ in kept])
    for brand_id, key, reason in kept:
        tweet = facts[brand_id, key]
        if tweet.status in JUDGED:
            standing = standing_of(tweet.primary, tweet.links)
            assert (tweet.status, reason) == (standing.status, standing.reason)
