"""Every outcome, as `hashcart simulate` and the demo bring it about, through door and worker."""

from random import Random
from typing import Any

import pytest
from sqlalchemy import select

from app.brands.models import Brand
from app.cli.failures import CommandFailed
from app.cli.outcomes import plays
from app.cli.plays import author_for, play, roles_of
from app.cli.replies import Replies, stranger
from app.cli.seed import seed_world
from app.cli.world_file import demo_data, parse_world
from app.core import clock
from app.core.resources import Resources, open_resources
from tests.cli.worlds import corpus_world
from tests.walk import Walk, a_door, settings, working

_INTENTS = """
SELECT engagement.xid, intent.status, intent.failure_reason, intent.repeat_count
FROM cart_intent AS intent JOIN engagement
    ON engagement.brand_id = intent.brand_id AND engagement.id = intent.engagement_id
"""
_OTHERS = "SELECT xid, misuse_reason FROM engagement WHERE trigger_match <> 'EXACT'"

ALWAYS = {
    "ADDED",
    "AWAITING_LINK",
    "AWAITING_CHOICE",
    "RECEIVED",
    "WITHDRAWN",
    "REPEATED",
    "NEAR_MISS",
    "REPOST_WITH_TAG",
    "NO_TAG",
    "OPTED_OUT",
}


async def outcomes(walk: Walk) -> dict[str, str]:
    """What became of each post; absent is what left no trace."""
    told = {str(xid): reason or "NO_TAG" for xid, reason in await walk.fetch(_OTHERS)}
    for xid, status, reason, repeats in await walk.fetch(_INTENTS):
        told[str(xid)] = "REPEATED" if repeats else reason or status
    return told


def first_post(bodies: list[Any]) -> str:
    """The id of the post that a play is about."""
    return str(bodies[0]["data"]["payload"]["id"])


async def test_simulate_brings_about_what_its_lines_say(walk: Walk) -> None:
    written = plays(parse_world(corpus_world()), None, seed=1)
    for each in written:
        for body in each.bodies:
            assert (await walk.post(body)).status_code == 200
        await walk.settle()

    became = await outcomes(walk)

    said = {each.line.split()[1]: each.line.split()[0] for each in written}
    assert set(said.values()) >= ALWAYS
    assert {xid: became.get(xid, "OPTED_OUT") for xid in said} == said


async def test_the_demo_comes_to_every_outcome(own_database: str) -> None:
    world, random = parse_world(demo_data()), Random(1)
    async with open_resources(settings(), own_database) as resources, a_door(resources) as walk:
        roles = roles_of(world, await load_demo(resources))
        replies = Replies([role.post for role in roles.values()], [], seed=1)
        said: dict[str, str] = {}
        async with working(resources):
            for role in roles.values():
                author = stranger(random)
                people = {"format": 1, "shoppers": [role.entry_for(author)]}
                await seed_world(resources.sessions, resources.keys, people)
                bodies = play(role, author, replies, clock.now())
                said[first_post(bodies)] = role.outcome
                for body in bodies:
                    assert (await walk.post(body)).status_code == 200
            await walk.settle()

        became = await outcomes(walk)

    assert set(said.values()) > ALWAYS | {"HANDED_OFF", "OUT_OF_STOCK", "TWEET_UNAVAILABLE"}
    assert {xid: became.get(xid, "OPTED_OUT") for xid in said} == said


async def load_demo(resources: Resources) -> dict[str, Any]:
    """Load the demo's world; when each brand was first loaded."""
    await seed_world(resources.sessions, resources.keys, demo_data())
    async with resources.sessions() as session:
        rows = await session.execute(select(Brand.slug, Brand.created_at))
        return {row.slug: row.created_at for row in rows}


def test_an_outcome_that_the_world_does_not_come_to_is_refused_with_those_it_does() -> None:
    with pytest.raises(CommandFailed, match=r"not come to HANDED_OFF\. It comes to ADDED, "):
        plays(parse_world(corpus_world()), ["handed_off"], seed=1)


def test_chosen_outcomes_alone_are_played_in_their_order() -> None:
    written = plays(parse_world(corpus_world()), ["withdrawn", "added"], seed=1)

    assert [each.line.split()[0] for each in written] == ["WITHDRAWN", "ADDED"]
    assert [len(each.bodies) for each in written] == [2, 1]


def test_a_role_that_nobody_of_the_world_can_play_has_no_author() -> None:
    world = parse_world(corpus_world())
    role = roles_of(world)["OPTED_OUT"]

    nobody = world.model_copy(update={"shoppers": []})

    assert author_for(role, world, Random(1)) is not None
    assert author_for(role, nobody, Random(1)) is None
