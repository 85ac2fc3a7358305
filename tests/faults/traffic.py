"""Replies as they come in, with what must become of each; the same seed makes the same."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import combinations
from random import Random
from typing import Any

import orjson

from app.cli.cast import addable, posts_of
from app.cli.replies import Author, Body, Post, Replies, stranger
from app.cli.world_file import parse_world
from tests.walk import read_corpus

LINKED_SHARE = 0.5
REPEATING_SHARE = 0.2
RIVAL_SHARE = 0.15
BOTH_BRANDS_SHARE = 0.1
"""How many people reply again to the same tweet, to two tweets of the same product, and to both
brands; the others reply once."""

DELIVERED_TWICE_SHARE = 0.15
BY_STREAM_SHARE = 0.5
"""Of the second deliveries, those that come from X's stream; the others repeat the webhook's."""


@dataclass(frozen=True)
class Wish:
    """What one person asked for by her replies to one tweet: it makes one intent."""

    author: Author
    linked: bool
    post: Post
    bodies: tuple[Body, ...]
    """The replies; one of them makes the intent, the others repeat it."""

    @property
    def xids(self) -> frozenset[int]:
        """The ids of the replies."""
        return frozenset(int(body["data"]["payload"]["id"]) for body in self.bodies)

    @property
    def product(self) -> tuple[Author, str, str, str]:
        """Whose wish for which product it is."""
        return self.author, self.post.brand_slug, self.post.marketplace, self.post.asin


@dataclass
class Traffic:
    """Replies of many people to the brands of the corpus's world."""

    wishes: list[Wish] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    """All deliveries, in the order in which each is sent first."""

    @property
    def xids(self) -> dict[str, list[int]]:
        """The ids of all replies, by the slug of the brand that they are about."""
        found: dict[str, list[int]] = {}
        for wish in self.wishes:
            found.setdefault(wish.post.brand_slug, []).extend(wish.xids)
        return {slug: sorted(xids) for slug, xids in found.items()}

    def world(self) -> dict[str, Any]:
        """The people among them who have linked their accounts, for `seed_world`."""
        linked = {wish.author.x_user_id: wish.author for wish in self.wishes if wish.linked}
        places = [{"marketplace": name} for name in {wish.post.marketplace for wish in self.wishes}]
        shoppers = [
            {"x_user_id": str(x_user_id), "x_handle": author.handle, "linked": places}
            for x_user_id, author in linked.items()
        ]
        return {"format": 1, "shoppers": shoppers}


class Writer:
    """Writes replies of people whom nobody met before, to tweets whose product can be added."""

    def __init__(self, seed: int, moment: datetime) -> None:
        world = parse_world(read_corpus("world.json"))
        self._posts = [post for post in posts_of(world) if addable(post, world)]
        pairs = list(combinations(self._posts, 2))
        self._of_both_brands = [pair for pair in pairs if pair[0].brand_xid != pair[1].brand_xid]
        self._of_one_product = [pair for pair in pairs if _goods(pair[0]) == _goods(pair[1])]
        self._random = Random(seed)
        self._replies = Replies(self._posts, [], seed=seed)
        self._moment = moment
        self._known: set[int] = set()

    def write(self, count: int) -> Traffic:
        """Traffic of *count* replies, some of them delivered twice, in a random order."""
        traffic = Traffic()
        left = count
        while left:
            posts = self._choose(left)
            traffic.wishes += self.wish(posts, linked=self._random.random() < LINKED_SHARE)
            left -= len(posts)
        replies = [body for wish in traffic.wishes for body in wish.bodies]
        traffic.bodies = [orjson.dumps(one) for body in replies for one in self._deliveries(body)]
        self._random.shuffle(traffic.bodies)
        return traffic

    def wish(self, posts: Sequence[Post], *, linked: bool) -> list[Wish]:
        """Somebody replies to each of *posts*, to the same one again where it is there again."""
        author = self._meet()
        bodies: dict[Post, list[Body]] = {}
        for post in posts:
            body = self._replies.write_by(author, post, self._moment)
            bodies.setdefault(post, []).append(body)
        return [Wish(author, linked, post, tuple(written)) for post, written in bodies.items()]

    def simple(self, count: int, *, linked: bool) -> Traffic:
        """*count* people reply once each."""
        wishes = [
            wish
            for _ in range(count)
            for wish in self.wish([self._random.choice(self._posts)], linked=linked)
        ]
        return Traffic(wishes, [orjson.dumps(body) for wish in wishes for body in wish.bodies])

    def _choose(self, left: int) -> list[Post]:
        """What the next person replies to, in at most so many replies."""
        one = self._random.choice(self._posts)
        ways: dict[float, list[Post]] = {
            REPEATING_SHARE: [one] * self._random.choice((2, 3)),
            RIVAL_SHARE: list(self._random.choice(self._of_one_product)),
            BOTH_BRANDS_SHARE: list(self._random.choice(self._of_both_brands)),
        }
        rest = 1 - sum(ways)
        (posts,) = self._random.choices([*ways.values(), [one]], [*ways, rest])
        return posts if len(posts) <= left else [one]

    def _meet(self) -> Author:
        author = stranger(self._random)
        while author.x_user_id in self._known:
            author = stranger(self._random)
        self._known.add(author.x_user_id)
        return author

    def _deliveries(self, body: Body) -> Iterator[Body]:
        yield body
        if self._random.random() >= DELIVERED_TWICE_SHARE:
            return
        if self._random.random() < BY_STREAM_SHARE:
            yield {"data": body["data"]["payload"], "includes": {}, "matching_rules": []}
        else:
            yield self._replies.deliver_again(body)


def _goods(post: Post) -> tuple[str, str, str]:
    return post.brand_slug, post.marketplace, post.asin
