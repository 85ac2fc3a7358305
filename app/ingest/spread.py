"""What holds of an account comes to all its engagements, page by page.

One person may have any number of engagements, and each that changes is an event: so the delivery
that told it only remembers it, and this goes through them in bounded transactions.
"""

from uuid import UUID

from app.core import clock
from app.core.database import WriteSession
from app.core.ids import NOBODY
from app.core.keys import Keys
from app.core.resources import Resources
from app.engagements.facts import Recorded
from app.engagements.queries import lock_of_shoppers
from app.engagements.service import mark_locked
from app.events.log import write_transaction
from app.ingest.queries import shoppers_of
from app.ingest.standings import (
    Spreading,
    claim_spreading,
    find_standings,
    note_spread,
    post_subject,
)

PAGE_ROWS_MAX = 500
"""Most engagements that one transaction marks."""


async def spread_once(resources: Resources) -> int:
    """Mark one page of one account's engagements; 0 where there is nothing to do."""
    async with write_transaction(resources.sessions) as session:
        claim = await claim_spreading(session)
        if claim is None:
            return 0
        page = await _page_of(session, claim)
        await _mark(session, resources.keys, claim, page)
        more = len(page) == PAGE_ROWS_MAX
        await note_spread(session, claim, max(each.id for each in page) if more else None)
    return 1


async def _page_of(session: WriteSession, claim: Spreading) -> list[Recorded]:
    shoppers = (await shoppers_of(session, [claim.subject])).get(claim.subject, [])
    after: UUID = claim.reached or NOBODY
    return await lock_of_shoppers(session, shoppers, after=after, limit=PAGE_ROWS_MAX)


async def _mark(session: WriteSession, keys: Keys, claim: Spreading, page: list[Recorded]) -> None:
    posts = {each.id: post_subject(keys, each.xid) for each in page if each.xid is not None}
    standings = await find_standings(session, {claim.subject, *posts.values()})
    marks = [
        (each, standings.content_of(posts[each.id], claim.subject, each.occurred_at))
        for each in page
        if each.id in posts
    ]
    await mark_locked(session, marks, now=clock.now())
