"""Engagements: recorded once, marked, and each change told once."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from app.core import clock
from app.core.resources import Resources
from app.engagements.queries import EngagementKey
from app.engagements.service import mark_content, mark_misuse, match_engagement
from app.engagements.states import ContentState, MisuseReason
from app.events.log import write_transaction
from app.ingest.desk import Desk
from tests.walk import Walk, a_reply, fetch, log_of

REPLY = 2123688217942515450
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ELSEWHERE = UUID(int=1)


async def recorded(door: Walk, desk: Desk) -> list[EngagementKey]:
    """One reply without a tag, and its key."""
    body = a_reply(entities={}, text="@AcmeBoots nice")
    await door.post(body)
    await desk.decide_batch()
    rows = await door.fetch("SELECT brand_id, xid FROM engagement")
    return [(brand_id, xid) for brand_id, xid in rows]


async def row(resources: Resources, columns: str) -> tuple[Any, ...]:
    [found] = await fetch(resources, f"SELECT {columns} FROM engagement")
    return found


async def events(resources: Resources) -> list[tuple[str, str]]:
    """What happened after the engagement was recorded, and what was true then."""
    told = await log_of(resources)
    return [(kind, data["engagement"]["contentState"]) for _, kind, data in told[1:]]


async def test_content_is_marked_and_told_once(door: Walk, desk: Desk) -> None:
    keys = await recorded(door, desk)

    changed = []
    for state in (
        ContentState.PRESENT,
        ContentState.PROTECTED,
        ContentState.PROTECTED,
        ContentState.PRESENT,
        ContentState.DELETED,
        ContentState.PRESENT,
    ):
        async with write_transaction(door.resources.sessions) as session:
            changed.append(await mark_content(session, keys, state, now=clock.now()))

    assert changed == [0, 1, 0, 1, 1, 0]
    assert await row(door.resources, "content_state") == ("DELETED",)
    assert await events(door.resources) == [
        ("engagement.redacted", "PROTECTED"),
        ("engagement.restored", "PRESENT"),
        ("engagement.redacted", "DELETED"),
    ]


async def test_what_is_unknown_is_not_marked(door: Walk) -> None:
    async with write_transaction(door.resources.sessions) as session:
        keys = [(ELSEWHERE, REPLY)]
        assert await mark_content(session, keys, ContentState.DELETED, now=NOW) == 0
        assert await mark_content(session, [], ContentState.DELETED, now=NOW) == 0
        assert await mark_misuse(session, keys, MisuseReason.NO_LINK, now=NOW) == 0

    assert await log_of(door.resources) == []


async def test_the_first_reason_of_misuse_stands(door: Walk, desk: Desk) -> None:
    keys = await recorded(door, desk)

    changed = []
    for reason in (MisuseReason.NO_LINK, MisuseReason.SUSPECTED_AUTOMATION):
        async with write_transaction(door.resources.sessions) as session:
            changed.append(await mark_misuse(session, keys, reason, now=clock.now()))

    assert changed == [1, 0]
    assert await row(door.resources, "misuse_reason") == ("NO_LINK",)
    [(_, kind, data)] = (await log_of(door.resources))[1:]
    assert (kind, data["engagement"]["misuseReason"]) == ("engagement.misuse_detected", "NO_LINK")


async def test_a_post_that_asks_after_all_is_matched_once(door: Walk, desk: Desk) -> None:
    [key] = await recorded(door, desk)
    [(tweet_id,)] = await door.fetch("SELECT tweet_id FROM engagement")

    found = []
    for _ in range(2):
        async with write_transaction(door.resources.sessions) as session:
            found.append(
                await match_engagement(
                    session, key, trigger_tag="AmazonCart", tweet_id=tweet_id, now=clock.now()
                )
            )

    [(engagement_id,)] = await door.fetch("SELECT id FROM engagement")
    assert found == [engagement_id, None]
    assert await row(door.resources, "trigger_match, trigger_tag") == ("EXACT", "AmazonCart")
    assert [kind for _, kind, _ in await log_of(door.resources)][1:] == ["engagement.matched"]
