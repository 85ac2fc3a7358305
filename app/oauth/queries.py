"""Finding apps, installations, and who a token speaks for."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

import asyncpg
import orjson
from sqlalchemy import func, select

from app.core.database import WriteSession
from app.core.secrets import hash_token
from app.core.viewer import Scope, Viewer
from app.events.models import BrandLog
from app.oauth.models import App, Installation, TrustedDocument
from app.oauth.states import InstallationStatus

_FIND_VIEWER = """
SELECT token.brand_id, token.installation_id, installation.app_id, token.id, token.expires_at,
    token.scopes::text, installation.scopes::text AS granted, app.trusted_documents_only
FROM token
JOIN installation
    ON installation.brand_id = token.brand_id AND installation.id = token.installation_id
JOIN app ON app.id = installation.app_id
JOIN brand ON brand.id = token.brand_id
WHERE token.token_hash = $1 AND token.kind IN ('ACCESS', 'PERSONAL') AND token.revoked_at IS NULL
    AND (token.expires_at IS NULL OR token.expires_at > $2)
    AND installation.status = 'ACTIVE' AND app.status = 'ACTIVE' AND brand.status <> 'CLOSED'
"""


_FIND_TRUSTED = """
SELECT document FROM trusted_document WHERE app_id = $1 AND key = $2
UNION ALL
SELECT document FROM trusted_document WHERE app_id = $1 AND sha256 = $2
LIMIT 1
"""


class ReadsOneRow(Protocol):
    """A pool or a connection of asyncpg."""

    async def fetchrow(self, query: str, *args: object) -> asyncpg.Record | None:
        """The first row, if there is one."""


async def find_viewer(reads: ReadsOneRow, *, token: str, moment: datetime) -> Viewer | None:
    """Who *token* speaks for at *moment*: one read by its hash.

    None for a token that is unknown, revoked, expired or not for access, and for one whose
    installation, app or brand is out of use. Scopes are those of the token that the installation
    still holds.
    """
    row = await reads.fetchrow(_FIND_VIEWER, hash_token(token), moment)
    if row is None:
        return None
    return Viewer(
        brand_id=row["brand_id"],
        installation_id=row["installation_id"],
        app_id=row["app_id"],
        token_id=row["id"],
        scopes=_known(row["scopes"]) & _known(row["granted"]),
        expires_at=row["expires_at"],
        trusted_documents_only=row["trusted_documents_only"],
    )


async def find_trusted(reads: ReadsOneRow, app_id: UUID, key: str) -> str | None:
    """The app's trusted document with this id, else with this SHA-256 in hexadecimal, or None."""
    row = await reads.fetchrow(_FIND_TRUSTED, app_id, key)
    return None if row is None else str(row["document"])


def _known(stored: str) -> frozenset[Scope]:
    """The scopes of a JSON list; one that this version does not know grants nothing."""
    return frozenset(Scope(word) for word in orjson.loads(stored) if word in list(Scope))


async def find_app(session: WriteSession, *, client_id: str) -> App | None:
    """The app with this public name, unlocked."""
    return (await session.scalars(select(App).where(App.client_id == client_id))).one_or_none()


async def lock_app(session: WriteSession, *, client_id: str) -> App | None:
    """The app with this public name, held until commit: its documents are changed one by one."""
    statement = select(App).where(App.client_id == client_id).with_for_update()
    return (await session.scalars(statement)).one_or_none()


async def trusted_of(session: WriteSession, *, app_id: UUID) -> dict[str, str]:
    """All trusted documents of an app by their ids, in the order of these."""
    statement = (
        select(TrustedDocument.key, TrustedDocument.document)
        .where(TrustedDocument.app_id == app_id)
        .order_by(TrustedDocument.key)
    )
    return {row.key: row.document for row in await session.execute(statement)}


async def lock_current_installation(
    session: WriteSession, *, brand_id: UUID, app_id: UUID
) -> Installation | None:
    """The one installation of the app at the brand that is not revoked, held until commit."""
    statement = (
        select(Installation)
        .where(
            Installation.brand_id == brand_id,
            Installation.app_id == app_id,
            Installation.status != InstallationStatus.REVOKED,
        )
        .with_for_update()
    )
    return (await session.scalars(statement)).one_or_none()


async def log_head(session: WriteSession, *, brand_id: UUID) -> int:
    """The number of the brand's last event; 0 before the first."""
    statement = select(func.coalesce(func.max(BrandLog.head), 0)).where(
        BrandLog.brand_id == brand_id
    )
    return (await session.scalars(statement)).one()
