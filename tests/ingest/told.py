"""What X tells of posts and accounts that changed, and what came of it, for tests."""

from typing import Any

from app.core.resources import Resources
from app.ingest.desk import Desk
from app.ingest.spread import spread_once
from tests.walk import Walk, fetch, log_of

MARA, BRAND = "1720000000000000002", "1510000000000000001"
OPTED_OUT = "1678000000000000058"
REFUSED, TIMES_OUT_ONCE = "1901000000000000081", "1912000000000000092"
REPLY = "2123688217942515450"
TWEET = "2122978114236649841"
EARLY, LATE = "2026-11-20T10:00:00.000Z", "2026-11-20T11:00:00.000Z"


def a_delete(xid: str = REPLY, author: str = MARA) -> dict[str, Any]:
    """A deletion, as the Activity API tells it."""
    payload = {"id": xid, "author_id": author}
    return {
        "data": {
            "event_type": "post.delete",
            "filter": {"user_id": author},
            "payload": payload,
        }
    }


def of_post(kind: str, when: str = EARLY, xid: str = REPLY, **more: Any) -> dict[str, Any]:
    """A compliance event about a post."""
    author = BRAND if xid == TWEET else MARA
    return {"data": {kind: {"tweet": {"id": xid, "author_id": author}, "event_at": when, **more}}}


def of_account(kind: str, when: str = EARLY, user: str = MARA) -> dict[str, Any]:
    """A compliance event about an account."""
    return {"data": {kind: {"user": {"id": user}, "event_at": when}}}


async def tell(door: Walk, desk: Desk, *bodies: Any, together: bool = False) -> None:
    """Deliver each body, deciding after each or after all, and let accounts' standings spread."""
    for body in bodies:
        assert (await door.post(body)).status_code == 200
        if not together:
            await desk.decide_batch()
    await desk.decide_batch()
    while await spread_once(door.resources):
        pass


async def content(resources: Resources) -> list[str]:
    sql = "SELECT content_state FROM engagement ORDER BY xid"
    return [state for (state,) in await fetch(resources, sql)]


async def intents(resources: Resources) -> list[str]:
    sql = "SELECT status FROM cart_intent ORDER BY engagement_xid"
    return [status for (status,) in await fetch(resources, sql)]


async def types(resources: Resources) -> list[str]:
    return [kind for _, kind, _ in await log_of(resources)]
