"""Idempotency keys: what was decided under a key is what the same key is told for a day.

The key's row is claimed first and decided last, in the transaction of the change itself. So a key
without an outcome never outlives its process, and of two at once the second waits for the first.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ForeignKey, Index, Uuid, delete, null, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import WriteSession
from app.core.models import Model

KEY_CHARACTERS_MAX = 200
KEY_LIFE = timedelta(hours=24)
"""How long a key means what was decided under it."""
KEPT = KEY_LIFE + timedelta(hours=1)
"""Rows stay a little longer than they are good for, since processes' clocks differ."""


class IdempotencyKey(Model):
    """What was decided under a key. Keys are kept as hashes: clients put anything into them.

    `request_hash` is of the mutation and its input. `outcome` is null only while it is decided.
    """

    __tablename__ = "idempotency_key"

    brand_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("brand.id"), primary_key=True)
    key_hash: Mapped[bytes] = mapped_column(primary_key=True)
    request_hash: Mapped[bytes]
    outcome: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime]

    __table_args__ = (Index(None, "created_at"),)


@dataclass(frozen=True)
class KeyedRequest:
    """A key as one installation of a brand's app sent it, and what it sent it for."""

    brand_id: UUID
    key_hash: bytes
    request_hash: bytes
    now: datetime


@dataclass(frozen=True)
class Earlier:
    """What was decided under a key before, and whether it was for the same request."""

    same_request: bool
    outcome: dict[str, Any]


def keyed_request(
    brand_id: UUID, installation_id: UUID, key: str, mutation: str, given: Any, now: datetime
) -> KeyedRequest:
    """The request under *key*. Another installation's equal key is another key."""
    body = orjson.dumps(given, option=orjson.OPT_SORT_KEYS)
    return KeyedRequest(
        brand_id,
        sha256(installation_id.bytes + key.encode("utf-8", "surrogatepass")).digest(),
        sha256(mutation.encode() + b"\0" + body).digest(),
        now,
    )


async def claim(session: WriteSession, request: KeyedRequest) -> Earlier | None:
    """Take the key, or say what was decided under it; waits for whoever decides it right now."""
    fresh = insert(IdempotencyKey).values(
        brand_id=request.brand_id,
        key_hash=request.key_hash,
        request_hash=request.request_hash,
        created_at=request.now,
    )
    claimed = fresh.on_conflict_do_update(
        index_elements=[IdempotencyKey.brand_id, IdempotencyKey.key_hash],
        set_={
            "request_hash": fresh.excluded.request_hash,
            "outcome": null(),
            "created_at": fresh.excluded.created_at,
        },
        where=IdempotencyKey.created_at <= request.now - KEY_LIFE,
    ).returning(IdempotencyKey.brand_id)
    if await session.scalar(claimed) is not None:
        return None
    kept = await session.execute(
        select(IdempotencyKey.request_hash, IdempotencyKey.outcome).where(*_is(request))
    )
    request_hash, outcome = kept.one()
    return Earlier(request_hash == request.request_hash, outcome)


async def remember(session: WriteSession, request: KeyedRequest, outcome: dict[str, Any]) -> None:
    """Write down what was decided under a claimed key."""
    await session.execute(update(IdempotencyKey).where(*_is(request)).values(outcome=outcome))


def _is(request: KeyedRequest) -> tuple[Any, ...]:
    return (
        IdempotencyKey.brand_id == request.brand_id,
        IdempotencyKey.key_hash == request.key_hash,
    )


async def forget_old(session: WriteSession, *, now: datetime, limit: int) -> int:
    """Delete at most *limit* keys that mean nothing any more, oldest first; how many there were."""
    old = (
        select(IdempotencyKey.brand_id, IdempotencyKey.key_hash)
        .where(IdempotencyKey.created_at <= now - KEPT)
        .order_by(IdempotencyKey.created_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("old")
    )
    deleted = await session.execute(
        delete(IdempotencyKey)
        .where(
            IdempotencyKey.brand_id == old.c.brand_id,
            IdempotencyKey.key_hash == old.c.key_hash,
        )
        .returning(IdempotencyKey.brand_id)
    )
    return len(deleted.all())
