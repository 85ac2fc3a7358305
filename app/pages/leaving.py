"""Leaving, over all that knows a person: carts, posts, her page, and she herself."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from app.carts.withdrawals import withdraw_waiting
from app.core.bulk import run
from app.core.database import WriteSession
from app.core.keys import Keys
from app.events.states import ActorKind
from app.ingest.lanes import lane_of
from app.pages.sessions import end_sessions
from app.shoppers.leaving import forget_person, suppress_person
from app.shoppers.queries import ShopperKey, shoppers_of

_HOLD_LANE = "SELECT FROM ingest_lane WHERE lane = $1 FOR UPDATE"

_FORGET_POSTS = """
UPDATE engagement SET xid = NULL, parent_xid = NULL, conversation_xid = NULL, shopper_id = NULL
FROM unnest($1::uuid[], $2::uuid[]) AS gone (brand_id, id)
WHERE engagement.brand_id = gone.brand_id AND engagement.shopper_id = gone.id
"""

_FORGET_REPLIES = """
UPDATE cart_intent SET engagement_xid = NULL
FROM unnest($1::uuid[], $2::uuid[]) AS gone (brand_id, id)
WHERE cart_intent.brand_id = gone.brand_id AND cart_intent.shopper_id = gone.id
"""


async def leave(
    session: WriteSession, keys: Keys, person_id: UUID, x_user_id: int, *, now: datetime
) -> bool:
    """Opt a person out, all in one transaction; whether she was there.

    Her lane is held first: what is being decided of her posts is decided before, and is withdrawn;
    what comes after finds her on the list, and is ignored.
    """
    await run(session, _HOLD_LANE, lane_of(x_user_id))
    if not await suppress_person(session, keys, person_id):
        return False
    shoppers = await shoppers_of(session, person_id)
    if shoppers:
        await withdraw_waiting(session, shoppers, now=now, actor=ActorKind.SHOPPER)
        await _forget_posts(session, shoppers)
    await end_sessions(session, person_id)
    await forget_person(session, person_id, shoppers, now=now)
    return True


async def _forget_posts(session: WriteSession, shoppers: Collection[ShopperKey]) -> None:
    """A post's id on X leads to its author: they go."""
    brand_ids, shopper_ids = (list(column) for column in zip(*shoppers, strict=True))
    for statement in (_FORGET_POSTS, _FORGET_REPLIES):
        await run(session, statement, brand_ids, shopper_ids)
