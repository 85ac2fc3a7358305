"""Changing what a brand set: triggers, policies, marketplaces; each change is one event."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from app.brands.models import Brand, BrandMarketplace, Trigger
from app.brands.problems import BadMarketplace, BadTrigger, TriggerNotFound, TriggerTaken
from app.brands.queries import list_marketplaces, list_triggers
from app.brands.rules import MARKETPLACES_MAX, TRIGGERS_MAX
from app.brands.service import (
    Change,
    add_trigger,
    change_trigger,
    create_brand,
    map_marketplace,
    remove_trigger,
    set_policies,
)
from app.brands.states import ResolveDepth, TriggerAction
from app.core import clock
from app.core.database import WriteSession
from app.events.log import append_recorded
from app.events.models import Event
from tests.brands.test_rules import ACME

ACTOR = UUID("0a000000-0000-7000-8000-00000000000a")
NOTHING: dict[str, Any] = {"tag": None, "marketplace": None, "action": None}
RETAILERS = ("sandbox", "amazon")


@pytest.fixture
async def change(session: WriteSession) -> Change:
    """A change by an app of a fresh brand with AmazonCart in the US and AmazonBasket in the UK."""
    brand = await create_brand(session, ACME)
    assert isinstance(brand, Brand)
    return Change(brand_id=brand.id, actor_id=ACTOR, now=clock.now())


async def told(session: WriteSession, change: Change) -> list[Any]:
    """What the log says changed, event by event."""
    await append_recorded(session)
    rows = await session.execute(
        select(Event.type, Event.subject_type, Event.subject_id, Event.actor_id, Event.data)
        .where(Event.brand_id == change.brand_id)
        .order_by(Event.seq)
    )
    found = rows.all()
    same = ("brand.updated", "Brand", change.brand_id, ACTOR)
    assert [tuple(row[:4]) for row in found] == [same] * len(found)
    return [row.data["changedFields"] for row in found]


async def triggers(session: WriteSession, change: Change) -> list[tuple[str, str, str]]:
    """The brand's triggers, by name."""
    found = await list_triggers(session, brand_id=change.brand_id)
    return [(each.tag, each.folded_tag, each.marketplace) for each in found]


BASKET = ("AmazonBasket", "amazonbasket", "UK")
CART = ("AmazonCart", "amazoncart", "US")


async def find(session: WriteSession, change: Change, tag: str) -> Trigger:
    """The brand's trigger of that spelling."""
    found = await list_triggers(session, brand_id=change.brand_id)
    return next(each for each in found if each.tag == tag)


async def test_a_trigger_is_added_with_the_form_it_compares_by(
    session: WriteSession, change: Change
) -> None:
    added = await add_trigger(
        session, change, tag="AmazonWUNSCH", marketplace="US", action=TriggerAction.WISHLIST
    )

    assert isinstance(added, Trigger)
    assert added.action is TriggerAction.WISHLIST
    wish = ("AmazonWUNSCH", "amazonwunsch", "US")
    assert await triggers(session, change) == [BASKET, CART, wish]
    assert await told(session, change) == [["triggers"]]


@pytest.mark.parametrize(
    ("tag", "marketplace", "words"),
    [
        ("#AmazonCart2", "US", "without its #"),
        ("", "US", "hashtag"),
        ("1234", "US", "hashtag"),
        ("x" * 101, "US", "hashtag"),
        ("Fine", "DE", "its marketplaces are UK, US"),
    ],
)
async def test_a_trigger_that_cannot_be_is_not_added(
    session: WriteSession, change: Change, tag: str, marketplace: str, words: str
) -> None:
    answer = await add_trigger(
        session, change, tag=tag, marketplace=marketplace, action=TriggerAction.CART
    )

    assert isinstance(answer, BadTrigger)
    assert words in answer.message
    assert await triggers(session, change) == [BASKET, CART]
    assert await told(session, change) == []


async def test_a_hashtag_is_one_trigger_whatever_its_case(
    session: WriteSession, change: Change
) -> None:
    taken = await find(session, change, "AmazonCart")

    answer = await add_trigger(
        session, change, tag="AMAZONCART", marketplace="US", action=TriggerAction.CART
    )

    assert answer == TriggerTaken(tag="AmazonCart", trigger_id=taken.id)
    assert await told(session, change) == []


async def test_a_brand_has_so_many_triggers_and_no_more(
    session: WriteSession, change: Change
) -> None:
    for number in range(TRIGGERS_MAX - 2):
        added = await add_trigger(
            session, change, tag=f"Tag{number}", marketplace="US", action=TriggerAction.CART
        )
        assert isinstance(added, Trigger)

    answer = await add_trigger(
        session, change, tag="OneMore", marketplace="US", action=TriggerAction.CART
    )

    assert isinstance(answer, BadTrigger)
    assert await session.scalar(select(func.count(Trigger.id))) == TRIGGERS_MAX


async def test_a_trigger_can_be_spelled_anew_and_moved(
    session: WriteSession, change: Change
) -> None:
    trigger = await find(session, change, "AmazonCart")

    answer = await change_trigger(
        session,
        change,
        trigger_id=trigger.id,
        tag="amazoncart",
        marketplace="UK",
        action=TriggerAction.WISHLIST,
    )

    assert answer is trigger
    assert trigger.action is TriggerAction.WISHLIST
    assert await triggers(session, change) == [BASKET, ("amazoncart", "amazoncart", "UK")]
    assert await told(session, change) == [["triggers"]]


