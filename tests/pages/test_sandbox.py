"""The sandbox provider: as strict as X, and nowhere but in development."""

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi import APIRouter
from pydantic import SecretStr

from app.core import clock
from app.core.resources import Resources
from app.core.settings import Environment, Settings
from app.pages.answers import Answers, Cookies
from app.pages.sandbox.back_channel import ME_PATH, ORIGIN, TOKEN_PATH, back_channel
from app.pages.sandbox.provider import CLIENT_ID, CLIENT_SECRET, CODE_LASTS, TOKEN_LASTS
from app.pages.sandbox.routes import NotInProduction, add_sandbox
from app.pages.sessions import Attempt
from app.pages.visits import Pages
from tests.pages.browser import ADDRESS, Browser
from tests.walk import everything, fetch

VERIFIER = "a-verifier-that-nobody-else-knows-0123456789"
CHALLENGE = "z1xMKvjoRYUhKVN1kP_9oxEtHYhZuQziUft9gMEC2yY"
ASKED = {
    "response_type": "code",
    "client_id": CLIENT_ID,
    "redirect_uri": f"{ADDRESS}/s/callback",
    "state": "a-state",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}
PERSON = {"person": "1720000000000000002 mara_k_inv"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("redirect_uri", f"{ADDRESS}/s/callback/"),
        ("redirect_uri", f"{ADDRESS}/s/callback?next=/"),
        ("redirect_uri", "https://evil.example/s/callback"),
        ("redirect_uri", ""),
        ("client_id", "another"),
        ("response_type", "token"),
        ("code_challenge_method", "plain"),
        ("code_challenge_method", ""),
        ("code_challenge", ""),
        ("code_challenge", "short"),
        ("state", ""),
        ("state", "s" * 501),
    ],
)
async def test_a_wrong_request_is_told_and_leads_back_to_nobody(
    browser: Browser, world_resources: Resources, name: str, value: str
) -> None:
    before = await everything(world_resources)

    shown = await browser.client.get("/s/sandbox/authorize", params={**ASKED, name: value})
    posted = await browser.send("/s/sandbox/authorize", {**ASKED, name: value, **PERSON})

    assert (shown.status_code, posted.status_code) == (400, 400)
    assert "The sandbox cannot answer this" in posted.text
    assert "location" not in posted.headers
    assert await everything(world_resources) == before


@pytest.mark.parametrize(
    "chosen",
    [
        {},
        {"person": "nobody"},
        {"x_user_id": "0", "x_handle": "somebody"},
        {"x_user_id": "12a", "x_handle": "somebody"},
        {"x_user_id": "12", "x_handle": "some body"},
        {"x_user_id": "12", "x_handle": ""},
    ],
)
async def test_who_is_nobody_gets_no_code(browser: Browser, chosen: dict[str, str]) -> None:
    answer = await browser.send("/s/sandbox/authorize", {**ASKED, **chosen})

    assert answer.status_code == 400
    assert "An X user id is a number" in answer.text


async def code_of(browser: Browser) -> str:
    answer = await browser.send("/s/sandbox/authorize", {**ASKED, **PERSON})
    [code] = parse_qs(urlsplit(answer.headers["location"]).query)["code"]
    return code


class BackChannel:
    """A client of the two addresses."""

    def __init__(self, resources: Resources) -> None:
        transport = httpx.ASGITransport(back_channel(resources.sessions))
        self.http = httpx.AsyncClient(transport=transport, base_url=ORIGIN)

    async def redeem(
        self, code: str, secret: str = CLIENT_SECRET, **changes: str
    ) -> httpx.Response:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "code_verifier": VERIFIER,
            "redirect_uri": ASKED["redirect_uri"],
            **changes,
        }
        return await self.http.post(TOKEN_PATH, data=form, auth=(CLIENT_ID, secret))

    async def me(self, token: str) -> httpx.Response:
        return await self.http.get(ME_PATH, headers={"Authorization": f"Bearer {token}"})


async def test_a_code_and_its_verifier_give_a_token_that_tells_whose_it_is(
    browser: Browser, world_resources: Resources
) -> None:
    channel = BackChannel(world_resources)

    token = (await channel.redeem(await code_of(browser))).json()

    assert (token["token_type"], token["expires_in"]) == ("bearer", 7200)
    me = await channel.me(token["access_token"])
    assert me.json()["data"]["id"] == "1720000000000000002"
    clock.start_at(clock.now() + TOKEN_LASTS)
    assert (await channel.me(token["access_token"])).status_code == 401


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": "another"},
        {"code_verifier": ""},
        {"redirect_uri": "https://evil.example/s/callback"},
        {"code": "another"},
        {"grant_type": "password"},
    ],
)
async def test_a_code_gives_nothing_to_who_cannot_prove_to_have_begun(
    browser: Browser, world_resources: Resources, changes: dict[str, str]
) -> None:
    channel, code = BackChannel(world_resources), await code_of(browser)

    answer = await channel.redeem(**{"code": code, **changes})

    assert answer.status_code == 400
    assert (await channel.redeem(code)).status_code == 200


async def test_a_wrong_client_gets_nothing(browser: Browser, world_resources: Resources) -> None:
    channel, code = BackChannel(world_resources), await code_of(browser)

    answers = [
        await channel.redeem(code, secret="wrong"),
        await channel.http.post(TOKEN_PATH, data={"code": code}),
        await channel.http.post(TOKEN_PATH, headers={"Authorization": "Basic ?"}),
    ]

    assert [answer.status_code for answer in answers] == [401, 401, 401]


async def test_a_code_that_comes_twice_takes_its_token_away(
    browser: Browser, world_resources: Resources
) -> None:
    channel, code = BackChannel(world_resources), await code_of(browser)
    token = (await channel.redeem(code)).json()["access_token"]

    assert (await channel.redeem(code)).status_code == 400

    assert (await channel.me(token)).status_code == 401


async def test_a_code_lives_thirty_seconds_and_what_is_over_is_swept(
    browser: Browser, world_resources: Resources
) -> None:
    channel, code = BackChannel(world_resources), await code_of(browser)
    clock.start_at(clock.now() + CODE_LASTS)

    assert (await channel.redeem(code)).status_code == 400

    await code_of(browser)
    assert await fetch(world_resources, "SELECT count(*)::int FROM sandbox_grant") == [(1,)]


def test_state_and_verifier_of_an_attempt_do_not_tell_each_other() -> None:
    attempt = Attempt("hc_si_a-token")

    assert len({attempt.token, attempt.state, attempt.verifier}) == 3
    assert "a-token" not in repr(attempt)


def test_production_never_mounts_the_sandbox(world_resources: Resources) -> None:
    settings = Settings(
        env=Environment.PRODUCTION,
        database_url="postgresql://db.example/hashcart",
        secret_key=SecretStr("a" * 32),
        x_consumer_secret=SecretStr("b" * 32),
    )
    resources = Resources(**{**vars(world_resources), "settings": settings})

    with pytest.raises(NotInProduction):
        add_sandbox(APIRouter(), Pages(resources, None, Answers(ADDRESS), Cookies(secure=True)))
