"""Who is signed in where: tokens in cookies, hashes in the database, an end for each.

A browser holds 256 random bits. What the sign-in needs (state, PKCE verifier) and the token in
forms derive from them, so nothing that is stored lets anybody in.
"""

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.database import WriteSession
from app.core.read_pool import ReadPool
from app.core.secrets import hash_token, keyed_hash, new_token
from app.pages.models import ShopperSession, SignInAttempt

SESSION_PREFIX = "hc_ss_"
ATTEMPT_PREFIX = "hc_si_"
ATTEMPT_LASTS = timedelta(minutes=10)
SESSION_LASTS = timedelta(days=30)
IDLE_LASTS = timedelta(days=7)
SEEN_EVERY = timedelta(hours=1)
"""A session's last use is noted this often: reading a page writes nothing in between."""

SESSIONS_MAX = 10
"""Most browsers of one person; a further sign-in ends the one that began first."""

SWEPT_MAX = 100
"""Most rows past their end that one sign-in takes away."""

_FIND = """
SELECT session.id, session.person_id, session.seen_at,
    person.sealed_key, person.sealed_x_user_id, person.sealed_x_handle
FROM shopper_session AS session JOIN person ON person.id = session.person_id
WHERE session.token_hash = $1 AND session.expires_at > $2 AND session.seen_at > $3
"""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A sign-in that a browser has begun. *token* is in its cookie."""

    token: str = field(repr=False)

    @property
    def state(self) -> str:
        """What the provider must send back (RFC 6749, 10.12)."""
        return _derived(self.token, "state")

    @property
    def verifier(self) -> str:
        """The PKCE verifier (RFC 7636, 4.1)."""
        return _derived(self.token, "verifier")


def form_token(session_token: str) -> str:
    """What every form of a session holds, and no other site can know."""
    return _derived(session_token, "form")


def _derived(token: str, purpose: str) -> str:
    return urlsafe_b64encode(keyed_hash(token.encode(), purpose)).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class FoundSession:
    """A session that holds now, with its person as she is stored."""

    id: UUID
    person_id: UUID
    seen_at: datetime
    sealed_key: bytes
    sealed_x_user_id: bytes
    sealed_x_handle: bytes | None


async def begin_attempt(session: WriteSession, *, now: datetime) -> Attempt:
    """A new sign-in; attempts that nobody ended are swept."""
    await _sweep_attempts(session, now)
    attempt = Attempt(new_token(ATTEMPT_PREFIX))
    session.add(SignInAttempt(token_hash=hash_token(attempt.token), expires_at=now + ATTEMPT_LASTS))
    return attempt


async def end_attempt(session: WriteSession, token: str, *, now: datetime) -> Attempt | None:
    """The attempt of this cookie, which is over with that; None where it was over before."""
    ended = await session.scalars(
        delete(SignInAttempt)
        .where(SignInAttempt.token_hash == hash_token(token))
        .returning(SignInAttempt.expires_at)
    )
    expires_at = ended.one_or_none()
    return Attempt(token) if expires_at is not None and expires_at > now else None


async def begin_session(
    session: WriteSession, person_id: UUID, device: str, *, now: datetime
) -> str:
    """A new session; the token for its cookie. Sessions past their end or number are deleted."""
    await _sweep_sessions(session, now)
    token = new_token(SESSION_PREFIX)
    session.add(
        ShopperSession(
            token_hash=hash_token(token),
            person_id=person_id,
            device=device,
            created_at=now,
            seen_at=now,
            expires_at=now + SESSION_LASTS,
        )
    )
    await session.flush()
    older = (
        select(ShopperSession.id)
        .where(ShopperSession.person_id == person_id)
        .order_by(ShopperSession.created_at.desc(), ShopperSession.id.desc())
        .offset(SESSIONS_MAX)
    )
    await _delete_ids(session, older)
    return token


async def find_session(reads: ReadPool, token: str, *, now: datetime) -> FoundSession | None:
    """The session of this cookie, if it holds."""
    row = await reads.fetchrow(_FIND, hash_token(token), now, now - IDLE_LASTS)
    return FoundSession(*row) if row is not None else None


async def note_seen(session: WriteSession, session_id: UUID, *, now: datetime) -> None:
    """Note that a session is in use."""
    await session.execute(
        update(ShopperSession).where(ShopperSession.id == session_id).values(seen_at=now)
    )


async def sessions_of(
    session: AsyncSession, person_id: UUID, *, now: datetime
) -> Sequence[ShopperSession]:
    """Where a person is signed in now, newest first; there are at most `SESSIONS_MAX`."""
    statement = (
        select(ShopperSession)
        .where(
            ShopperSession.person_id == person_id,
            ShopperSession.expires_at > now,
            ShopperSession.seen_at > now - IDLE_LASTS,
        )
        .order_by(ShopperSession.created_at.desc(), ShopperSession.id.desc())
        .limit(SESSIONS_MAX)
    )
    return (await session.scalars(statement)).all()


async def end_session(session: WriteSession, person_id: UUID, session_id: UUID) -> bool:
    """End one session of this person; whether it was hers and there."""
    ended = await session.scalars(
        delete(ShopperSession)
        .where(ShopperSession.id == session_id, ShopperSession.person_id == person_id)
        .returning(ShopperSession.id)
    )
    return ended.one_or_none() is not None


async def end_session_of(session: WriteSession, token: str) -> None:
    """End the session of this cookie, if there is one."""
    await session.execute(
        delete(ShopperSession).where(ShopperSession.token_hash == hash_token(token))
    )


async def end_sessions(session: WriteSession, person_id: UUID) -> None:
    """End all sessions of this person."""
    await session.execute(delete(ShopperSession).where(ShopperSession.person_id == person_id))


async def _sweep_attempts(session: WriteSession, now: datetime) -> None:
    over = (
        select(SignInAttempt.token_hash)
        .where(SignInAttempt.expires_at <= now)
        .order_by(SignInAttempt.expires_at)
        .limit(SWEPT_MAX)
        .with_for_update(skip_locked=True)
    )
    await session.execute(delete(SignInAttempt).where(SignInAttempt.token_hash.in_(over)))


async def _sweep_sessions(session: WriteSession, now: datetime) -> None:
    over = (
        select(ShopperSession.id)
        .where(ShopperSession.expires_at <= now)
        .order_by(ShopperSession.expires_at)
        .limit(SWEPT_MAX)
        .with_for_update(skip_locked=True)
    )
    await _delete_ids(session, over)


async def _delete_ids(session: WriteSession, ids: Select[UUID]) -> None:
    await session.execute(delete(ShopperSession).where(ShopperSession.id.in_(ids)))
