"""Tokens: shown once, stored as a hash, and dead when what stands behind them is."""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeAlias

import asyncpg
import pytest
from sqlalchemy import func, select

from app.brands.models import Brand
from app.brands.service import create_brand
from app.brands.states import BrandStatus
from app.core import clock
from app.core.database import WriteSession
from app.core.secrets import hash_token
from app.core.viewer import Scope, Viewer
from app.events.models import BrandLog
from app.oauth.models import App, Installation, Token
from app.oauth.problems import AppUnusable
from app.oauth.queries import find_viewer
from app.oauth.service import (
    IssuedToken,
    ensure_app,
    ensure_installation,
    issue_personal_token,
)
from app.oauth.states import AppStatus, InstallationStatus, TokenKind
from tests.brands.test_rules import ACME

READS = frozenset({Scope.BRAND_READ, Scope.INTENTS_READ})
Reads: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


async def a_brand(session: WriteSession) -> Brand:
    brand = await create_brand(session, ACME)
    assert isinstance(brand, Brand)
    return brand


async def an_installation(session: WriteSession, brand: Brand) -> Installation:
    app = await ensure_app(session, client_id="dashboard", name="Dashboard")
    assert isinstance(app, App)
    return await ensure_installation(
        session, brand_id=brand.id, app=app, scopes=READS, granted_by="tests"
    )


async def a_token(session: WriteSession, *, days: float | None = None) -> IssuedToken:
    installation = await an_installation(session, await a_brand(session))
    expires_at = None if days is None else clock.now() + timedelta(days=days)
    return await issue_personal_token(
        session, installation=installation, scopes=READS, label="a test", expires_at=expires_at
    )


async def test_a_token_speaks_for_its_brand_with_its_scopes(
    session: WriteSession, reads: Reads
) -> None:
    issued = await a_token(session, days=1)

    viewer = await find_viewer(reads, token=issued.token, moment=clock.now())

    stored = await session.get_one(Token, hash_token(issued.token))
    installation = await session.scalar(select(Installation))
    assert installation is not None
    assert viewer == Viewer(
        brand_id=installation.brand_id,
        installation_id=installation.id,
        app_id=installation.app_id,
        token_id=stored.id,
        scopes=READS,
        expires_at=stored.expires_at,
    )


async def test_only_the_hash_of_a_token_is_stored(session: WriteSession, reads: Reads) -> None:
    issued = await a_token(session)

    stored = await reads.fetchval("SELECT token::text FROM token")

    assert issued.token.startswith("hc_at_")
    assert len(issued.token) == 49
    assert issued.token not in stored
    assert issued.token not in repr(issued)


async def test_an_unknown_token_speaks_for_nobody(session: WriteSession, reads: Reads) -> None:
    issued = await a_token(session)

    assert await find_viewer(reads, token=issued.token + "x", moment=clock.now()) is None


async def test_an_expired_token_speaks_for_nobody(session: WriteSession, reads: Reads) -> None:
    issued = await a_token(session, days=1)
    assert issued.expires_at is not None

    before = await find_viewer(
        reads, token=issued.token, moment=issued.expires_at - timedelta(microseconds=1)
    )
    after = await find_viewer(reads, token=issued.token, moment=issued.expires_at)

    assert before is not None
    assert after is None


def revoke_token(token: Token, installation: Installation, app: App, brand: Brand) -> None:
    token.revoked_at = clock.now()


def make_refresh(token: Token, installation: Installation, app: App, brand: Brand) -> None:
    token.kind = TokenKind.REFRESH


def pause_installation(token: Token, installation: Installation, app: App, brand: Brand) -> None:
    installation.status = InstallationStatus.PAUSED


def suspend_app(token: Token, installation: Installation, app: App, brand: Brand) -> None:
    app.status = AppStatus.SUSPENDED


def close_brand(token: Token, installation: Installation, app: App, brand: Brand) -> None:
    brand.status = BrandStatus.CLOSED


@pytest.mark.parametrize(
    "end", [revoke_token, make_refresh, pause_installation, suspend_app, close_brand]
)
async def test_a_token_dies_with_what_stands_behind_it(
    session: WriteSession,
    reads: Reads,
    end: Callable[[Token, Installation, App, Brand], None],
) -> None:
    issued = await a_token(session)
    token = await session.get_one(Token, hash_token(issued.token))
    installation = await session.scalar(select(Installation))
    assert installation is not None
    app = await session.get_one(App, installation.app_id)
    brand = await session.get_one(Brand, installation.brand_id)

    end(token, installation, app, brand)
    await session.flush()

    assert await find_viewer(reads, token=issued.token, moment=clock.now()) is None


async def test_a_scope_taken_from_the_installation_leaves_its_tokens(
    session: WriteSession, reads: Reads
) -> None:
    issued = await a_token(session)
    installation = await session.scalar(select(Installation))
    assert installation is not None

    installation.scopes = ["brand:read", "a:scope:of:tomorrow"]
    await session.flush()

    viewer = await find_viewer(reads, token=issued.token, moment=clock.now())
    assert viewer is not None
    assert viewer.scopes == {Scope.BRAND_READ}


async def test_one_installation_serves_and_its_scopes_only_grow(session: WriteSession) -> None:
    brand = await a_brand(session)
    first = await an_installation(session, brand)
    app = await session.get_one(App, first.app_id)

    second = await ensure_installation(
        session, brand_id=brand.id, app=app, scopes={Scope.EVENTS_READ}, granted_by="tests"
    )

    assert second is first
    assert first.scopes == ["brand:read", "events:read", "intents:read"]
    assert await session.scalar(select(func.count(Installation.id))) == 1


async def test_an_installation_begins_at_the_head_of_the_log(session: WriteSession) -> None:
    brand = await a_brand(session)
    log = await session.get_one(BrandLog, brand.id)
    log.head = 41
    await session.flush()

    installation = await an_installation(session, brand)

    assert installation.installed_seq == 41


async def test_a_suspended_app_is_not_installed(session: WriteSession) -> None:
    app = await ensure_app(session, client_id="dashboard", name="Dashboard")
    assert isinstance(app, App)
    app.status = AppStatus.SUSPENDED
    await session.flush()

    again = await ensure_app(session, client_id="dashboard", name="Dashboard")

    assert again == AppUnusable(client_id="dashboard")
