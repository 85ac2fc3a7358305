"""What she saved: what the page says of it, what she can do, and that it is hers alone."""

import re
from datetime import timedelta
from uuid import UUID

import pytest

from app.carts.states import CartIntentStatus, FailureReason
from app.core import clock
from app.core.ids import global_id
from app.core.resources import Resources
from app.pages.queries import PAGE_ITEMS, Item
from app.pages.saved import own_picture, view_of
from app.pages.wording import REASONS, Tone, price_text, say
from app.retailers.states import AddMode
from tests.pages.browser import Browser, Page
from tests.pages.conftest import NewBrowser
from tests.pages.rows import an_intent
from tests.walk import Walk, a_reply, everything, fetch, log_of, read_corpus, until

MARA, JONAS = 1720000000000000002, 1830000000000000003
MARA_HANDLE, JONAS_HANDLE = "mara_k_inv", "jonas_w_inv"
STATUS = "SELECT status FROM cart_intent WHERE id = $1"
S = CartIntentStatus


def an_item(status: CartIntentStatus, **changes: object) -> Item:
    values: dict[str, object] = dict.fromkeys(Item.__slots__)
    values |= {
        "brand_id": UUID(int=1),
        "id": UUID(int=2),
        "brand_name": "Acme Boots",
        "brand_handle": "AcmeBoots",
        "status": status,
        "retailer": "sandbox",
        "marketplace": "US",
        "quantity": 1,
        "is_being_withdrawn": False,
        "is_being_removed": False,
        "received_at": clock.now(),
    }
    return Item(**{**values, **changes})  # type: ignore[arg-type]  # made from the names of slots


@pytest.mark.parametrize("status", list(S))
def test_every_state_has_words_of_its_own(status: CartIntentStatus) -> None:
    labels = {say(an_item(other), AddMode.SERVER_ADD).label for other in S}

    said = say(an_item(status), AddMode.SERVER_ADD)

    assert len(labels) == len(S)
    assert said.meaning.endswith(".")


@pytest.mark.parametrize("reason", list(FailureReason))
def test_every_reason_of_a_failure_is_said_with_what_she_can_do(reason: FailureReason) -> None:
    said = say(an_item(S.FAILED, failure_reason=reason), AddMode.SERVER_ADD)

    assert said.tone is Tone.FAILED
    assert said.meaning == REASONS[reason]
    assert reason.value not in said.meaning


def test_what_waits_for_a_link_says_what_it_waits_for() -> None:
    until = {"waits_until": clock.now().replace(2026, 11, 30)}

    by_account = say(an_item(S.AWAITING_LINK, **until), AddMode.SERVER_ADD)
    by_consent = say(an_item(S.AWAITING_LINK, **until), AddMode.HANDOFF_URL)

    assert by_account.label == "Waiting for you to connect your account"
    assert by_consent.label == "Waiting for your permission"
    assert by_account.meaning.endswith("until 30 November 2026.")


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (12900, "USD", "129.00 USD"),
        (1234567, "EUR", "12,345.67 EUR"),
        (5, "GBP", "0.05 GBP"),
        (1980, "JPY", "1,980 JPY"),
        (1500, "KWD", "1.500 KWD"),
    ],
)
def test_a_price_is_told_in_its_currency(amount: int, currency: str, text: str) -> None:
    assert price_text(amount, currency) == text


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("/demo/pictures/boot.svg", "/demo/pictures/boot.svg"),
        ("https://us.example/boot.svg", "/boot.svg"),
        ("https://us.example.evil.example/boot.svg", None),
        ("https://pictures.example/boot.png", None),
        ("//pictures.example/boot.png", None),
        ("/\\pictures.example/boot.png", None),
        ("javascript:alert(1)", None),
        (None, None),
    ],
)
def test_only_pictures_of_our_own_are_shown(url: str | None, shown: str | None) -> None:
    assert own_picture(url, "https://us.example") == shown


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://www.amazon.com/gp/aws/cart/add.html", True),
        ("javascript:alert(1)", False),
        ("http://www.amazon.com/", False),
    ],
)
def test_a_hand_off_leads_over_tls_or_nowhere(url: str, shown: bool) -> None:
    view = view_of(an_item(S.HANDED_OFF, hand_off_url=url), "https://us.example")

    assert view.hand_off_url == (url if shown else None)


async def test_she_sees_what_she_saved_with_its_state_and_price(
    browser: Browser, world_resources: Resources
) -> None:
    await an_intent(world_resources, MARA, S.ADDED, offer_amount_minor=9900, offer_currency="USD")

    page = await browser.sign_in(MARA_HANDLE)

    assert "Acme Trail Boot Acme Boots" in page.text
    assert "99.00 USD In your cart" in page.text
    assert "Take out of my cart Acme Trail Boot" in page.labels
    assert "See the post on X Acme Trail Boot" in page.links


async def test_everything_is_reached_page_by_page_newest_first_once(
    browser: Browser, world_resources: Resources
) -> None:
    made = [
        await an_intent(world_resources, MARA, S.ADDED if number == 0 else S.WITHDRAWN)
        for number in range(2 * PAGE_ITEMS + 1)
    ]
    page, seen = await browser.sign_in(MARA_HANDLE), []
    while True:
        seen.append(page.text.count("Acme Trail Boot Acme Boots"))
        if "Older" not in page.links:
            break
        page = await browser.open(page.links["Older"])

    assert seen == [PAGE_ITEMS, PAGE_ITEMS, 1]
    assert "In your cart" in page.text
    assert len(made) == sum(seen)


@pytest.mark.parametrize("after", ["x", "A" * 500, "MjAyNi0xMS0yMA", "%00", "é"])
async def test_a_place_that_we_did_not_make_leads_nowhere(browser: Browser, after: str) -> None:
    await browser.sign_in(MARA_HANDLE)

    assert (await browser.open(f"/s?after={after}")).status == 404


