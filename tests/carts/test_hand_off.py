"""A retailer that hands off: by consent, with the brand's tag, and never counted as added."""

from urllib.parse import parse_qs, urlsplit

import pytest

from app.carts.choices import request_removal
from app.carts.dispatch import Dispatcher
from app.carts.problems import CartIntentNotRemovable
from app.carts.rules import SHOPPER_WAITS
from app.carts.waits import complete_waiting, expire_once
from app.core import clock
from app.core.resources import Resources
from app.events.states import ActorKind
from app.ingest.desk import Desk
from app.shoppers.models import Consent
from app.shoppers.service import ensure_persons
from app.shoppers.states import ConsentKind
from tests.carts.acts import (
    BOOT_AGAIN,
    TWEET,
    acting,
    assert_told,
    brand,
    delete,
    ids,
    in_carts,
    kinds,
    shopper_of,
    statuses,
)
from tests.carts.shaky import FIRST, MARA, SECOND, later, reply_to
from tests.walk import Walk

TAG = "acme-20"


@pytest.fixture
async def amazon(door: Walk) -> None:
    """The brand's US marketplace is served by Amazon's hand-off links."""
    async with acting(door.resources) as session:
        await (await session.connection()).exec_driver_sql(
            "UPDATE brand_marketplace SET retailer = 'amazon', affiliate_tag = $1"
            " WHERE marketplace = 'US'",
            (TAG,),
        )


async def consent(resources: Resources) -> int:
    """She agrees once, for all brands; how many intents went on."""
    shopper = await shopper_of(resources, (await ids(resources))[0])
    async with acting(resources) as session:
        persons = await ensure_persons(session, resources.keys, {int(MARA): None})
        session.add(
            Consent(
                person_id=persons[int(MARA)],
                kind=ConsentKind.HANDOFF,
                text_version="1",
                granted_at=clock.now(),
            )
        )
        await session.flush()
        return await complete_waiting(
            session, shoppers=[shopper], retailer="amazon", marketplace=None, now=clock.now()
        )


@pytest.mark.usefixtures("amazon")
async def test_one_consent_completes_all_and_each_is_handed_off_once(
    door: Walk, desk: Desk, dispatcher: Dispatcher
) -> None:
    await door.post(reply_to(TWEET, FIRST))
    await door.post(reply_to("2123023413906866004", SECOND))
    await desk.decide_batch()
    assert await statuses(door.resources) == [("AWAITING_LINK", None)] * 2

    assert await consent(door.resources) == 2
    await dispatcher.run_once()
    await dispatcher.run_once()

    assert await statuses(door.resources) == [("HANDED_OFF", None)] * 2
    told = await kinds(door.resources)
    assert (told.count("handed_off"), told.count("added")) == (2, 0)
    [(url,), _] = await door.fetch("SELECT hand_off_url FROM cart_intent ORDER BY id")
    parts = urlsplit(url)
    assert parts.hostname == "www.amazon.com"
    assert parse_qs(parts.query) == {
        "ASIN.1": ["B0ACMEBT01"],
        "Quantity.1": ["1"],
        "AssociateTag": [TAG],
    }
    assert await in_carts(door.resources) == []
    await assert_told(door.resources)


@pytest.mark.usefixtures("amazon")
async def test_a_link_to_another_retailer_is_no_consent(
    door: Walk, desk: Desk, dispatcher: Dispatcher
) -> None:
    await door.post(reply_to(TWEET, FIRST))  # she is linked at the sandbox
    await desk.decide_batch()
    assert await dispatcher.run_once() == 0
    later(SHOPPER_WAITS)
    await expire_once(door.resources)

    assert await statuses(door.resources) == [("EXPIRED", None)]


@pytest.mark.usefixtures("amazon")
async def test_what_was_handed_off_is_neither_withdrawn_nor_removed_nor_handed_off_again(
    door: Walk, desk: Desk, dispatcher: Dispatcher
) -> None:
    await door.post(reply_to(TWEET, FIRST))
    await desk.decide_batch()
    await consent(door.resources)
    await dispatcher.run_once()
    [intent] = await ids(door.resources)

    await delete(door.resources, FIRST)
    async with acting(door.resources) as session:
        answer = await request_removal(
            session,
            brand_id=await brand(door.resources),
            intent_id=intent,
            actor=ActorKind.SHOPPER,
            now=clock.now(),
        )
    await door.post(reply_to(BOOT_AGAIN, SECOND))
    await desk.decide_batch()

    assert isinstance(answer, CartIntentNotRemovable)
    assert await statuses(door.resources) == [
        ("HANDED_OFF", None),
        ("FAILED", "ALREADY_IN_CART"),
    ]
    await assert_told(door.resources)
