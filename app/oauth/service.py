"""Apps, what brands let them do, and the tokens that prove it."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from app.core import clock
from app.core.database import WriteSession
from app.core.ids import uuid7
from app.core.secrets import hash_token, new_token
from app.core.viewer import Scope
from app.oauth import queries
from app.oauth.models import App, Installation, Token, TrustedDocument
from app.oauth.problems import AnotherDocument, AppUnusable, NoSuchApp, TooManyDocuments
from app.oauth.rules import sorted_scopes
from app.oauth.states import AppKind, AppStatus, InstallationStatus, TokenKind

TRUSTED_DOCUMENTS_MAX = 5_000
"""Of one app: several versions of a large one."""


@dataclass(frozen=True)
class IssuedToken:
    """A token in the clear, for the one time that it is shown. It is not stored."""

    token: str = field(repr=False)
    id: UUID
    expires_at: datetime | None


async def ensure_app(session: WriteSession, *, client_id: str, name: str) -> App | AppUnusable:
    """The app of this public name, made as a confidential, active one if there is none."""
    await session.execute(
        insert(App)
        .values(
            id=uuid7(),
            client_id=client_id,
            name=name,
            kind=AppKind.CONFIDENTIAL,
            status=AppStatus.ACTIVE,
            created_at=clock.now(),
        )
        .on_conflict_do_nothing(index_elements=[App.client_id])
    )
    app = await queries.find_app(session, client_id=client_id)
    if app is None or app.status is not AppStatus.ACTIVE:
        return AppUnusable(client_id=client_id)
    return app


async def ensure_installation(
    session: WriteSession, *, brand_id: UUID, app: App, scopes: Iterable[Scope], granted_by: str
) -> Installation:
    """The app's current installation at the brand, ACTIVE, with *scopes* among its own.

    One that exists keeps the scopes it has; a new one begins at the head of the brand's log.
    """
    head = await queries.log_head(session, brand_id=brand_id)
    fresh = {
        "brand_id": brand_id,
        "id": uuid7(),
        "app_id": app.id,
        "status": InstallationStatus.ACTIVE,
        "scopes": sorted_scopes(scopes),
        "granted_by": granted_by,
        "installed_seq": head,
        "created_at": clock.now(),
    }
    await session.execute(insert(Installation).values(fresh).on_conflict_do_nothing())
    installation = await queries.lock_current_installation(
        session, brand_id=brand_id, app_id=app.id
    )
    assert installation is not None, "the insert above met no other row"
    installation.scopes = sorted_scopes([*installation.scopes, *scopes])
    installation.status = InstallationStatus.ACTIVE
    await session.flush()
    return installation


async def issue_personal_token(
    session: WriteSession,
    *,
    installation: Installation,
    scopes: Iterable[Scope],
    label: str | None,
    expires_at: datetime | None,
) -> IssuedToken:
    """A fresh token of the installation, which holds *scopes* already. None never expires."""
    token, token_id = new_token(), uuid7()
    session.add(
        Token(
            token_hash=hash_token(token),
            id=token_id,
            kind=TokenKind.PERSONAL,
            brand_id=installation.brand_id,
            installation_id=installation.id,
            family_id=token_id,
            label=label,
            scopes=sorted_scopes(scopes),
            created_at=clock.now(),
            expires_at=expires_at,
        )
    )
    await session.flush()
    return IssuedToken(token=token, id=token_id, expires_at=expires_at)


async def trust_documents(
    session: WriteSession, *, client_id: str, documents: Mapping[str, str]
) -> int | NoSuchApp | AnotherDocument | TooManyDocuments:
    """Let the app run these documents under their ids; how many of them are new.

    Those that are written down already stay as they are. Nothing is kept of a list with a problem.
    """
    app = await queries.lock_app(session, client_id=client_id)
    if app is None:
        return NoSuchApp(client_id=client_id)
    known = await queries.trusted_of(session, app_id=app.id)
    for key, document in documents.items():
        if known.get(key, document) != document:
            return AnotherDocument(key=key)
    fresh = {key: document for key, document in documents.items() if key not in known}
    if len(known) + len(fresh) > TRUSTED_DOCUMENTS_MAX:
        return TooManyDocuments(most=TRUSTED_DOCUMENTS_MAX)
    session.add_all(
        TrustedDocument(
            app_id=app.id,
            key=key,
            sha256=hashlib.sha256(document.encode()).hexdigest(),
            document=document,
            created_at=clock.now(),
        )
        for key, document in fresh.items()
    )
    await session.flush()
    return len(fresh)


async def distrust_documents(
    session: WriteSession, *, client_id: str, keys: Sequence[str]
) -> int | NoSuchApp:
    """Take documents back; how many of these ids were known. They run for a minute at most."""
    app = await queries.lock_app(session, client_id=client_id)
    if app is None:
        return NoSuchApp(client_id=client_id)
    taken = delete(TrustedDocument).where(
        TrustedDocument.app_id == app.id, TrustedDocument.key.in_(keys)
    )
    gone = await session.scalars(taken.returning(TrustedDocument.key))
    return len(gone.all())


async def hold_to_trusted_documents(
    session: WriteSession, *, client_id: str, only: bool
) -> int | NoSuchApp:
    """Let the app run trusted documents only, or any; how many trusted ones it has."""
    app = await queries.lock_app(session, client_id=client_id)
    if app is None:
        return NoSuchApp(client_id=client_id)
    app.trusted_documents_only = only
    await session.flush()
    return len(await queries.trusted_of(session, app_id=app.id))
