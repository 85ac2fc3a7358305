"""The trace of an intent: every stage in order, with its rule, and only what its reader may see."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from app.carts.answers import RETRY_DELAYS
from app.carts.dispatch import Dispatcher
from app.carts.rules import PARENT_WAITS
from app.carts.waits import complete_waiting, expire_once
from app.core import clock
from app.core.ids import global_id
from app.core.resources import Resources
from app.core.viewer import Scope, Viewer
from app.graphql.engine import GraphQLRequest, create_engine
from app.graphql.errors import RequestRefused
from app.ingest.desk import Desk
from app.schema import schema
from tests.carts.acts import (
    PRIYA,
    TWEET,
    TWO_PRODUCTS,
    UNKNOWN_POST,
    acting,
    brand,
    delete,
    ids,
    link,
    shopper_of,
)
from tests.carts.shaky import FIRST, KOFI, MARA, SECOND, later, reply_to
from tests.walk import Walk

ALL = frozenset(Scope)
INTENTS = frozenset({Scope.INTENTS_READ})

QUERY = """
query ($id: ID!) {
    explainCartIntent(id: $id) {
        id status steps { at stage rule summary withheld facts { name value } }
    }
}
"""

Step = dict[str, Any]


async def asked(
    resources: Resources,
    intent_id: UUID,
    scopes: frozenset[Scope] = ALL,
    brand_id: UUID | None = None,
) -> dict[str, Any]:
    """The answer of the API."""
    viewer = Viewer(
        brand_id=brand_id or await brand(resources),
        installation_id=uuid4(),
        app_id=uuid4(),
        token_id=uuid4(),
        scopes=scopes,
        expires_at=None,
    )

    async def fetch(sql: str, parameters: Sequence[Any]) -> Sequence[Any]:
        return await resources.reads.fetch(sql, *parameters)

    engine = create_engine(schema, b"a key of this test, 32 bytes long")
    request = GraphQLRequest(QUERY, None, {"id": global_id("CartIntent", intent_id)})
    answer: dict[str, Any] = orjson.loads(await engine.execute(request, viewer, fetch))
    return answer


async def trace(
    resources: Resources, scopes: frozenset[Scope] = ALL, number: int = 0
) -> list[Step]:
    """The steps of one intent, by the order of their making."""
    intent_id = (await ids(resources))[number]
    answer = await asked(resources, intent_id, scopes)
    steps: list[Step] = answer["data"]["explainCartIntent"]["steps"]
    return steps


def told(steps: list[Step]) -> list[tuple[str, int | None, str]]:
    """Stage, rule and summary of each step."""
    return [(step["stage"], step["rule"], step["summary"]) for step in steps]


def facts(steps: list[Step], stage: str) -> dict[str, str]:
    """What the last step of that stage knew."""
    found = [step for step in steps if step["stage"] == stage]
    return {fact["name"]: fact["value"] for fact in found[-1]["facts"]}


BEGINNING = [
    ("POSTED", None, "A reply was posted."),
    ("DELIVERED", None, "X delivered it."),
    ("MATCHED", 5, "One of its own hashtags is a trigger of the brand."),
    ("STATUS", None, "The intent is RECEIVED."),
]


async def test_an_add_is_told_from_the_post_to_the_retailers_answer(
    door: Walk, desk: Desk, dispatcher: Dispatcher
) -> None:
    await door.post(reply_to(TWEET, FIRST, KOFI))
    await desk.decide_batch()
    await dispatcher.run_once()
    later(RETRY_DELAYS[0])
    await dispatcher.run_once()

    steps = await trace(door.resources)

    assert told(steps) == [
        *BEGINNING,
        ("PARENT", 6, "The post that it answers is one of the brand's registered tweets."),
        ("PRODUCT", 7, "The only product of the tweet that can be bought was taken."),
        ("ACCESS", 9, "Her account at the retailer is linked."),
        ("STATUS", 9, "The intent is QUEUED."),
        ("RETAILER", 10, "Try 1 to have the retailer take it: RETAILER_TIMEOUT."),
        ("RETAILER", 10, "Try 2 to have the retailer take it: ADDED."),
        ("STATUS", 10, "The intent is ADDED."),
    ]
    moments = [step["at"] for step in steps]
    assert moments == sorted(moments)
    assert facts(steps, "POSTED")["xid"] == FIRST
    assert facts(steps, "MATCHED")["tag"] == "AmazonCart"
    assert facts(steps, "PRODUCT") == {"candidate1": "B0ACMEBT01: usable"}
    assert all(step["withheld"] == [] for step in steps)


async def test_a_trace_shows_only_what_its_readers_scopes_show(
    door: Walk, desk: Desk, dispatcher: Dispatcher
) -> None:
    await door.post(reply_to(TWEET, FIRST))
    await desk.decide_batch()
    await dispatcher.run_once()

    whole, redacted = await trace(door.resources), await trace(door.resources, INTENTS)

    assert told(redacted) == told(whole)
    withheld = {step["stage"]: step["withheld"] for step in redacted if step["withheld"]}
    assert withheld == {"PARENT": ["tweets:read"], "PRODUCT": ["tweets:read"]}
    assert "B0ACMEBT01" in str(whole)
    assert "B0ACMEBT01" not in str(redacted)


async def test_nobody_else_reads_a_trace(door: Walk, desk: Desk) -> None:
    await door.post(reply_to(TWEET, FIRST))
    await desk.decide_batch()
    [intent] = await ids(door.resources)
    [(stranger,)] = await door.fetch("SELECT id FROM brand WHERE slug = 'nordlicht'")

    foreign = await asked(door.resources, intent, brand_id=stranger)
    with pytest.raises(RequestRefused, match="intents:read"):
        await asked(door.resources, intent, frozenset({Scope.TWEETS_READ}))
    unknown = await asked(door.resources, uuid4())

    assert foreign == unknown == {"data": {"explainCartIntent": None}}


async def test_a_choice_a_link_and_a_recovery_are_told(
    door: Walk, desk: Desk, dispatcher: Dispatcher
) -> None:
    await door.post(reply_to(TWEET, FIRST, PRIYA))
    await desk.decide_batch()
    later(timedelta(minutes=1))
    await link(door.resources, PRIYA)
    shopper = await shopper_of(door.resources, (await ids(door.resources))[0])
    async with acting(door.resources) as session:
        await complete_waiting(
            session, shoppers=[shopper], retailer="sandbox", marketplace=None, now=clock.now()
        )
    await dispatcher.run_once()

    assert told(await trace(door.resources))[6:] == [
        ("ACCESS", 9, "Her account at the retailer is not linked."),
        ("STATUS", 9, "The intent is AWAITING_LINK."),
        ("ACCESS", 9, "Her account at the retailer is linked."),
        ("STATUS", 9, "The intent is QUEUED."),
        ("RETAILER", 10, "Try 1 to have the retailer take it: ADDED."),
        ("STATUS", 10, "The intent is ADDED."),
    ]


@pytest.mark.parametrize(
    ("tweet", "summary", "candidates"),
    [
        (
            TWO_PRODUCTS,
            "2 products of the tweet can be bought: one is to be chosen.",
            {"candidate1": "B0ACMEBT01: usable", "candidate2": "B0ACMESK02: usable"},
        ),
        (
            "2123325403035771996",
            "The product comes in variants: one is to be chosen.",
            {"candidate1": "B0ACMEVP04: usable"},
        ),
        (
            "2123023413906866004",
            "The tweet's primary product was taken.",
            {"candidate1": "B0ACMESK02: usable"},
        ),
        (
            "2123355602871840158",
            "What the first link leads to cannot be bought: OUT_OF_STOCK.",
            {"candidate1": "B0ACMEOS06: OUT_OF_STOCK"},
        ),
        ("2123038513871037429", "The tweet has no link: NO_PRODUCT_LINK.", {}),
    ],
)
async def test_why_a_product_was_taken_or_none_is_told(
    door: Walk, desk: Desk, tweet: str, summary: str, candidates: dict[str, str]
) -> None:
    await door.post(reply_to(tweet, FIRST))
    await desk.decide_batch()

    steps = await trace(door.resources)

    assert ("PRODUCT", 7, summary) in told(steps)
    assert facts(steps, "PRODUCT") == candidates


async def test_an_unknown_parent_that_never_comes_is_told(door: Walk, desk: Desk) -> None:
    await door.post(reply_to(UNKNOWN_POST, FIRST))
    await desk.decide_batch()
    later(PARENT_WAITS)
    await expire_once(door.resources)

    steps = await trace(door.resources)

    assert told(steps)[4:] == [
        ("PARENT", 6, "The post that it answers is not known yet."),
        ("WAIT", 6, "What was waited for did not come in time."),
        ("STATUS", 6, "The intent is FAILED."),
    ]
    assert facts(steps, "STATUS") == {"reason": "NO_PRODUCT_LINK", "retryable": "false"}


async def test_repeats_and_a_withdrawal_are_told(door: Walk, desk: Desk) -> None:
    await door.post(reply_to(TWEET, FIRST))
    await door.post(reply_to(TWEET, SECOND))
    await desk.decide_batch()
    later(timedelta(seconds=1))
    await delete(door.resources, FIRST, SECOND)

    steps = await trace(door.resources)

    assert ("REPEAT", 8, "A further reply asked for the same.") in told(steps)
    assert told(steps)[-2:] == [
        ("REQUEST", None, "The last reply that asked for it was deleted."),
        ("STATUS", None, "The intent is WITHDRAWN."),
    ]
    assert facts(steps, "REPEAT") == {"xid": SECOND, "content": "DELETED"}


async def test_the_same_product_from_another_tweet_is_told(
    door: Walk, desk: Desk, dispatcher: Dispatcher
) -> None:
    await door.post(reply_to(TWEET, FIRST, MARA))
    await desk.decide_batch()
    await dispatcher.run_once()
    await door.post(reply_to("2122993214288901650", SECOND, MARA))
    await desk.decide_batch()

    steps = await trace(door.resources, number=1)

    assert told(steps)[-2:] == [
        ("REPEAT", 8, "The same product reached her from another tweet."),
        ("STATUS", 8, "The intent is FAILED."),
    ]


async def test_a_worker_that_died_in_the_call_is_told(
    door: Walk, desk: Desk, dispatcher: Dispatcher
) -> None:
    await door.post(reply_to(TWEET, FIRST))
    await desk.decide_batch()
    await dispatcher.claim()

    during = told(await trace(door.resources))
    later(timedelta(minutes=1))
    await dispatcher.run_once()
    after = told(await trace(door.resources))

    assert during[-1] == ("STATUS", 9, "The intent is QUEUED.")
    assert ("RETAILER", 10, "The retailer is being asked.") in during
    assert ("RETAILER", 10, "A try ended without an answer.") in after
    assert after[-1] == ("STATUS", 10, "The intent is ADDED.")