async def test_nobody_sees_or_changes_what_is_another_persons(
    new_browser: NewBrowser, world_resources: Resources
) -> None:
    intent_id = await an_intent(
        world_resources, MARA, S.AWAITING_LINK, waits_until=clock.now() + timedelta(days=1)
    )
    item = global_id("CartIntent", intent_id)
    other = new_browser()
    page = await other.sign_in(JONAS_HANDLE)
    token = page.buttons[0].fields["token"]
    before = await everything(world_resources)

    assert "Acme Trail Boot" not in page.text
    assert (await other.open(f"/s/items/{item}/choose")).status == 404
    for act in ("choose", "withdraw", "remove"):
        posted = await other.post(f"/s/items/{item}/{act}", {"token": token})
        assert posted.status == 404
    assert await everything(world_resources) == before


@pytest.mark.parametrize("item", ["x", "..", global_id("Product", UUID(int=1)), "A" * 200])
async def test_an_id_that_is_none_is_not_found(browser: Browser, item: str) -> None:
    page = await browser.sign_in(MARA_HANDLE)
    token = page.buttons[0].fields["token"]

    assert (await browser.post(f"/s/items/{item}/withdraw", {"token": token})).status in (404, 405)


async def test_she_takes_back_what_waits(browser: Browser, world_resources: Resources) -> None:
    intent_id = await an_intent(
        world_resources, MARA, S.AWAITING_LINK, waits_until=clock.now() + timedelta(days=1)
    )
    page = await browser.sign_in(MARA_HANDLE)

    page = await browser.press(page.button("Take back Acme Trail Boot"))

    assert "Taken back. Nothing is added to your cart." in page.text
    assert await fetch(world_resources, STATUS, intent_id) == [("WITHDRAWN",)]
    [(_, kind, _)] = await log_of(world_resources)
    assert kind == "cart_intent.withdrawn"
    [actor] = await fetch(
        world_resources, "SELECT actor_kind, actor_id = shopper_id FROM event, cart_intent"
    )
    assert actor == ("SHOPPER", True)


async def test_a_button_that_is_pressed_twice_acts_once(
    browser: Browser, world_resources: Resources
) -> None:
    await an_intent(
        world_resources, MARA, S.AWAITING_LINK, waits_until=clock.now() + timedelta(days=1)
    )
    button = (await browser.sign_in(MARA_HANDLE)).button("Take back Acme Trail Boot")
    await browser.press(button)

    page = await browser.press(button)

    assert "Taken back. Nothing is added to your cart." in page.text
    assert len(await log_of(world_resources)) == 1


async def test_a_button_of_an_old_page_changes_nothing_and_says_so(
    browser: Browser, world_resources: Resources
) -> None:
    await an_intent(
        world_resources, MARA, S.AWAITING_LINK, waits_until=clock.now() + timedelta(days=1)
    )
    button = (await browser.sign_in(MARA_HANDLE)).button("Take back Acme Trail Boot")
    await execute(world_resources, "UPDATE cart_intent SET status = 'ADDED', waits_until = NULL")

    page = await browser.press(button)

    assert "That could not be done any more" in page.text
    assert "In your cart" in page.text
    assert await log_of(world_resources) == []


async def execute(resources: Resources, statement: str) -> None:
    async with resources.engine.begin() as connection:
        await connection.exec_driver_sql(statement)


async def test_she_takes_out_of_her_cart_what_was_added(
    new_browser: NewBrowser, walk: Walk
) -> None:
    await walk.post(a_reply())
    await walk.settle()
    browser = new_browser()
    page = await browser.sign_in(MARA_HANDLE)

    page = await browser.press(page.button("Take out of my cart Acme Trail Boot"))

    assert "We have asked the shop to take it out" in page.text
    await until_status(walk, "REMOVED")
    assert "Taken out of your cart" in (await browser.open("/s")).text


async def test_she_chooses_among_the_products_of_the_post(
    new_browser: NewBrowser, walk: Walk
) -> None:
    case = read_corpus("cases/two_products_no_primary.json")
    for delivery in case["deliveries"]:
        await walk.post(delivery["body"])
    await until_status(walk, "AWAITING_CHOICE")
    [(x_user_id,)] = {
        (int(delivery["body"]["data"]["payload"]["author_id"]),) for delivery in case["deliveries"]
    }
    handle = next(
        shopper["x_handle"]
        for shopper in read_corpus("world.json")["shoppers"]
        if int(shopper["x_user_id"]) == x_user_id
    )
    browser = new_browser()
    page = await browser.sign_in(handle)
    [choose] = [link for link in page.links if link.startswith("Choose yours")]
    page = await browser.open(page.links[choose])

    missing = await browser.press(page.button("Save this one"))
    assert (missing.status, "Choose one of these first." in missing.text) == (400, True)
    stranger = await browser.press(
        page.button("Save this one"), product=global_id("Product", UUID(int=1))
    )
    assert "That could not be done any more" in stranger.text
    assert await walk.fetch("SELECT status FROM cart_intent") == [("AWAITING_CHOICE",)]

    page = await browser.press(page.button("Save this one"), product=chosen_of(page))

    assert "We go on with the product you chose." in page.text
    await until_status(walk, "ADDED")


def chosen_of(page: Page) -> str:
    """The value of the first choice."""
    found = re.search(r'type="radio" name="product" value="([^"]+)"', page.answer.text)
    assert found is not None
    return found.group(1)


async def until_status(walk: Walk, status: str) -> None:
    async def reached() -> bool:
        return await walk.fetch("SELECT status FROM cart_intent") == [(status,)]

    await until(reached)
