"""Signing in and out: what is refused, what is kept, when it ends."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from pydantic import SecretStr

from app.core import clock
from app.core.resources import Resources
from app.core.settings import Environment, Settings
from app.pages.sessions import ATTEMPT_LASTS, IDLE_LASTS, SESSION_LASTS, SESSIONS_MAX
from app.pages.throttle import Throttle
from tests.pages.browser import ADDRESS, Browser, read_page
from tests.pages.conftest import NewBrowser, page_over
from tests.walk import everything, fetch

MARA, MARA_ID = "mara_k_inv", 1720000000000000002
SESSIONS = "SELECT count(*)::int FROM shopper_session"


async def sessions(resources: Resources) -> int:
    [(count,)] = await fetch(resources, SESSIONS)
    return int(count)


async def begun(browser: Browser) -> dict[str, str]:
    """Begin to sign in; what the provider is asked."""
    answer = await browser.send("/s/sign-in", {})
    assert answer.status_code == 303
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    return {name: value for name, [value] in query.items()}


async def code_for(browser: Browser, asked: dict[str, str], handle: str = MARA) -> dict[str, str]:
    """What the sandbox sends back for a person of the world."""
    answer = await browser.send("/s/sandbox/authorize", {**asked, "person": f"{MARA_ID} {handle}"})
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    return {name: value for name, [value] in query.items()}


async def test_a_person_signs_in_and_sees_her_own_page(browser: Browser) -> None:
    page = await browser.sign_in(MARA)

    assert page.status == 200
    assert "What you saved" in page.text
    assert browser.visited[-1] == f"{ADDRESS}/s"
    assert "Sign out @mara_k_inv" in page.labels


async def test_the_request_to_the_provider_is_code_with_pkce_s256_and_a_state(
    browser: Browser,
) -> None:
    asked = await begun(browser)

    assert asked.keys() == {
        "response_type",
        "client_id",
        "redirect_uri",
        "scope",
        "state",
        "code_challenge",
        "code_challenge_method",
    }
    assert asked["response_type"] == "code"
    assert asked["redirect_uri"] == f"{ADDRESS}/s/callback"
    assert asked["code_challenge_method"] == "S256"
    assert asked["scope"] == "users.read tweet.read"
    assert len(asked["code_challenge"]) == len(asked["state"]) == 43
    assert asked["code_challenge"] != asked["state"]


async def test_nothing_that_is_stored_lets_anybody_in(
    browser: Browser, world_resources: Resources
) -> None:
    asked = await begun(browser)
    answer = await code_for(browser, asked)
    stored = repr(await everything(world_resources))
    begun_token = browser.client.cookies["hashcart_sign_in"]
    await browser.open(f"/s/callback?code={answer['code']}&state={answer['state']}")
    stored += repr(await everything(world_resources))
    token = browser.client.cookies["hashcart_session"]

    assert await sessions(world_resources) == 1
    for secret in (begun_token, token, answer["code"], asked["state"]):
        assert secret not in stored
    assert "hashcart_sign_in" not in browser.client.cookies


@pytest.mark.parametrize("change", ["other browser", "state", "no state", "no cookie"])
async def test_a_code_is_taken_only_in_the_browser_that_began(
    new_browser: NewBrowser, world_resources: Resources, change: str
) -> None:
    attacker, victim = new_browser(), new_browser()
    answer = await code_for(attacker, await begun(attacker))
    if change == "other browser":
        await begun(victim)
    elif change != "no cookie":
        victim = attacker
    if change == "state":
        answer["state"] = "A" * 43
    elif change == "no state":
        del answer["state"]

    back = await victim.client.get("/s/callback", params=answer)

    assert back.status_code == 400
    assert "was not begun in this browser" in read_page(back).text
    assert "hashcart_session" not in victim.client.cookies
    assert await sessions(world_resources) == 0


async def test_an_answer_of_the_provider_is_taken_once(
    browser: Browser, world_resources: Resources
) -> None:
    answer = await code_for(browser, await begun(browser))
    kept = dict(browser.client.cookies)
    first = await browser.client.get("/s/callback", params=answer)
    browser.client.cookies.update(kept)

    second = await browser.client.get("/s/callback", params=answer)

    assert (first.status_code, second.status_code) == (303, 400)
    assert await sessions(world_resources) == 1


async def test_a_code_is_good_once_also_with_another_attempt_of_the_same_browser(
    browser: Browser, world_resources: Resources
) -> None:
    first = await code_for(browser, await begun(browser))
    again = await code_for(browser, await begun(browser))

    page = await browser.open(f"/s/callback?code={first['code']}&state={again['state']}")

    assert page.status == 400
    assert "did not confirm who you are" in page.text
    assert await sessions(world_resources) == 0


async def test_an_attempt_ends_after_ten_minutes(
    browser: Browser, world_resources: Resources
) -> None:
    answer = await code_for(browser, await begun(browser))
    clock.start_at(clock.now() + ATTEMPT_LASTS)

    page = await browser.open(f"/s/callback?code={answer['code']}&state={answer['state']}")

    assert page.status == 400
    assert await sessions(world_resources) == 0


async def test_after_the_way_in_there_is_one_place_to_go(browser: Browser) -> None:
    answer = await code_for(browser, await begun(browser))
    smuggled = {**answer, "next": "https://evil.example/", "redirect": "//evil.example"}

    back = await browser.client.get("/s/callback", params=smuggled)

    assert (back.status_code, back.headers["location"]) == (303, "/s")


async def test_who_refuses_is_not_signed_in(browser: Browser, world_resources: Resources) -> None:
    page = await browser.press((await browser.open("/s")).button("Sign in with the sandbox"))

    page = await browser.press(page.button("Refuse"))

    assert "You did not allow it" in page.text
    assert await sessions(world_resources) == 0


async def test_a_second_sign_in_ends_the_session_that_the_browser_held(
    browser: Browser, world_resources: Resources
) -> None:
    await browser.sign_in(MARA)
    before = browser.client.cookies["hashcart_session"]
    asked = await begun(browser)
    answer = await code_for(browser, asked)
    await browser.open(f"/s/callback?code={answer['code']}&state={answer['state']}")

    assert browser.client.cookies["hashcart_session"] != before
    assert await sessions(world_resources) == 1


async def test_signing_out_ends_the_session_itself(
    browser: Browser, world_resources: Resources
) -> None:
    page = await browser.sign_in(MARA)
    token = browser.client.cookies["hashcart_session"]

    page = await browser.press(page.button("Sign out @mara_k_inv"))

    assert "You are signed out" in page.text
    assert "hashcart_session" not in browser.client.cookies
    assert await sessions(world_resources) == 0
    browser.client.cookies.set("hashcart_session", token, path="/s")
    assert "Sign in with the sandbox" in (await browser.open("/s")).labels


@pytest.mark.parametrize("lasts", [IDLE_LASTS, SESSION_LASTS])
async def test_a_session_ends_unused_after_a_week_and_used_after_a_month(
    browser: Browser, lasts: timedelta
) -> None:
    await browser.sign_in(MARA)
    began = clock.now()
    while lasts is SESSION_LASTS and clock.now() < began + lasts - timedelta(days=3):
        clock.start_at(clock.now() + timedelta(days=3))
        assert "Sign out @mara_k_inv" in (await browser.open("/s")).labels

    clock.start_at(began + lasts + timedelta(seconds=1))

    assert "Sign in with the sandbox" in (await browser.open("/s")).labels


async def test_a_person_has_ten_sessions_at_most_and_the_oldest_ends(
    new_browser: NewBrowser, world_resources: Resources
) -> None:
    browsers = [new_browser() for _ in range(SESSIONS_MAX + 1)]
    for browser in browsers:
        await browser.sign_in(MARA)

    assert await sessions(world_resources) == SESSIONS_MAX
    assert "Sign in with the sandbox" in (await browsers[0].open("/s")).labels
    assert "What you saved" in (await browsers[1].open("/s")).text


async def test_who_was_not_known_can_sign_in_and_the_handle_she_has_now_is_kept(
    new_browser: NewBrowser,
) -> None:
    browser = new_browser()
    page = await browser.sign_in_as(1777000000000000777, "quite_new")

    assert "Nothing here yet" in page.text
    assert "Sign out @quite_new" in page.labels
    await new_browser().sign_in_as(1777000000000000777, "renamed")
    assert "Sign out @renamed" in (await browser.open("/s")).labels


async def test_too_many_sign_ins_from_one_network_wait(browser: Browser) -> None:
    answers = [await browser.send("/s/sign-in", {}) for _ in range(Throttle.each_max + 1)]

    assert {answer.status_code for answer in answers[:-1]} == {303}
    assert answers[-1].status_code == 429
    assert answers[-1].headers["retry-after"] == "60"
    clock.start_at(clock.now() + timedelta(minutes=1))
    assert (await browser.send("/s/sign-in", {})).status_code == 303


def test_a_throttle_counts_a_household_and_remembers_a_bounded_number() -> None:
    throttle, now = Throttle(each_max=1, all_max=3), clock.now()

    assert throttle.admits("2001:db8::1", now)
    assert not throttle.admits("2001:db8::2", now)
    assert throttle.admits("2001:db8:0:1::1", now)
    assert throttle.admits("not an address", now)
    assert not throttle.admits("192.0.2.1", now)
    assert throttle.admits("192.0.2.1", now + timedelta(minutes=1))


async def test_a_form_from_another_site_begins_nothing(
    browser: Browser, world_resources: Resources
) -> None:
    browser.headers["sec-fetch-site"] = "cross-site"

    answer = await browser.send("/s/sign-in", {})

    assert answer.status_code == 403
    assert await fetch(world_resources, "SELECT count(*)::int FROM sign_in_attempt") == [(0,)]


async def test_over_tls_cookies_are_bound_to_the_host_and_closed_to_scripts(
    world_resources: Resources,
) -> None:
    settings = Settings(public_url="https://shop.example")
    application = page_over(Resources(**{**vars(world_resources), "settings": settings}))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(application), base_url="https://shop.example"
    ) as client:
        answer = await client.post("/s/sign-in", headers={"content-type": "text/plain"})

    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-hashcart_sign_in=hc_si_")
    assert cookie.partition("; ")[2] == "HttpOnly; Max-Age=600; Path=/; SameSite=lax; Secure"


async def test_production_without_a_client_id_says_so_and_mounts_no_sandbox(
    world_resources: Resources,
) -> None:
    settings = Settings(
        env=Environment.PRODUCTION,
        database_url="postgresql://db.example/hashcart",
        secret_key=SecretStr("a" * 32),
        x_consumer_secret=SecretStr("b" * 32),
        public_url="https://shop.example",
    )
    application = page_over(Resources(**{**vars(world_resources), "settings": settings}))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(application), base_url="https://shop.example"
    ) as client:
        shown = [
            await client.get("/s"),
            await client.post("/s/sign-in"),
            await client.get("/s/sandbox/authorize"),
            await client.get("/s/callback?code=1&state=2"),
        ]

    assert [answer.status_code for answer in shown] == [503] * 4
    assert {read_page(answer).text.count("Sign-in is not set up") for answer in shown} == {2}
