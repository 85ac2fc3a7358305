"""Accounts at shops and the permission for links: given, used, taken back."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from app.carts.states import CartIntentStatus
from app.core import clock
from app.core.resources import Resources
from app.pages.accounts import BY_LINK
from app.shoppers.consents import TEXTS, current_text
from app.shoppers.states import ConsentKind
from tests.pages.browser import Browser
from tests.pages.conftest import NewBrowser
from tests.pages.rows import an_intent
from tests.walk import everything, fetch, log_of, until, working

PRIYA, PRIYA_HANDLE = 1567000000000000047, "priya_s_inv"
MARA, MARA_HANDLE = 1720000000000000002, "mara_k_inv"
S = CartIntentStatus
STATUS = "SELECT status FROM cart_intent WHERE id = $1"
LINKS = """
SELECT retailer, marketplace, status, sealed_external_reference IS NULL
FROM account_link JOIN person ON person.id = person_id
JOIN shopper ON shopper.person_id = person.id
WHERE shopper.id = (SELECT shopper_id FROM cart_intent LIMIT 1) ORDER BY linked_at
"""
CONSENTS = "SELECT kind, text_version, revoked_at IS NULL FROM consent ORDER BY granted_at, id"


async def waiting(resources: Resources, x_user_id: int, **changes: Any) -> UUID:
    """An intent that waits for a link or a consent."""
    until = clock.now() + timedelta(days=7)
    return await an_intent(resources, x_user_id, S.AWAITING_LINK, waits_until=until, **changes)


async def test_connecting_an_account_sends_on_all_that_waited_for_it(
    browser: Browser, world_resources: Resources
) -> None:
    boot = await waiting(world_resources, PRIYA)
    socks = await waiting(world_resources, PRIYA, asin="B0ACMESK02")
    await browser.sign_in(PRIYA_HANDLE)
    page = await browser.open("/s/accounts")
    assert "Sandbox Shop, United States Something you saved waits for this" in page.text

    page = await browser.press(page.button("Connect Sandbox Shop, United States"))

    assert "what waited for it is on its way to your cart" in page.text
    assert "Disconnect Sandbox Shop, United States" in page.labels
    assert await fetch(world_resources, LINKS) == [("sandbox", "US", "ACTIVE", False)]
    assert {(await fetch(world_resources, STATUS, key))[0] for key in (boot, socks)} == {
        ("QUEUED",)
    }
    kinds = [kind for _, kind, _ in await log_of(world_resources)]
    assert kinds == ["cart_intent.recovered"] * 2
    async with working(world_resources):

        async def both_added() -> bool:
            rows = await fetch(world_resources, "SELECT DISTINCT status FROM cart_intent")
            return rows == [("ADDED",)]

        await until(both_added)


async def test_connecting_twice_makes_one_link_and_the_same_account_as_before(
    browser: Browser, world_resources: Resources
) -> None:
    await waiting(world_resources, PRIYA)
    await browser.sign_in(PRIYA_HANDLE)
    connect = (await browser.open("/s/accounts")).button("Connect Sandbox Shop, United States")
    await browser.press(connect)
    page = await browser.press(connect)
    accounts = await fetch(world_resources, "SELECT count(*)::int FROM sandbox_cart")
    await browser.press(page.button("Disconnect Sandbox Shop, United States"))

    page = await browser.press(connect)

    assert "Disconnect Sandbox Shop, United States" in page.labels
    assert await fetch(world_resources, "SELECT count(*)::int FROM sandbox_cart") == accounts
    assert [row[2] for row in await fetch(world_resources, LINKS)] == [
        "REVOKED_BY_SHOPPER",
        "ACTIVE",
    ]


async def test_disconnecting_forgets_the_account_and_lets_waiting_things_wait(
    browser: Browser, world_resources: Resources
) -> None:
    elsewhere = await waiting(world_resources, MARA, marketplace="UK", asin=None)
    queued = await an_intent(world_resources, MARA, S.QUEUED, next_attempt_at=clock.now())
    await browser.sign_in(MARA_HANDLE)
    page = await browser.open("/s/accounts")

    page = await browser.press(page.button("Disconnect Sandbox Shop, United States"))

    assert "Your account is disconnected." in page.text
    assert await fetch(world_resources, LINKS) == [("sandbox", "US", "REVOKED_BY_SHOPPER", True)]
    assert await fetch(world_resources, STATUS, elsewhere) == [("AWAITING_LINK",)]
    async with working(world_resources):

        async def failed() -> bool:
            return await fetch(world_resources, STATUS, queued) == [("FAILED",)]

        await until(failed)
    reason = "SELECT failure_reason FROM cart_intent WHERE id = $1"
    assert await fetch(world_resources, reason, queued) == [("LINK_REVOKED",)]
    assert "Your account at the shop is no longer connected." in (await browser.open("/s")).text


@pytest.mark.parametrize(
    ("retailer", "marketplace"),
    [("sandbox", "XX"), ("amazon", "US"), ("nobody", "US"), ("", ""), ("sandbox", "us")],
)
async def test_an_account_is_connected_only_where_the_brands_here_sell(
    browser: Browser, world_resources: Resources, retailer: str, marketplace: str
) -> None:
    token = (await browser.sign_in(PRIYA_HANDLE)).buttons[0].fields["token"]
    before = await everything(world_resources)

    page = await browser.post(
        "/s/accounts/connect",
        {"token": token, "retailer": retailer, "marketplace": marketplace},
    )

    assert page.status == 404
    assert await everything(world_resources) == before


async def test_one_permission_sends_on_all_that_waited_for_it_and_is_in_the_ledger(
    browser: Browser, world_resources: Resources
) -> None:
    intent_id = await waiting(world_resources, PRIYA, retailer="amazon")
    ledger = await fetch(world_resources, CONSENTS)
    page = await browser.sign_in(PRIYA_HANDLE)
    page = await browser.open(page.links["Give permission Acme Trail Boot"])
    text = current_text(ConsentKind.HANDOFF)
    assert text is not None
    assert all(sentence in page.text for sentence in text.sentences)

    page = await browser.press(page.button("I agree"))

    assert "Noted: you agreed." in page.text
    assert await fetch(world_resources, STATUS, intent_id) == [("QUEUED",)]
    assert await fetch(world_resources, CONSENTS) == [*ledger, ("HANDOFF", text.version, True)]
    assert "I agree" not in (await browser.open("/s/permission")).labels


async def test_a_text_that_she_did_not_read_is_not_agreed_to(
    browser: Browser, world_resources: Resources
) -> None:
    intent_id = await waiting(world_resources, PRIYA, retailer="amazon")
    ledger = await fetch(world_resources, CONSENTS)
    await browser.sign_in(PRIYA_HANDLE)
    agree = (await browser.open("/s/permission")).button("I agree")

    page = await browser.press(agree, version="2014-05-05")

    assert page.status == 409
    assert "This text has changed since you opened it." in page.text
    assert await fetch(world_resources, STATUS, intent_id) == [("AWAITING_LINK",)]
    assert await fetch(world_resources, CONSENTS) == ledger


async def test_agreeing_twice_is_one_consent(browser: Browser, world_resources: Resources) -> None:
    ledger = await fetch(world_resources, CONSENTS)
    await browser.sign_in(PRIYA_HANDLE)
    agree = (await browser.open("/s/permission")).button("I agree")
    await browser.press(agree)

    await browser.press(agree)

    assert len(await fetch(world_resources, CONSENTS)) == len(ledger) + 1


async def test_taking_the_permission_back_takes_back_what_is_on_its_way_by_it(
    browser: Browser, world_resources: Resources
) -> None:
    await browser.sign_in(PRIYA_HANDLE)
    await browser.press((await browser.open("/s/permission")).button("I agree"))
    on_its_way = await an_intent(world_resources, PRIYA, S.QUEUED, retailer="amazon")
    other = await an_intent(world_resources, PRIYA, S.QUEUED, asin="B0ACMESK02")
    page = await browser.open("/s/privacy")

    page = await browser.press(page.button("Take back Links that open your cart"))

    assert "Noted: you no longer agree." in page.text
    assert "Taken back on" in page.text
    assert await fetch(world_resources, STATUS, on_its_way) == [("WITHDRAWN",)]
    assert await fetch(world_resources, STATUS, other) == [("QUEUED",)]
    assert "I agree" in (await browser.open("/s/permission")).labels


async def test_a_consent_of_another_person_is_not_taken_back(
    new_browser: NewBrowser, world_resources: Resources
) -> None:
    hers, other = new_browser(), new_browser()
    await hers.sign_in(PRIYA_HANDLE)
    await hers.press((await hers.open("/s/permission")).button("I agree"))
    consent = (await hers.open("/s/privacy")).button("Take back Links that open your cart")
    token = (await other.sign_in(MARA_HANDLE)).buttons[0].fields["token"]
    ledger = await fetch(world_resources, CONSENTS)

    page = await other.press(consent, token=token)

    assert "That could not be done any more" in page.text
    assert await fetch(world_resources, CONSENTS) == ledger


def test_versions_of_a_text_have_names_of_their_own() -> None:
    names = [(text.kind, text.version) for text in TEXTS]

    assert len(set(names)) == len(names)
    assert BY_LINK == ("amazon",)
