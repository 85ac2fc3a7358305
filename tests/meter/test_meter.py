"""One process's side of the buckets: spent from memory, leased in chunks, given back."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from time import monotonic
from uuid import UUID, uuid4

import asyncpg
import pytest

from app.core.viewer import Scope, Viewer
from app.graphql import meter as meter_module
from app.graphql.accounts import Tariff
from app.graphql.buckets import LEASE_SECONDS, Settled, Settlement
from app.graphql.charges import Charge, Throttled
from app.graphql.cost import OPERATION
from app.graphql.errors import ErrorCode, RequestRefused
from app.graphql.meter import Meter
from tests.http.gate import gated

TARIFF = Tariff(10_000, 1)
"""A second adds so little that a test does not notice it."""


class Counted(Meter):
    """A process's meter that counts its round trips."""

    trips = 0

    async def _exchange(self, asked: Sequence[Settlement]) -> dict[UUID, Settled]:
        self.trips += 1
        return await super()._exchange(asked)


@pytest.fixture
async def meter(database: str) -> AsyncIterator[Counted]:
    """The meter of one process."""
    async with Counted(database, TARIFF) as found:
        yield found


def viewer() -> Viewer:
    """Who asks, for an installation of this test alone."""
    return Viewer(uuid4(), uuid4(), uuid4(), uuid4(), frozenset(Scope), None)


async def spend(meter: Meter, who: Viewer, cost: int) -> Charge:
    """Run an operation of that cost."""
    charge = meter.begin(who)
    with charge.opened():
        await charge.take(cost)
    return charge


async def row_of(url: str, who: Viewer) -> tuple[int, int]:
    """What the row holds: free, and leased by anybody."""
    connection = await asyncpg.connect(url)
    row = await connection.fetchrow(
        "SELECT floor(free), leased + leased_before FROM cost_bucket WHERE installation_id = $1",
        who.installation_id,
    )
    await connection.close()
    assert row is not None
    return int(row[0]), row[1]


async def test_most_operations_ask_nobody(meter: Counted) -> None:
    who = viewer()
    for _ in range(200):
        await spend(meter, who, 25)

    assert meter.available(who) == 10_000 - 200 * 25
    assert meter.trips <= 16


async def test_a_first_burst_shares_one_round_trip(meter: Counted) -> None:
    who = viewer()

    await asyncio.gather(*(spend(meter, who, 20) for _ in range(100)))

    assert meter.trips <= 3
    assert meter.available(who) == 8_000


async def test_what_is_not_there_is_refused_with_the_time_when_it_is(meter: Counted) -> None:
    who = viewer()
    await spend(meter, who, 9_900)

    with pytest.raises(Throttled) as refused:
        await spend(meter, who, 130)

    assert refused.value.seconds == 30
    assert refused.value.as_json() == {
        "message": "This takes 130 points and 100 are available. There is enough in 30 s, if "
        "nothing else is asked meanwhile. Nothing was run.",
        "extensions": {"code": "THROTTLED", "retryAfterSeconds": 30},
    }
    await spend(meter, who, 100)
    with pytest.raises(Throttled):
        meter.begin(who).open()


async def test_what_no_bucket_holds_is_refused_for_good_and_costs_the_least(
    meter: Counted,
) -> None:
    who = viewer()

    with pytest.raises(RequestRefused) as refused:
        await spend(meter, who, 10_001)

    assert refused.value.code is ErrorCode.OPERATION_TOO_LARGE
    assert "`first`" in refused.value.message
    assert meter.available(who) == 10_000 - OPERATION


async def test_an_operation_that_is_refused_for_its_own_fault_costs_the_least(
    meter: Counted, database: str
) -> None:
    who = viewer()
    for _ in range(3):
        charge = meter.begin(who)
        with pytest.raises(RequestRefused), charge.opened():
            raise RequestRefused(ErrorCode.MISSING_SCOPE, "...")
        body, _ = charge.tell(b'{"errors":[]}')
        assert b'"requested":20,' in body

    assert meter.available(who) == 10_000 - 3 * OPERATION
    await meter.__aexit__()
    assert await row_of(database, who) == (10_000 - 3 * OPERATION, 0)


async def test_an_operation_that_began_keeps_its_cost_when_it_fails(meter: Counted) -> None:
    who = viewer()
    charge = meter.begin(who)

    async def fails() -> None:
        with charge.opened():
            await charge.take(500)
            raise RequestRefused(ErrorCode.OPERATION_TOO_LARGE, "...")

    with pytest.raises(RequestRefused):
        await fails()

    assert meter.available(who) == 9_500


async def test_other_installations_have_buckets_of_their_own(meter: Counted) -> None:
    greedy, modest = viewer(), viewer()
    await spend(meter, greedy, 10_000)

    with pytest.raises(Throttled):
        await spend(meter, greedy, 20)
    await spend(meter, modest, 10_000)


async def test_two_processes_share_a_bucket(database: str) -> None:
    who = viewer()
    async with Meter(database, TARIFF) as one, Meter(database, TARIFF) as other:
        admitted = 0
        for turn in range(1_000):
            try:
                await spend(one if turn % 2 else other, who, 50)
            except Throttled:
                continue
            admitted += 50

    # What one process holds below the cost of an operation is lost to the other.
    assert 9_900 <= admitted <= 10_000 + 50


async def test_a_process_that_ends_gives_back_what_it_holds(database: str) -> None:
    who = viewer()
    async with Meter(database, TARIFF) as meter:
        await spend(meter, who, 30)
        free, leased = await row_of(database, who)
        assert free + leased == 10_000

    assert await row_of(database, who) == (9_970, 0)


async def test_a_lease_that_rests_is_given_back_and_forgotten(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meter_module, "SWEEP_SECONDS", 0.01)
    who = viewer()
    async with Meter(database, TARIFF) as meter:
        await spend(meter, who, 30)
        async with asyncio.timeout(30):
            while meter._accounts:  # noqa: ASYNC110  the sweep tells nobody
                await asyncio.sleep(0.01)
        assert meter._returning is not None
        await meter._returning
        assert await row_of(database, who) == (9_970, 0)
        await spend(meter, who, 9_970)


async def test_a_process_that_slept_spends_nothing_of_an_old_lease(
    meter: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = viewer()
    await spend(meter, who, 30)
    monkeypatch.setattr(meter_module, "monotonic", lambda: monotonic() + LEASE_SECONDS)

    charge = meter.begin(who)

    assert not charge.take_now(20)
    await charge.take(20)
    assert meter.trips == 2


async def test_without_the_database_only_what_is_in_hand_is_spent(database: str) -> None:
    who, stranger = viewer(), viewer()
    async with gated(database) as gate, Meter(gate.url, TARIFF) as meter:
        await spend(meter, who, 20)
        await gate.close()
        await spend(meter, who, 20)

        for asking, cost in ((who, 5_000), (stranger, 20)):
            with pytest.raises(RequestRefused) as refused:
                await spend(meter, asking, cost)
            assert refused.value.code is ErrorCode.SERVICE_UNAVAILABLE

        await gate.open()
        await spend(meter, stranger, 20)
        await spend(meter, who, 5_000)
    # The lease of that time, 120 points: what was not told of it counts as spent in the end.
    assert await row_of(database, who) == (10_000 - 120 - 5_000, 120)


async def test_a_client_that_leaves_while_it_waits_is_not_charged(
    meter: Counted, database: str
) -> None:
    who = viewer()
    waiting = asyncio.create_task(spend(meter, who, 500))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await spend(meter, who, 20)

    await meter.__aexit__()
    assert await row_of(database, who) == (9_980, 0)
