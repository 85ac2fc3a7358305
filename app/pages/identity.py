"""Asking X who somebody is: OAuth 2.0, authorization code with PKCE. Touches Authlib's client.

The token that X gives is used once, to ask whose it is, and forgotten. X gives no ID token, so
there is no nonce to check: PKCE binds the code to the browser that began (RFC 9700, 2.1.1).
"""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import structlog
from authlib.oauth2 import OAuth2Error  # type: ignore[import-untyped]  # Authlib has no types
from authlib.oauth2.client import (  # type: ignore[import-untyped]  # Authlib has no types
    OAuth2Client,
)

from app.core.outage import describe
from app.core.settings import Settings
from app.pages.answers import PATH
from app.x.ids import read_xid

SCOPE = "users.read tweet.read"
"""The least that the address which tells whose token it is takes."""

CALL_SECONDS_MAX = 5.0
ALL_SECONDS_MAX = 8.0
BODY_BYTES_MAX = 64 * 1024
CALLS_MAX = 8
"""Most sign-ins of this process that ask X at the same time; others wait within their time."""

HANDLE = re.compile(r"[A-Za-z0-9_]{1,50}")
"""X's handles have 15 characters at most today, and had more once."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is, as the provider says."""

    x_user_id: int
    handle: str | None


@dataclass(frozen=True, slots=True)
class NotIdentified:
    """The provider did not say who it is: it refused the code, or did not answer."""

    refused: bool


class _Client(OAuth2Client):  # type: ignore[misc]  # Authlib has no types
    """Authlib's client over httpx, which its own integration would replace by another package."""

    async def _fetch_token(
        self, url: str, body: str = "", headers: Any = None, auth: Any = None, **options: Any
    ) -> Mapping[str, Any]:
        url, headers, body = auth.prepare("POST", url, dict(headers), body)
        answer = await _call(self.session, "POST", url, headers=headers, content=body)
        token: Mapping[str, Any] = self.parse_response_token(answer)
        return token


@dataclass(frozen=True)
class IdentityProvider:
    """X, or something that speaks as X does.

    `transport` leads to a provider in this process; None goes out to the network.
    """

    name: str
    client_id: str
    client_secret: str | None = field(repr=False)
    authorize_url: str
    token_url: str
    me_url: str
    redirect_uri: str
    transport: httpx.AsyncBaseTransport | None = None
    _calls: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(CALLS_MAX))

    @classmethod
    def x(cls, settings: Settings) -> "IdentityProvider | None":
        """X itself, where its client id is set."""
        if not settings.x_client_id:
            return None
        secret = settings.x_client_secret
        return cls(
            name="X",
            client_id=settings.x_client_id,
            client_secret=secret.get_secret_value() if secret else None,
            authorize_url=settings.x_authorize_url,
            token_url=settings.x_token_url,
            me_url=settings.x_me_url,
            redirect_uri=callback_of(settings),
        )

    def authorization_url(self, *, state: str, verifier: str) -> str:
        """Where the browser goes to be asked."""
        url, _ = self._client(None).create_authorization_url(
            self.authorize_url, state=state, code_verifier=verifier
        )
        return str(url)

    async def identify(self, *, code: str, verifier: str) -> Identity | NotIdentified:
        """Whose code this is. Two calls, together at most `ALL_SECONDS_MAX`."""
        try:
            async with asyncio.timeout(ALL_SECONDS_MAX), self._calls, self._http() as http:
                client = self._client(http)
                token = await client.fetch_token(
                    self.token_url,
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=verifier,
                )
                bearer = {"Authorization": f"Bearer {token['access_token']}"}
                answer = await _call(http, "GET", self.me_url, headers=bearer)
                answer.raise_for_status()
                return _identity(answer.json())
        except OAuth2Error as error:
            log.info("sign_in_refused", provider=self.name, error=str(error.error)[:40])
            return NotIdentified(refused=True)
        except (httpx.HTTPError, TimeoutError, ValueError, KeyError, TypeError) as error:
            log.warning("sign_in_failed", provider=self.name, **describe(error))
            return NotIdentified(refused=False)

    def _client(self, http: httpx.AsyncClient | None) -> Any:
        return _Client(
            http,
            client_id=self.client_id,
            client_secret=self.client_secret,
            scope=SCOPE,
            redirect_uri=self.redirect_uri,
            code_challenge_method="S256",
        )

    def _http(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=self.transport,
            timeout=CALL_SECONDS_MAX,
            follow_redirects=False,
            headers={"Accept-Encoding": "identity", "User-Agent": "hashcart"},
        )


def callback_of(settings: Settings) -> str:
    """Where the provider sends the browser back to: exactly this, as it is registered at X."""
    return f"{settings.public_url.rstrip('/')}{PATH}/callback"


async def _call(http: httpx.AsyncClient, method: str, url: str, **options: Any) -> httpx.Response:
    """An answer with its body, which is at most `BODY_BYTES_MAX`.

    Raises:
        ValueError: it is longer.
    """
    async with http.stream(method, url, **options) as streamed:
        body = bytearray()
        async for chunk in streamed.aiter_bytes():
            body += chunk
            if len(body) > BODY_BYTES_MAX:
                raise ValueError("The provider's answer is too long.")
        return httpx.Response(streamed.status_code, content=bytes(body), request=streamed.request)


def _identity(told: Any) -> Identity:
    user = told["data"]
    x_user_id = read_xid(user["id"])
    if x_user_id is None:
        raise ValueError("The provider's answer holds no user id.")
    return Identity(x_user_id, read_handle(user.get("username")))


def read_handle(value: object) -> str | None:
    """A handle without its @; None where it is none."""
    return value if isinstance(value, str) and HANDLE.fullmatch(value) else None
