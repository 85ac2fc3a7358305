"""Asking X who somebody is, before a stand-in that speaks as X does and misbehaves as told."""

import asyncio
from base64 import b64decode
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from authlib.oauth2.rfc7636 import (  # type: ignore[import-untyped]  # Authlib has no types
    create_s256_code_challenge,
)
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from pydantic import SecretStr

from app.core.settings import Settings
from app.pages import identity as module
from app.pages.identity import Identity, IdentityProvider, NotIdentified

TOKEN = {"token_type": "bearer", "expires_in": 7200, "access_token": "x-token"}
USER = {"data": {"id": "1720000000000000002", "name": "Mara", "username": "mara_k_inv"}}
SILENT = object()
Answer = Callable[[Request], Awaitable[Response]]


class StandIn:
    """X's two addresses; what they answer can be replaced."""

    def __init__(self, token: object = TOKEN, user: object = USER, status: int = 200) -> None:
        self.asked: list[tuple[str, dict[str, str], dict[str, list[str]]]] = []
        self.application = FastAPI()
        self.application.post("/2/oauth2/token")(self._answering(token, status))
        self.application.get("/2/users/me")(self._answering(user, 200))

    def _answering(self, answer: object, status: int) -> Answer:
        async def give(request: Request) -> Response:
            body = (await request.body()).decode()
            self.asked.append((request.url.path, dict(request.headers), parse_qs(body)))
            if answer is SILENT:
                await asyncio.Event().wait()
            if isinstance(answer, bytes):
                return Response(answer, status)
            return JSONResponse(answer, status)

        return give

    def provider(self, secret: str | None = "very secret") -> IdentityProvider:
        """A provider that asks the stand-in."""
        settings = Settings(
            public_url="https://shop.example/",
            x_client_id="client:1",
            x_client_secret=SecretStr(secret) if secret else None,
        )
        provider = IdentityProvider.x(settings)
        assert provider is not None
        transport = httpx.ASGITransport(self.application)
        return IdentityProvider(**{**vars(provider), "transport": transport})


async def test_x_is_asked_with_code_verifier_and_exact_address_and_the_token_is_used_once() -> None:
    x = StandIn()

    found = await x.provider().identify(code="the-code", verifier="the-verifier")

    assert found == Identity(1720000000000000002, "mara_k_inv")
    [(_, token_headers, form), (_, me_headers, _)] = x.asked
    assert form == {
        "grant_type": ["authorization_code"],
        "code": ["the-code"],
        "code_verifier": ["the-verifier"],
        "redirect_uri": ["https://shop.example/s/callback"],
    }
    kind, _, encoded = token_headers["authorization"].partition(" ")
    assert (kind, b64decode(encoded)) == ("Basic", b"client:1:very secret")
    assert me_headers["authorization"] == "Bearer x-token"


async def test_an_x_app_without_a_secret_names_itself_in_the_body() -> None:
    x = StandIn()

    await x.provider(secret=None).identify(code="c", verifier="v")

    _, headers, form = x.asked[0]
    assert form["client_id"] == ["client:1"]
    assert "authorization" not in headers


def test_the_browser_is_sent_to_x_with_the_challenge_of_the_verifier() -> None:
    url = StandIn().provider().authorization_url(state="the-state", verifier="v" * 43)

    parts = urlsplit(url)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == "https://x.com/i/oauth2/authorize"
    assert parse_qs(parts.query) == {
        "response_type": ["code"],
        "client_id": ["client:1"],
        "redirect_uri": ["https://shop.example/s/callback"],
        "scope": ["users.read tweet.read"],
        "state": ["the-state"],
        "code_challenge": [create_s256_code_challenge("v" * 43)],
        "code_challenge_method": ["S256"],
    }


@pytest.mark.parametrize(
    ("stand_in", "refused"),
    [
        (StandIn(token={"error": "invalid_grant"}, status=400), True),
        (StandIn(token={"error": "invalid_client", "error_description": "x" * 999}), True),
        (StandIn(token={}), False),
        (StandIn(token=[]), False),
        (StandIn(token=b"<html>Too many requests</html>", status=429), False),
        (StandIn(token=b"", status=503), False),
        (StandIn(token=b"{" * 100_000), False),
        (StandIn(token={"access_token": "x", "token_type": "bearer", "expires_in": "soon"}), False),
        (StandIn(user={}), False),
        (StandIn(user={"data": {"id": "no number"}}), False),
        (StandIn(user={"data": None}), False),
        (StandIn(user=b"\xff"), False),
    ],
)
async def test_what_x_answers_wrongly_identifies_nobody(stand_in: StandIn, refused: bool) -> None:
    found = await stand_in.provider().identify(code="c", verifier="v")

    assert found == NotIdentified(refused=refused)


async def test_an_x_that_cannot_be_reached_identifies_nobody() -> None:
    provider = IdentityProvider(
        **{
            **vars(StandIn().provider()),
            "transport": None,
            "token_url": "http://127.0.0.1:1/2/oauth2/token",
        }
    )

    assert await provider.identify(code="c", verifier="v") == NotIdentified(refused=False)


async def test_an_x_that_does_not_answer_in_time_identifies_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "ALL_SECONDS_MAX", 0.01)

    found = await StandIn(token=SILENT).provider().identify(code="c", verifier="v")

    assert found == NotIdentified(refused=False)


@pytest.mark.parametrize("username", ["", "with space", "a" * 51, 7, None, "<b>"])
async def test_a_handle_that_is_none_is_left_out(username: object) -> None:
    x = StandIn(user={"data": {"id": "1720000000000000002", "username": username}})

    found = await x.provider().identify(code="c", verifier="v")

    assert found == Identity(1720000000000000002, None)


def test_without_a_client_id_there_is_no_x() -> None:
    assert IdentityProvider.x(Settings()) is None
    assert IdentityProvider.x(Settings(x_client_id="")) is None


def test_a_provider_does_not_print_its_secret() -> None:
    assert "very secret" not in repr(StandIn().provider())
