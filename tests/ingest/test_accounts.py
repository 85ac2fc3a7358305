"""What became of accounts: their posts are marked, and what they wait for is withdrawn."""

from datetime import timedelta

import pytest

from app.core import clock
from app.ingest.desk import Desk
from app.ingest.spread import PAGE_ROWS_MAX
from tests.ingest.told import (
    BRAND,
    EARLY,
    LATE,
    MARA,
    OPTED_OUT,
    REPLY,
    a_delete,
    content,
    intents,
    of_account,
    tell,
    types,
)
from tests.walk import Walk, a_reply, everything, log_of


@pytest.mark.parametrize(
    ("kind", "undo", "state"),
    [
        ("user_protect", "user_unprotect", "PROTECTED"),
        ("user_withheld", None, "WITHHELD"),
    ],
)
async def test_what_an_account_hides_is_marked_and_leaves_intents(
    door: Walk, desk: Desk, kind: str, undo: str | None, state: str
) -> None:
    await tell(door, desk, a_reply(), of_account(kind))

    assert (await content(door.resources), await intents(door.resources)) == ([state], ["QUEUED"])
    assert (await types(door.resources))[-1] == "engagement.redacted"
    if undo:
        await tell(door, desk, of_account(undo, LATE))
        assert await content(door.resources) == ["PRESENT"]
        assert (await types(door.resources))[-1] == "engagement.restored"


@pytest.mark.parametrize(
    ("kind", "undo"), [("user_suspend", "user_unsuspend"), ("user_delete", "user_undelete")]
)
async def test_an_account_that_is_gone_withdraws_what_waits_and_may_come_back(
    door: Walk, desk: Desk, kind: str, undo: str
) -> None:
    await tell(door, desk, a_reply(), of_account(kind))
    gone = (await content(door.resources), await intents(door.resources))

    await tell(door, desk, of_account(undo, LATE), a_reply(id=str(int(REPLY) + 5_000_000_000)))

    assert gone == (["WITHHELD"], ["WITHDRAWN"])
    assert await content(door.resources) == ["PRESENT", "PRESENT"]
    assert await intents(door.resources) == ["WITHDRAWN", "QUEUED"]


async def test_a_reply_that_comes_after_its_account_was_suspended_is_withdrawn(
    door: Walk, desk: Desk
) -> None:
    await tell(door, desk, of_account("user_suspend"), a_reply())

    assert (await content(door.resources), await intents(door.resources)) == (
        ["WITHHELD"],
        ["WITHDRAWN"],
    )


@pytest.mark.parametrize("late", [False, True])
async def test_who_posts_after_a_suspension_has_come_back(
    door: Walk, desk: Desk, *, late: bool
) -> None:
    """X never shows posts of an account that is suspended, and may forget to tell its return."""
    told = [of_account("user_suspend", "2026-11-20T08:00:00.000Z"), a_reply()]

    await tell(door, desk, *(reversed(told) if late else told))

    assert (await content(door.resources), await intents(door.resources)) == (
        ["PRESENT"],
        ["QUEUED"],
    )


async def test_of_two_that_contradict_each_other_the_later_one_stands(
    door: Walk, desk: Desk
) -> None:
    await tell(door, desk, a_reply(), of_account("user_unprotect", LATE))
    await tell(door, desk, of_account("user_protect", EARLY))

    assert await content(door.resources) == ["PRESENT"]
    assert "engagement.redacted" not in await types(door.resources)


async def test_the_same_may_happen_to_an_account_again(door: Walk, desk: Desk) -> None:
    later = "2026-11-20T11:30:00.000Z"
    await tell(door, desk, a_reply(), of_account("user_protect", EARLY))
    await tell(door, desk, of_account("user_unprotect", LATE), of_account("user_protect", later))

    assert await content(door.resources) == ["PROTECTED"]


async def test_what_one_account_hides_comes_to_all_its_posts_page_by_page(
    door: Walk, desk: Desk
) -> None:
    await tell(door, desk, a_reply())
    async with door.resources.sessions() as session, session.begin():
        connection = await session.connection()
        await connection.exec_driver_sql(
            "INSERT INTO engagement (brand_id, id, xid, kind, shopper_id, trigger_match,"
            " content_state, occurred_at, received_at)"
            " SELECT brand_id, gen_random_uuid(), xid + n, kind, shopper_id, 'NONE', 'PRESENT',"
            " occurred_at, received_at FROM engagement, generate_series(1, $1) AS n",
            (PAGE_ROWS_MAX,),
        )

    await tell(door, desk, of_account("user_protect"))

    assert set(await content(door.resources)) == {"PROTECTED"}
    assert (await types(door.resources)).count("engagement.redacted") == PAGE_ROWS_MAX + 1


async def test_nothing_is_remembered_of_one_who_opted_out(door: Walk, desk: Desk) -> None:
    before = await everything(door.resources)

    await tell(
        door,
        desk,
        a_delete("2123688217942515999", OPTED_OUT),
        of_account("user_protect", user=OPTED_OUT),
    )

    after = await everything(door.resources)
    assert {name for name in after if after[name] != before[name]} == {"inbox"}


async def test_what_is_told_of_strangers_is_remembered_by_keyed_hashes_alone(
    door: Walk, desk: Desk
) -> None:
    await tell(
        door,
        desk,
        a_delete("2123688217942515999", "1777000000000000777"),
        of_account("user_suspend", user="1777000000000000777"),
    )

    rows = str(await everything(door.resources))
    assert "2123688217942515999" not in rows
    assert "1777000000000000777" not in rows
    assert await door.fetch("SELECT count(*), bool_or(spreads) FROM standing") == [(2, False)]


async def test_a_revoked_grant_pauses_the_brand_and_is_told(door: Walk, desk: Desk) -> None:
    revoked = {
        "data": {
            "event_type": "oauth.revoke",
            "filter": {},
            "payload": {"user_id": BRAND, "date_time": "2026-11-20T11:00:00+00:00"},
        }
    }

    await tell(door, desk, revoked, a_reply())

    assert await door.fetch("SELECT status, failure_reason FROM cart_intent") == [
        ("FAILED", "BRAND_PAUSED")
    ]
    number, kind, data = (await log_of(door.resources))[0]
    assert (number, kind, data) == (1, "brand.updated", {"changedFields": ["grantRevokedAt"]})


async def test_a_grant_that_somebody_else_revoked_pauses_nobody(door: Walk, desk: Desk) -> None:
    payload = {"user_id": MARA, "date_time": "2026-11-20T11:00:00+00:00"}
    body = {"data": {"event_type": "oauth.revoke", "filter": {}, "payload": payload}}

    await tell(door, desk, body, a_reply())

    assert await intents(door.resources) == ["QUEUED"]


async def test_a_moment_ahead_of_the_clock_counts_as_now(door: Walk, desk: Desk) -> None:
    """Otherwise nothing could ever contradict it."""
    await tell(door, desk, a_reply(), of_account("user_protect", "2036-01-01T00:00:00Z"))
    clock.start_at(clock.now() + timedelta(minutes=1))

    await tell(door, desk, of_account("user_unprotect", clock.now().isoformat()))

    assert await content(door.resources) == ["PRESENT"]
