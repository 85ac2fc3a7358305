"""Privacy: what she sees of herself, ending sessions, leaving for good and coming back."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from enum import Enum

import pytest
from sqlalchemy import text

from app.carts.states import CartIntentStatus
from app.core import clock
from app.core.resources import Resources
from app.events.log import write_transaction
from app.ingest.lanes import Lanes, lane_of
from app.pages.privacy import RETURN_LASTS
from app.pages.queries import PAGE_ITEMS
from app.pages.wording import AGREED, CONTENTS, KINDS, MISUSES
from app.shoppers.service import x_lookup
from tests.pages.browser import Browser
from tests.pages.conftest import NewBrowser
from tests.pages.rows import add_intent, an_intent
from tests.walk import Walk, a_reply, everything, fetch, log_of, until

MARA, MARA_HANDLE = 1720000000000000002, "mara_k_inv"
JONAS_HANDLE = "jonas_w_inv"
S = CartIntentStatus
WAITS_FOR_A_LOCK = """
SELECT 1 FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%ingest_lane%'
"""


async def test_she_sees_who_we_think_she_is(browser: Browser) -> None:
    await browser.sign_in(MARA_HANDLE)

    page = await browser.open("/s/privacy")

    assert f"Your name on X @{MARA_HANDLE}" in page.text
    assert f"Your number on X {MARA}" in page.text


async def test_she_sees_which_posts_of_hers_we_know_page_by_page(
    new_browser: NewBrowser, world_resources: Resources
) -> None:
    for _ in range(PAGE_ITEMS + 1):
        await an_intent(world_resources, MARA, S.WITHDRAWN)
    browser, stranger = new_browser(), new_browser()
    await browser.sign_in(MARA_HANDLE)
    page = await browser.open("/s/privacy/replies")
    older = await browser.open(page.links["Older"])
    await stranger.sign_in(JONAS_HANDLE)

    assert [each.text.count("Reply, Acme Boots") for each in (page, older)] == [PAGE_ITEMS * 2, 2]
    assert "#AmazonCart" in page.text
    assert "Older" not in older.links
    assert "Acme Boots" not in (await stranger.open("/s/privacy/replies")).text
    assert (await browser.open("/s/privacy/replies?after=x")).status == 404


@pytest.mark.parametrize("words", [KINDS, MISUSES, CONTENTS, AGREED])
def test_everything_that_can_be_known_of_her_has_words(words: Mapping[Enum, object]) -> None:
    [kind] = {type(key) for key in words}

    assert set(words) == set(kind)


async def test_she_ends_another_session_of_hers_and_nobody_elses(
    new_browser: NewBrowser, world_resources: Resources
) -> None:
    hers, phone, stranger = new_browser(), new_browser(), new_browser()
    phone.headers["user-agent"] = "Mozilla/5.0 (iPhone; CPU iPhone OS) Version Mobile Safari"
    await phone.sign_in(MARA_HANDLE)
    await hers.sign_in(MARA_HANDLE)
    token = (await stranger.sign_in(JONAS_HANDLE)).buttons[0].fields["token"]
    page = await hers.open("/s/privacy")
    button = page.button("Sign out there Safari on iPhone")

    await stranger.press(button, token=token)
    assert "What you saved" in (await phone.open("/s")).text
    await hers.press(button)

    assert "Sign in with the sandbox" in (await phone.open("/s")).labels
    assert "What you saved" in (await hers.open("/s")).text


async def test_before_she_leaves_nothing_happens(
    browser: Browser, world_resources: Resources
) -> None:
    await browser.sign_in(MARA_HANDLE)
    before = await everything(world_resources)

    page = await browser.open("/s/leave")

    assert "Your replies are ignored" in page.text
    assert "still hold the numbers of your replies" in page.text
    assert await everything(world_resources) == before


async def test_leaving_withdraws_what_is_open_forgets_her_and_tells_each_brand(
    new_browser: NewBrowser, world_resources: Resources
) -> None:
    waits = clock.now() + timedelta(days=7)
    open_ones = [
        await an_intent(world_resources, MARA, S.AWAITING_LINK, waits_until=waits),
        await an_intent(world_resources, MARA, S.QUEUED, asin="B0ACMESK02"),
    ]
    added = await an_intent(world_resources, MARA, S.ADDED, asin="080442957X")
    browser, phone = new_browser(), new_browser()
    await phone.sign_in(MARA_HANDLE)
    await browser.sign_in(MARA_HANDLE)
    [(person_id,)] = await fetch(world_resources, "SELECT DISTINCT person_id FROM shopper_session")

    page = await browser.press((await browser.open("/s/leave")).button("Leave and delete"))

    assert "You have left" in page.text
    assert "hashcart_session" not in browser.client.cookies
    assert "Sign in with the sandbox" in (await phone.open("/s")).labels
    for table in ("account_link", "consent", "shopper_session", "shopper"):
        left = f"SELECT count(*)::int FROM {table} WHERE person_id = $1"
        assert await fetch(world_resources, left, person_id) == [(0,)], table
    assert await fetch(world_resources, "SELECT 1 FROM person WHERE id = $1", person_id) == []
    suppressed = "SELECT count(*)::int FROM suppression WHERE x_lookup = $1"
    assert await fetch(world_resources, suppressed, x_lookup(world_resources.keys, MARA)) == [(1,)]
    statuses = await fetch(
        world_resources, "SELECT status, count(*)::int FROM cart_intent GROUP BY 1 ORDER BY 1"
    )
    assert statuses == [("ADDED", 1), ("WITHDRAWN", 2)]
    events = await log_of(world_resources)
    kinds = [kind for _, kind, _ in events]
    assert sorted(kinds) == ["cart_intent.withdrawn"] * 2 + ["shopper.opted_out"]
    assert kinds[-1] == "shopper.opted_out"
    known = await fetch(
        world_resources,
        "SELECT id::text, redacted_at IS NOT NULL FROM shopper WHERE redacted_at IS NOT NULL",
    )
    assert known == [(events[-1][2]["shopper"]["id"], True)]
    assert len(open_ones) == 2
    assert await post_ids_of(world_resources) == []
    assert added


async def post_ids_of(resources: Resources) -> list[tuple[object, ...]]:
    """What leads to her posts still."""
    return await fetch(
        resources,
        """
        SELECT engagement_xid FROM cart_intent WHERE engagement_xid IS NOT NULL
        UNION ALL SELECT xid FROM engagement WHERE xid IS NOT NULL OR shopper_id IS NOT NULL
        """,
    )


async def test_what_is_decided_while_she_leaves_is_withdrawn_as_well(
    browser: Browser, world_resources: Resources
) -> None:
    await browser.sign_in(MARA_HANDLE)
    button = (await browser.open("/s/leave")).button("Leave and delete")
    await Lanes(world_resources.sessions).refresh()
    async with write_transaction(world_resources.sessions) as session:
        held = "SELECT FROM ingest_lane WHERE lane = :lane FOR KEY SHARE"
        await session.execute(text(held), {"lane": lane_of(MARA)})
        leaving = asyncio.create_task(browser.press(button))
        await until(lambda: fetch(world_resources, WAITS_FOR_A_LOCK))
        waits = clock.now() + timedelta(days=7)
        await add_intent(session, world_resources.keys, MARA, S.AWAITING_LINK, waits_until=waits)

    assert "You have left" in (await leaving).text
    assert await fetch(world_resources, "SELECT status FROM cart_intent") == [("WITHDRAWN",)]
    assert await post_ids_of(world_resources) == []


async def test_after_she_left_her_replies_are_ignored_and_she_can_come_back(
    browser: Browser, walk: Walk
) -> None:
    await browser.sign_in(MARA_HANDLE)
    await browser.press((await browser.open("/s/leave")).button("Leave and delete"))
    await walk.post(a_reply())
    await walk.settle()
    assert await walk.fetch("SELECT 1 FROM cart_intent") == []

    page = await browser.sign_in_as(MARA, MARA_HANDLE)
    assert (page.status, "You left earlier" in page.text) == (403, True)
    assert await walk.fetch("SELECT 1 FROM shopper_session") == []
    page = await browser.press(page.button("Take part again"))

    assert "Welcome back" in page.text
    xid = "2123688217942515451"
    await walk.post(a_reply(id=xid, edit_history_tweet_ids=[xid]))
    await walk.settle()
    assert await walk.fetch("SELECT status FROM cart_intent") == [("AWAITING_LINK",)]
    page = await browser.sign_in_as(MARA, MARA_HANDLE)
    assert "Waiting for you to connect your account" in page.text


@pytest.mark.parametrize("fault", ["late", "altered", "none", "another site"])
async def test_only_who_just_proved_who_she_is_comes_back(
    browser: Browser, world_resources: Resources, fault: str
) -> None:
    await browser.sign_in(MARA_HANDLE)
    await browser.press((await browser.open("/s/leave")).button("Leave and delete"))
    button = (await browser.sign_in_as(MARA, MARA_HANDLE)).button("Take part again")
    proof = button.fields["proof"]
    if fault == "late":
        clock.start_at(clock.now() + RETURN_LASTS + timedelta(seconds=1))
    elif fault == "another site":
        browser.headers["sec-fetch-site"] = "cross-site"
    else:
        proof = "" if fault == "none" else f"{proof[:-6]}AAAA=="
    before = await fetch(world_resources, "SELECT count(*)::int FROM suppression")

    page = await browser.press(button, proof=proof)

    assert page.status == 403
    assert await fetch(world_resources, "SELECT count(*)::int FROM suppression") == before


async def test_the_page_of_a_person_without_any_brand_can_be_left_too(
    browser: Browser, world_resources: Resources
) -> None:
    await browser.sign_in_as(1777000000000000777, "quite_new")

    page = await browser.press((await browser.open("/s/leave")).button("Leave and delete"))

    assert "You have left" in page.text
    assert await log_of(world_resources) == []
