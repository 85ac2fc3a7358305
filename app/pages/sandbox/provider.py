"""What the sandbox provider knows: which requests are right, whose code it gave, whose token.

It is strict where X is: the redirect address exactly as registered, PKCE by S256, a code that
lives 30 seconds and is good once. A code that comes twice takes its token away (RFC 6749, 4.1.2).
"""

import re
from base64 import b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from urllib.parse import urlencode

from sqlalchemy import delete, select

from app.core.database import WriteSession
from app.core.secrets import hash_token, new_token, same
from app.pages.models import SandboxGrant

CLIENT_ID = "hashcart-sandbox"
CLIENT_SECRET = "sandbox-client-secret"
"""No secret: the provider exists in development alone, in the process that is its one client."""

CODE_PREFIX, TOKEN_PREFIX = "sandbox_code_", "sandbox_token_"
CODE_LASTS = timedelta(seconds=30)
TOKEN_LASTS = timedelta(hours=2)
STATE_CHARACTERS_MAX = 500
SWEPT_MAX = 100

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
"""A SHA-256 in base64url without padding (RFC 7636, 4.2)."""


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """What a client asks of a person, and was found right."""

    redirect_uri: str
    state: str
    code_challenge: str

    def fields(self) -> dict[str, str]:
        """The request again, for the form of the page."""
        return {
            "response_type": "code",
            "client_id": CLIENT_ID,
            "redirect_uri": self.redirect_uri,
            "state": self.state,
            "code_challenge": self.code_challenge,
            "code_challenge_method": "S256",
        }

    def answer(self, **parameters: str) -> str:
        """Where the browser goes back to."""
        return f"{self.redirect_uri}?{urlencode({**parameters, 'state': self.state})}"


@dataclass(frozen=True, slots=True)
class BadRequest:
    """The request is wrong in a way that forbids to go back to where it points. Says why."""

    reason: str


def read_request(
    parameters: Mapping[str, str], *, redirect_uri: str
) -> AuthorizationRequest | BadRequest:
    """An authorization request, where it is right. *redirect_uri* is the registered one."""
    state = parameters.get("state", "")
    challenge = parameters.get("code_challenge", "")
    faults = (
        (parameters.get("client_id") != CLIENT_ID, "It names another client."),
        (parameters.get("redirect_uri") != redirect_uri, "It leads to another address."),
        (parameters.get("response_type") != "code", "It does not ask for a code."),
        (parameters.get("code_challenge_method") != "S256", "It does not use PKCE with S256."),
        (_CHALLENGE.fullmatch(challenge) is None, "Its PKCE challenge is none."),
        (not 0 < len(state) <= STATE_CHARACTERS_MAX, "It has no state, or too long a one."),
    )
    reason = next((reason for is_so, reason in faults if is_so), None)
    if reason is not None:
        return BadRequest(reason)
    return AuthorizationRequest(redirect_uri, state, challenge)


async def give_code(
    session: WriteSession,
    request: AuthorizationRequest,
    *,
    x_user_id: int,
    x_handle: str,
    now: datetime,
) -> str:
    """A code for this person; what is past its end is swept."""
    over = (
        select(SandboxGrant.code_hash)
        .where(SandboxGrant.expires_at <= now)
        .order_by(SandboxGrant.expires_at)
        .limit(SWEPT_MAX)
        .with_for_update(skip_locked=True)
    )
    await session.execute(delete(SandboxGrant).where(SandboxGrant.code_hash.in_(over)))
    code = new_token(CODE_PREFIX)
    session.add(
        SandboxGrant(
            code_hash=hash_token(code),
            client_id=CLIENT_ID,
            redirect_uri=request.redirect_uri,
            code_challenge=request.code_challenge,
            x_user_id=x_user_id,
            x_handle=x_handle,
            expires_at=now + CODE_LASTS,
        )
    )
    return code


async def redeem(session: WriteSession, form: Mapping[str, str], *, now: datetime) -> str | None:
    """A token for a code, its verifier and its redirect address; None where they do not fit."""
    code_hash = hash_token(form.get("code", ""))
    found = select(SandboxGrant).where(SandboxGrant.code_hash == code_hash).with_for_update()
    grant = (await session.scalars(found)).one_or_none()
    if grant is None or grant.expires_at <= now:
        return None
    if grant.access_token_hash is not None:
        await session.delete(grant)
        return None
    challenge = urlsafe_b64encode(sha256(form.get("code_verifier", "").encode()).digest())
    fits = same(challenge.rstrip(b"="), grant.code_challenge.encode())
    if not fits or form.get("redirect_uri") != grant.redirect_uri:
        return None
    token = new_token(TOKEN_PREFIX)
    grant.access_token_hash = hash_token(token)
    grant.expires_at = now + TOKEN_LASTS
    return token


async def holder_of(session: WriteSession, token: str, *, now: datetime) -> tuple[int, str] | None:
    """The user id and handle of a token's person; None where the token is not good now."""
    statement = select(SandboxGrant.x_user_id, SandboxGrant.x_handle).where(
        SandboxGrant.access_token_hash == hash_token(token), SandboxGrant.expires_at > now
    )
    row = (await session.execute(statement)).one_or_none()
    return (row.x_user_id, row.x_handle) if row is not None else None


def is_client(authorization: str) -> bool:
    """Whether a header is our client's HTTP Basic authentication (RFC 6749, 2.3.1)."""
    scheme, _, encoded = authorization.partition(" ")
    try:
        told = b64decode(encoded, validate=True)
    except (Error, ValueError):
        return False
    return scheme.lower() == "basic" and same(told, f"{CLIENT_ID}:{CLIENT_SECRET}".encode())
