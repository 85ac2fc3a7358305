"""What is too old goes, in bounded steps; what is not stays."""

from datetime import timedelta

from app.core import clock
from app.core.ids import uuid7
from app.ingest.desk import Desk
from app.ingest.purge import KEPT, ROWS_MAX, purge_once
from tests.ingest.told import a_delete, of_account, tell
from tests.walk import Walk, a_reply

ROWS = "SELECT (SELECT count(*) FROM inbox), (SELECT count(*) FROM standing)"


async def test_keys_and_standings_go_after_thirty_days(door: Walk, desk: Desk) -> None:
    await tell(door, desk, a_reply(), a_delete(), of_account("user_suspend"))
    before = await door.fetch(ROWS)

    clock.start_at(clock.now() + KEPT - timedelta(hours=1))
    early = await purge_once(door.resources)
    clock.start_at(clock.now() + timedelta(hours=2))

    assert (before, early) == ([(3, 2)], 0)
    assert await purge_once(door.resources) == 5
    assert await door.fetch(ROWS) == [(0, 0)]
    assert await purge_once(door.resources) == 0


async def test_what_is_not_decided_yet_stays_however_old_it_is(door: Walk) -> None:
    await door.post(a_reply())
    clock.start_at(clock.now() + 2 * KEPT)

    assert await purge_once(door.resources) == 0
    assert await door.fetch("SELECT count(*) FROM inbox WHERE body IS NOT NULL") == [(1,)]


async def test_what_nobody_could_decide_goes_with_its_body(door: Walk) -> None:
    await door.post(a_reply())
    async with door.resources.sessions() as session, session.begin():
        connection = await session.connection()
        await connection.exec_driver_sql("UPDATE inbox SET quarantined_at = $1", (clock.now(),))
    clock.start_at(clock.now() + KEPT + timedelta(hours=1))

    assert await purge_once(door.resources) == 1
    assert await door.fetch(ROWS) == [(0, 0)]


async def test_a_step_deletes_a_bounded_number_oldest_first(door: Walk) -> None:
    old, rows = clock.now() - 2 * KEPT, ROWS_MAX + 5
    async with door.resources.sessions() as session, session.begin():
        connection = await session.connection()
        await connection.exec_driver_sql(
            "INSERT INTO inbox (id, dedupe_key, lane, received_at, attempts, next_attempt_at,"
            " decided_at) SELECT id, uuid_send(id), 0, $2::timestamptz, 0, $2,"
            " $2 + number * interval '1 second'"
            " FROM unnest($1::uuid[]) WITH ORDINALITY AS fresh (id, number)",
            ([uuid7() for _ in range(rows)], old),
        )

    assert await purge_once(door.resources) == ROWS_MAX
    left = await door.fetch("SELECT count(*), min(decided_at) FROM inbox")
    assert left == [(5, old + timedelta(seconds=ROWS_MAX + 1))]
    assert await purge_once(door.resources) == 5
