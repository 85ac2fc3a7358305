"""Edits that sell nothing, remembered while an older version that sells may still arrive.

Posts arrive in any order. An edit that takes the product out of a post must count also where it
comes first, when nothing is registered yet that it could be an edit of.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from app.core.bulk import run
from app.core.database import WriteSession
from app.core.ids import uuid7
from app.tweets.rules import LINKS_MAX, TEXT_CHARACTERS_MAX, chain_of
from app.x.payloads import Post, Url

REMEMBERED = timedelta(days=7)
"""As long as a post may arrive late."""

FORGOTTEN_TOGETHER_MAX = 1_000
"""Most that are forgotten at a time; one at most is remembered then."""

_REMEMBER = """
INSERT INTO unsold_version AS known (brand_id, id, root_xid, newest_xid, post, seen_at)
VALUES ($1, $2, $3, $4, $5::text::jsonb, $6)
ON CONFLICT (brand_id, root_xid) DO UPDATE
SET newest_xid = excluded.newest_xid, post = excluded.post, seen_at = excluded.seen_at
WHERE excluded.newest_xid > known.newest_xid
"""

_FORGET_OLD = f"""
DELETE FROM unsold_version WHERE (brand_id, id) IN (
    SELECT brand_id, id FROM unsold_version WHERE seen_at <= $1
    ORDER BY seen_at
    LIMIT {FORGOTTEN_TOGETHER_MAX}
    FOR UPDATE SKIP LOCKED
)
"""

_TAKE = "DELETE FROM unsold_version WHERE brand_id = $1 AND root_xid = $2 RETURNING post::text"

_FORGET = """
DELETE FROM unsold_version WHERE root_xid = ANY($1::bigint[]) OR newest_xid = ANY($1::bigint[])
"""


async def remember_unsold(
    session: WriteSession, brand_id: UUID, post: Post, *, now: datetime
) -> None:
    """Remember an edited *post* that sells nothing, unless a newer version is remembered."""
    await run(session, _FORGET_OLD, now - REMEMBERED)
    chain = chain_of(post)
    told = {
        "id": str(post.id),
        "chain": [str(xid) for xid in chain],
        "text": post.text[:TEXT_CHARACTERS_MAX],
        "links": [[url.url, url.expanded_url, url.unwound_url] for url in post.urls[:LINKS_MAX]],
    }
    written = orjson.dumps(told).decode()
    await run(session, _REMEMBER, brand_id, uuid7(), chain[0], post.id, written, now)


async def take_unsold(session: WriteSession, brand_id: UUID, like: Post) -> Post | None:
    """The newer version of *like*'s chain that is remembered, if one is; now it is forgotten."""
    rows = await run(session, _TAKE, brand_id, chain_of(like)[0])
    for (written,) in rows:
        told: dict[str, Any] = orjson.loads(written)
        if int(told["id"]) > like.id:
            return Post(
                id=int(told["id"]),
                author_id=like.author_id,
                conversation_id=like.conversation_id,
                edit_ids=tuple(int(xid) for xid in told["chain"]),
                text=told["text"],
                urls=tuple(Url(*link) for link in told["links"]),
            )
    return None


async def forget_unsold(session: WriteSession, xids: Collection[int]) -> None:
    """Forget what was told of posts that were deleted, by the first or last id of their chains."""
    await run(session, _FORGET, list(xids))
