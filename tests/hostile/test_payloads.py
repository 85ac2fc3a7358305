"""Mutated payloads, signed: refused or decided, none stuck; what was refused changes nothing."""

import asyncio
import os
from collections.abc import Sequence
from copy import deepcopy
from hashlib import sha256
from random import Random

import pytest

from app.cli.cast import addable, posts_of
from app.cli.replies import Author, Body, Replies
from app.cli.world_file import parse_world
from app.core.resources import Resources
from app.ingest.lanes import lane_of
from app.ingest.queries import LANES
from tests.conftest import CORPUS_CLOCK
from tests.hostile.payloads import ODD, Mutator
from tests.hostile.trees import write
from tests.needs import chosen_scale, scale
from tests.test_corpus import assert_log
from tests.walk import Walk, a_door, everything, read_corpus, working

SEED = "HASHCART_HOSTILE_SEED"
A_SEED_THAT_PUTS_ODD_VALUES_INTO_EACH_OTHER = 1_273_428_080
PAYLOADS = scale(small=200, check=1_000, soak=5_000)
TOGETHER = 100
AT_ONCE = 16
PERMITTED = frozenset({200, 400, 413})

_STRANGERS_MAX = 10_000

_GOOD_ONES = """
SELECT engagement.xid, intent.status
FROM engagement LEFT JOIN cart_intent AS intent
    ON intent.brand_id = engagement.brand_id AND intent.engagement_id = engagement.id
WHERE engagement.xid = ANY($1::bigint[])
"""


@pytest.mark.scaled
async def test_mutated_payloads_are_refused_or_decided_and_none_sticks(
    world_resources: Resources,
) -> None:
    seed = int(os.environ.get(SEED, 0)) or Random().randrange(1, 2**32)
    print(f"{SEED}={seed} HASHCART_TEST_SCALE={chosen_scale()} repeats this run.")
    mutator = Mutator(seed)
    refused: set[bytes] = set()
    async with a_door(world_resources) as door:
        before = await everything(world_resources)
        for _ in range(PAYLOADS // TOGETHER):
            bodies = [mutator.make() for _ in range(TOGETHER)]

            statuses = await send(door, bodies)

            assert set(statuses) <= PERMITTED
            answers = zip(bodies, statuses, strict=True)
            refused |= {sha256(body).digest() for body, status in answers if status != 200}
        await assert_only_the_inbox_grew(world_resources, before, refused)
        async with working(world_resources, workers=2):
            await door.settle()
            await assert_all_decided(door)
            await assert_every_lane_goes_on(door, seed)
        await assert_log(door)


async def send(door: Walk, bodies: Sequence[bytes]) -> list[int]:
    """The statuses of the answers; several are on their way at once."""
    free = asyncio.Semaphore(AT_ONCE)

    async def one(body: bytes) -> int:
        async with free:
            return (await door.post(body)).status_code

    return list(await asyncio.gather(*(one(body) for body in bodies)))


async def assert_only_the_inbox_grew(
    resources: Resources, before: dict[str, list[str]], refused: set[bytes]
) -> None:
    """No other table changed at the door; no body in the inbox has a hash of *refused*."""
    after = await everything(resources)
    assert {**after, "inbox": []} == {**before, "inbox": []}
    kept = await resources.reads.fetch("SELECT sha256(body) AS hash FROM inbox")
    assert kept != []
    assert refused.isdisjoint(row["hash"] for row in kept)


async def assert_all_decided(walk: Walk) -> None:
    """Each payload at its first try, none put aside; every body is gone."""
    states = await walk.fetch(
        "SELECT DISTINCT attempts, body IS NULL, decided_at IS NULL, quarantined_at IS NULL"
        " FROM inbox"
    )
    assert states == [(0, True, False, True)]


async def assert_every_lane_goes_on(walk: Walk, seed: int) -> None:
    """A good reply in each lane is kept, decided and has an intent with an outcome."""
    replies = one_reply_in_each_lane(seed)
    assert await send(walk, [write(body) for body in replies]) == [200] * LANES
    await walk.settle()
    await assert_all_decided(walk)
    xids = sorted(int(body["data"]["payload"]["id"]) for body in replies)
    rows = await walk.fetch(_GOOD_ONES, xids)
    assert sorted(xid for xid, _ in rows) == xids
    assert {status for _, status in rows} <= {"AWAITING_LINK", "FAILED"}


def one_reply_in_each_lane(seed: int) -> list[Body]:
    """Replies of strangers, whose lanes are all there are."""
    world = parse_world(read_corpus("world.json"))
    posts = [post for post in posts_of(world) if addable(post, world)]
    replies, random = Replies(posts, [], seed=seed), Random(seed)
    by_lane: dict[int, Author] = {}
    for _ in range(_STRANGERS_MAX):
        author = Author(random.randrange(10**18, 2 * 10**18), "good_one")
        by_lane.setdefault(lane_of(author.x_user_id), author)
    return [
        replies.write_by(by_lane[lane], random.choice(posts), CORPUS_CLOCK) for lane in range(LANES)
    ]


def test_what_is_made_changes_nothing_that_later_payloads_are_made_of() -> None:
    odd = deepcopy(ODD)
    mutator = Mutator(A_SEED_THAT_PUTS_ODD_VALUES_INTO_EACH_OTHER)

    for _ in range(1_000):
        mutator.make()

    assert odd == ODD


def test_the_same_seed_makes_the_same_payloads() -> None:
    one, same, other = Mutator(7), Mutator(7), Mutator(8)

    made = [one.make() for _ in range(50)]

    assert made == [same.make() for _ in range(50)]
    assert made != [other.make() for _ in range(50)]
