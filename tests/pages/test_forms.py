"""Forms and headers: what is refused before anything happens, and what every page says."""

import httpx
import pytest

from app.carts.states import CartIntentStatus
from app.core import clock
from app.core.ids import global_id
from app.core.resources import Resources
from app.core.settings import Settings
from app.pages.answers import STYLE_VERSION
from app.pages.forms import FIELDS_MAX, FORM_BYTES_MAX, NoForm, parse_form
from tests.pages.browser import FORM, Browser
from tests.pages.conftest import NewBrowser, page_over
from tests.pages.rows import an_intent
from tests.walk import everything, without_database

MARA, MARA_HANDLE, JONAS_HANDLE = 1720000000000000002, "mara_k_inv", "jonas_w_inv"
ACTIONS = (
    "/sign-out",
    "/items/{item}/withdraw",
    "/items/{item}/remove",
    "/items/{item}/choose",
    "/accounts/connect",
    "/accounts/disconnect",
    "/permission",
    "/privacy/revoke",
    "/privacy/end-session",
    "/leave",
)
PAGES = ("", "/accounts", "/permission", "/privacy", "/leave", "/nothing", "/sandbox/authorize")
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)


@pytest.mark.parametrize("fault", ["no token", "another's token", "another site", "signed out"])
async def test_nothing_is_done_without_the_token_of_her_own_session(
    new_browser: NewBrowser, world_resources: Resources, fault: str
) -> None:
    intent_id = await an_intent(
        world_resources, MARA, CartIntentStatus.AWAITING_LINK, waits_until=clock.now()
    )
    browser, other = new_browser(), new_browser()
    token = (await browser.sign_in(MARA_HANDLE)).buttons[0].fields["token"]
    others = (await other.sign_in(JONAS_HANDLE)).buttons[0].fields["token"]
    fields = {"token": others if fault == "another's token" else token}
    if fault == "no token":
        fields = {"retailer": "sandbox", "marketplace": "US"}
    elif fault == "another site":
        browser.headers["sec-fetch-site"] = "cross-site"
    elif fault == "signed out":
        browser.client.cookies.clear()
    before = await everything(world_resources)

    item = global_id("CartIntent", intent_id)
    pages = [await browser.post("/s" + action.format(item=item), fields) for action in ACTIONS]

    assert {page.status for page in pages} == {403}
    assert await everything(world_resources) == before


@pytest.mark.parametrize(
    ("headers", "content"),
    [
        ({"content-type": "application/json"}, b"{}"),
        ({}, b"token=1"),
        (FORM, b"token=1&token=2"),
        (FORM, b"token"),
        (FORM, b"token=%00"),
        (FORM, b"token=%ff"),
        (FORM, "token=é".encode()),
        (FORM, b"a=" + b"b" * FORM_BYTES_MAX),
        (FORM, "&".join(f"f{number}=1" for number in range(FIELDS_MAX + 1)).encode()),
    ],
)
async def test_a_body_that_is_no_form_of_ours_is_refused(
    browser: Browser, world_resources: Resources, headers: dict[str, str], content: bytes
) -> None:
    await browser.sign_in(MARA_HANDLE)
    before = await everything(world_resources)

    answer = await browser.client.post("/s/leave", headers=headers, content=content)

    assert answer.status_code == 400
    assert "That was not done" in answer.text
    assert await everything(world_resources) == before


def test_an_empty_form_is_a_form() -> None:
    assert parse_form(b"") == {}
    assert parse_form(b"a=&b=%C3%A9") == {"a": "", "b": "é"}
    assert isinstance(parse_form(b"a=%C3"), NoForm)


@pytest.mark.parametrize("signed_in", [True, False])
async def test_every_page_comes_under_strict_headers(browser: Browser, signed_in: bool) -> None:
    if signed_in:
        await browser.sign_in(MARA_HANDLE)
    for path in PAGES:
        assert_strict((await browser.client.get(f"/s{path}")).headers)


def assert_strict(headers: httpx.Headers) -> None:
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert headers["content-security-policy"] == POLICY
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["permissions-policy"].startswith("camera=(), ")
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "access-control-allow-origin" not in headers


async def test_the_form_of_the_sign_in_may_lead_to_x_and_nowhere_else(
    world_resources: Resources,
) -> None:
    settings = Settings(x_client_id="client")
    application = page_over(Resources(**{**vars(world_resources), "settings": settings}))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(application), base_url="http://127.0.0.1:8000"
    ) as client:
        shown = await client.get("/s")
        begun = await client.post("/s/sign-in")
        sandbox = await client.get("/s/sandbox/authorize")

    assert "form-action 'self' https://x.com;" in shown.headers["content-security-policy"]
    assert begun.headers["location"].startswith("https://x.com/i/oauth2/authorize?")
    assert "Sign in with X" in sandbox.text
    assert "Who are you?" not in sandbox.text


async def test_style_and_icon_are_ours_and_kept_by_their_version(browser: Browser) -> None:
    style = await browser.client.get(f"/s/style.css?v={STYLE_VERSION}")
    icon = await browser.client.get("/s/icon.svg")

    assert style.headers["content-type"] == "text/css; charset=utf-8"
    assert style.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "url(" not in style.text
    assert "@import" not in style.text
    assert icon.headers["content-type"] == "image/svg+xml"
    assert icon.headers["cache-control"] == "public, max-age=3600"


async def test_a_handle_and_a_title_are_text_and_nothing_else(
    browser: Browser, world_resources: Resources
) -> None:
    async with world_resources.engine.begin() as connection:
        await connection.exec_driver_sql(
            "UPDATE product SET title = '<script>alert(1)</script> & \"more\"'"
        )
    await an_intent(world_resources, MARA, CartIntentStatus.ADDED)

    page = await browser.sign_in(MARA_HANDLE)

    assert "<script>alert(1)</script>" in page.text
    assert "<script" not in page.answer.text


async def test_while_the_database_is_away_the_page_says_so(
    browser: Browser, world_resources: Resources
) -> None:
    await browser.sign_in(MARA_HANDLE)

    async with without_database(world_resources):
        page = await browser.open("/s")
        begun = await browser.send("/s/sign-in", {})

    assert (page.status, begun.status_code) == (503, 503)
    assert page.answer.headers["retry-after"] == "10"
    assert "We cannot reach our own records" in page.text
    assert "What you saved" in (await browser.open("/s")).text


async def test_a_defect_shows_a_page_that_tells_nothing_of_it(
    browser: Browser, world_resources: Resources
) -> None:
    await browser.sign_in(MARA_HANDLE)
    async with world_resources.engine.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE cart_intent RENAME TO elsewhere")
    try:
        page = await browser.open("/s")
    finally:
        async with world_resources.engine.begin() as connection:
            await connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO cart_intent")

    assert page.status == 500
    assert "That is our fault" in page.text
    assert "elsewhere" not in page.answer.text
    assert "cart_intent" not in page.answer.text
