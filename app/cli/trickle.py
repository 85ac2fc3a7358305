"""The demo's traffic: a reply every other second, by people of all kinds, to every outcome."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from random import Random
from typing import Any

import orjson

from app.cli.cast import addable, authors_of, posts_of
from app.cli.plays import Role, play, roles_of
from app.cli.replies import Author, Body, Post, Replies, stranger
from app.cli.seed import seed_world
from app.cli.world import World
from app.core import clock
from app.core.resources import Resources

PAUSE_SECONDS = (1.5, 2.5)
NEWCOMERS = 12
"""How many people with a linked account join at a time."""

NEWCOMER_SHARE = 0.5
KNOWN_SHARE = 0.15
"""Replies by newcomers, each for something she has not got yet, and by the world's own shoppers;
the rest go through all outcomes in turn."""


class Trickle:
    """Replies without end: one seed, one row of them, as far as the clock allows.

    Nobody of the newcomers asks for the same product twice, so adds do not run dry.
    """

    def __init__(
        self, resources: Resources, world: World, anchors: Mapping[str, datetime], *, seed: int
    ) -> None:
        self._resources = resources
        self._random = Random(seed)
        self._known = authors_of(world)
        self._posts = posts_of(world, anchors)
        self._addable = [post for post in self._posts if addable(post, world)]
        self._replies = Replies(self._posts, self._known, seed=seed)
        self._asking: list[tuple[Author, Post]] = []
        self._roles = list(roles_of(world, anchors).values())
        self._next_roles: list[Role] = []

    async def bodies(self) -> AsyncIterator[bytes]:
        """One reply after the other, with a pause between; the first one makes an add."""
        yield orjson.dumps(await self._newcomer())
        while True:
            for body in await self._next():
                await asyncio.sleep(self._random.uniform(*PAUSE_SECONDS))
                yield orjson.dumps(body)

    async def _next(self) -> list[Body]:
        draw = self._random.random()
        if draw < NEWCOMER_SHARE:
            return [await self._newcomer()]
        if draw < NEWCOMER_SHARE + KNOWN_SHARE:
            return [self._write(self._random.choice(self._known))]
        return await self._play()

    async def _play(self) -> list[Body]:
        """One outcome more, by somebody new who is what it takes; none again before all were."""
        if not self._next_roles:
            self._next_roles = self._random.sample(self._roles, len(self._roles))
        role, author = self._next_roles.pop(), stranger(self._random)
        if not role.needs.is_anybody:
            await self._seed([role.entry_for(author)])
        return play(role, author, self._replies, clock.now())

    def _write(self, author: Author) -> Body:
        return self._replies.write_by(author, self._random.choice(self._posts), clock.now())

    async def _newcomer(self) -> Body:
        if not self._asking:
            self._asking = self._wishes(await self._join())
        author, post = self._asking.pop()
        return self._replies.write_by(author, post, clock.now())

    async def _join(self) -> list[Author]:
        """People who have linked their accounts at the sandbox, on every marketplace."""
        people = [stranger(self._random) for _ in range(NEWCOMERS)]
        marketplaces = sorted({post.marketplace for post in self._posts})
        shoppers = [
            {
                "x_user_id": str(author.x_user_id),
                "x_handle": author.handle,
                "linked": [{"marketplace": marketplace} for marketplace in marketplaces],
            }
            for author in people
        ]
        await self._seed(shoppers)
        return people

    async def _seed(self, shoppers: list[dict[str, Any]]) -> None:
        resources = self._resources
        await seed_world(resources.sessions, resources.keys, {"format": 1, "shoppers": shoppers})

    def _wishes(self, people: Sequence[Author]) -> list[tuple[Author, Post]]:
        """Each of *people* with one post of each product, in a random order."""
        by_product: dict[tuple[str, str], list[Post]] = {}
        for post in self._addable:
            by_product.setdefault((post.marketplace, post.asin), []).append(post)
        wishes = [
            (author, self._random.choice(posts))
            for author in people
            for posts in by_product.values()
        ]
        self._random.shuffle(wishes)
        return wishes