async def test_a_change_of_a_trigger_that_changes_nothing_is_no_event(
    session: WriteSession, change: Change
) -> None:
    trigger = await find(session, change, "AmazonCart")
    same = {"tag": "AmazonCart", "marketplace": "US", "action": TriggerAction.CART}

    for values in (NOTHING, same):
        assert await change_trigger(session, change, trigger_id=trigger.id, **values) is trigger

    assert await told(session, change) == []


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"tag": "AMAZONBASKET"}, TriggerTaken),
        ({"tag": "no tag"}, BadTrigger),
        ({"marketplace": "DE"}, BadTrigger),
    ],
)
async def test_a_trigger_cannot_become_another_one_or_what_none_can_be(
    session: WriteSession, change: Change, values: dict[str, str], problem: type
) -> None:
    trigger = await find(session, change, "AmazonCart")

    answer = await change_trigger(session, change, trigger_id=trigger.id, **{**NOTHING, **values})

    assert isinstance(answer, problem)
    assert await triggers(session, change) == [BASKET, CART]
    assert await told(session, change) == []


async def test_a_removed_trigger_is_gone_but_never_the_last(
    session: WriteSession, change: Change
) -> None:
    first, last = (
        await find(session, change, "AmazonCart"),
        await find(session, change, "AmazonBasket"),
    )

    removed = await remove_trigger(session, change, trigger_id=first.id)
    kept = await remove_trigger(session, change, trigger_id=last.id)

    assert isinstance(removed, Brand)
    assert isinstance(kept, BadTrigger)
    assert "at least one" in kept.message
    assert await triggers(session, change) == [BASKET]
    assert await told(session, change) == [["triggers"]]


async def test_a_trigger_that_the_brand_does_not_have_is_not_found(
    session: WriteSession, change: Change
) -> None:
    nobody = UUID(int=0)

    assert await change_trigger(session, change, trigger_id=nobody, **NOTHING) == TriggerNotFound()
    assert await remove_trigger(session, change, trigger_id=nobody) == TriggerNotFound()
    assert await told(session, change) == []


async def test_policies_change_one_by_one_and_the_log_names_those_that_did(
    session: WriteSession, change: Change
) -> None:
    keep: dict[str, Any] = {"accept_quotes": None, "auto_register": None, "resolve_depth": None}
    for values in (
        {"accept_quotes": True},
        {"accept_quotes": True, "auto_register": False, "resolve_depth": ResolveDepth.THREAD_ROOT},
        {},
        {"auto_register": True},
    ):
        await set_policies(session, change, **{**keep, **values})

    brand = await session.get_one(Brand, change.brand_id)
    assert (brand.accept_quotes, brand.auto_register) == (True, True)
    assert brand.resolve_depth is ResolveDepth.THREAD_ROOT
    assert await told(session, change) == [
        ["acceptQuotes"],
        ["autoRegister", "resolveDepth"],
        ["autoRegister"],
    ]


async def test_a_marketplace_is_mapped_and_added_with_its_affiliate_tag(
    session: WriteSession, change: Change
) -> None:
    for marketplace, tag in (("US", "acme-20"), ("DE", None), ("US", "acme-20"), ("US", None)):
        mapped = await map_marketplace(
            session,
            change,
            marketplace=marketplace,
            retailer="amazon",
            affiliate_tag=tag,
            retailers=RETAILERS,
        )
        assert isinstance(mapped, BrandMarketplace)
        assert (mapped.marketplace, mapped.affiliate_tag) == (marketplace, tag)

    served = await list_marketplaces(session, brand_id=change.brand_id)
    assert [(each.marketplace, each.retailer, each.affiliate_tag) for each in served] == [
        ("DE", "amazon", None),
        ("UK", "sandbox", None),
        ("US", "amazon", None),
    ]
    assert await told(session, change) == [["marketplaces"]] * 3


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"retailer": "ebay"}, "known are amazon, sandbox"),
        ({"affiliate_tag": "a b"}, "affiliate tag"),
        ({"affiliate_tag": ""}, "affiliate tag"),
        ({"affiliate_tag": "x" * 65}, "affiliate tag"),
        ({"marketplace": "us"}, "2 to 8 capitals"),
    ],
)
async def test_a_marketplace_that_cannot_be_served_so_stays_as_it_is(
    session: WriteSession, change: Change, values: dict[str, str], words: str
) -> None:
    good: dict[str, Any] = {"marketplace": "US", "retailer": "amazon", "affiliate_tag": None}

    answer = await map_marketplace(session, change, **{**good, **values}, retailers=RETAILERS)

    assert isinstance(answer, BadMarketplace)
    assert words in answer.message
    served = await list_marketplaces(session, brand_id=change.brand_id)
    assert [(each.marketplace, each.retailer) for each in served] == [
        ("UK", "sandbox"),
        ("US", "sandbox"),
    ]
    assert await told(session, change) == []


async def test_a_brand_sells_on_so_many_marketplaces_and_no_more(
    session: WriteSession, change: Change
) -> None:
    names = [f"M{chr(65 + number // 26)}{chr(65 + number % 26)}" for number in range(49)]
    answers = [
        await map_marketplace(
            session,
            change,
            marketplace=name,
            retailer="sandbox",
            affiliate_tag=None,
            retailers=RETAILERS,
        )
        for name in names
    ]

    assert [isinstance(answer, BadMarketplace) for answer in answers] == [False] * 48 + [True]
    served = await list_marketplaces(session, brand_id=change.brand_id)
    assert len(served) == MARKETPLACES_MAX
