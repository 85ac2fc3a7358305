"""Who may run what now: every installation has a bucket of points, one for all processes.

A process leases points from the row in PostgreSQL, spends them from memory, and leases more beside
what goes on, before they run out. It waits for the row only where it has none: at first, after a
pause, and when the bucket is nearly empty; requests that wait at the same moment share a round
trip. What is not used is given back. `buckets.py` says why all processes together admit no more
than the limit.

Without the database nothing new is leased; what is in hand may be spent until its time is over.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from math import ceil
from time import monotonic
from typing import Self
from uuid import UUID

import structlog

from app.core.metrics import POINTS_SPENT
from app.core.outage import describe, is_outage
from app.core.read_pool import ReadPool
from app.core.viewer import Viewer
from app.graphql.accounts import PAUSE_SECONDS, Account, Tariff, asked_of, book, serve
from app.graphql.buckets import (
    BUCKETS_AT_ONCE,
    Settled,
    Settlement,
    open_buckets,
    settle,
)
from app.graphql.charges import Charge, HeaderFields
from app.graphql.cost import OPERATION
from app.graphql.errors import ErrorCode, RequestRefused, masked

log = structlog.get_logger(__name__)

ACCOUNTS_MAX = 10_000
"""Installations that one process holds leases for; the one it met first leaves first."""
WAITING_MAX = 200
"""Requests of one installation that wait for the row at the same moment; more are refused."""
SWEEP_SECONDS = 1.0
IDLE_SWEEPS = 5
"""After so many without a request a lease is given back."""
RENEW_SECONDS = 3.0
"""A lease in use is renewed when it is good for less."""
CLOSE_SECONDS_MAX = 1.0
COPIED_BYTES_MAX = 4_096
"""A smaller answer is cheaper copied twice than looked at by a view."""


class _Metered(Charge):
    """The charge of one operation by its installation's bucket."""

    __slots__ = ("_account", "_meter", "_taken", "requested")

    def __init__(self, meter: "Meter", account: Account) -> None:
        self._meter = meter
        self._account = account
        self._taken = False
        self.requested = 0
        """The points that the operation takes, once that is known."""

    def open(self) -> None:
        """Refuse what cannot be paid, as far as this process knows."""
        account = self._account
        if account.left < OPERATION:
            now = monotonic()
            if account.available(now) < OPERATION:
                self.requested = OPERATION
                self._meter.renew(account)
                raise account.refusal(OPERATION, now)

    def take_now(self, cost: int) -> bool:
        """Charge *cost* if so many points are in hand."""
        account = self._account
        left = account.left - cost
        if left < 0 or monotonic() >= account.until:
            return False
        account.left = left
        self.requested = cost
        self._taken = True
        if left < account.low:
            self._meter.renew(account)
        return True

    async def take(self, cost: int) -> None:
        """Charge *cost*, from the row where it must be."""
        if self.take_now(cost):
            return
        self.requested = cost
        maximum = self._account.tariff.maximum
        if cost > maximum:
            raise RequestRefused(ErrorCode.OPERATION_TOO_LARGE, too_dear(cost, maximum))
        self._account = await self._meter.lend(self._account, cost)
        self._taken = True

    def refused(self, code: ErrorCode) -> None:
        """The operation does not run. For a fault of its own it costs the least."""
        if self._taken or code in (ErrorCode.THROTTLED, ErrorCode.SERVICE_UNAVAILABLE):
            return
        self._taken = True
        self.requested = self.requested or OPERATION
        self._account.left -= OPERATION  # below nothing it is a debt, paid by the next lease
        self._meter.renew(self._account)

    def available(self, maximum: int) -> int:
        """The points that are left, as far as this process knows."""
        return self._account.available(monotonic())

    def tell(self, body: bytes) -> tuple[bytes, HeaderFields]:
        """The answer, and fields of draft-ietf-httpapi-ratelimit-headers-10.

        `r` points are left, and the bucket is full in `t` seconds.
        """
        meter, account = self._meter, self._account
        available = account.available(monotonic())
        tail = meter.extension % (self.requested, available)
        maximum, restore_rate = account.tariff
        seconds = (maximum - available + restore_rate - 1) // restore_rate
        limit = (b"ratelimit", b'"cost";r=%d;t=%d' % (available, seconds))
        if len(body) < COPIED_BYTES_MAX:
            return body[:-1] + tail, (meter.policy, limit)
        return b"".join((memoryview(body)[:-1], tail)), (meter.policy, limit)


def too_dear(cost: int, maximum: int) -> str:
    """Why an operation of that cost never runs, and the way out."""
    return (
        f"This takes {cost:,} points, and a full bucket holds {maximum:,}. Ask for smaller pages "
        "with `first`, or in several operations; `operationCost` tells what costs how much."
    )


class Meter:
    """The accounts of one process. Give it back what it leased: `async with`."""

    def __init__(self, database_url: str, tariff: Tariff) -> None:
        self.tariff = tariff
        self.policy = (
            b"ratelimit-policy",
            b'"cost";q=%d;w=%d;qu="points"'
            % (tariff.maximum, ceil(tariff.maximum / tariff.restore_rate)),
        )
        # Filled in for each answer: two numbers into bytes, which is what costs least.
        self.extension = (
            b',"extensions":{"cost":{"requested":%%d,"maximumAvailable":%d,"restoreRate":%d,'
            b'"currentlyAvailable":%%d}}}' % (tariff.maximum, tariff.restore_rate)
        )
        self._database_url = database_url
        self._buckets: ReadPool | None = None
        self._accounts: dict[UUID, Account] = {}
        self._due: dict[UUID, Account] = {}
        self._wake = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None
        self._returning: asyncio.Task[None] | None = None
        self._sweeper: asyncio.TimerHandle | None = None
        self._away = False

    async def __aenter__(self) -> Self:
        """The meter itself."""
        return self

    async def __aexit__(self, *_error: object) -> None:
        """Give everything back; what cannot be given back in time counts as spent."""
        if self._sweeper is not None:
            self._sweeper.cancel()
        self._due.clear()
        running = [each for each in (self._worker, self._returning) if each is not None]
        if running:
            _, late = await asyncio.wait(running, timeout=CLOSE_SECONDS_MAX)
            for each in late:
                each.cancel()
        for account in self._accounts.values():
            for _, waiter in account.waiting:
                waiter.cancel()
        with suppress(Exception):
            async with asyncio.timeout(CLOSE_SECONDS_MAX):
                await self._give_back(list(self._accounts.values()))
        if self._buckets is not None:
            await self._buckets.close()

    def begin(self, viewer: Viewer) -> Charge:
        """The charge of an operation that *viewer* sends."""
        account = self._accounts.get(viewer.installation_id)
        if account is None:
            account = self._open(viewer.brand_id, viewer.installation_id)
        return _Metered(self, account)

    def available(self, viewer: Viewer) -> int:
        """The points that this process knows of in the viewer's bucket."""
        account = self._accounts.get(viewer.installation_id)
        return self.tariff.maximum if account is None else account.available(monotonic())

    def renew(self, account: Account) -> None:
        """Lease more for *account*, beside what goes on."""
        if not account.asked:
            self._ask(account)

    async def lend(self, account: Account, cost: int) -> Account:
        """Take *cost* by way of the row; the account that it came from.

        Raises:
            Throttled: the bucket holds less.
            RequestRefused: the database is away.
        """
        account = self._accounts.get(account.installation_id) or self._open(
            account.brand_id, account.installation_id
        )
        now = monotonic()
        if account.available(now) < cost or len(account.waiting) >= WAITING_MAX:
            self.renew(account)
            raise account.refusal(cost, now)
        account.chunk = max(account.chunk, min(2 * cost, self.tariff.lease_max))
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        account.waiting.append((cost, waiter))
        self.renew(account)
        await waiter
        return account

    def _open(self, brand_id: UUID, installation_id: UUID) -> Account:
        if len(self._accounts) >= ACCOUNTS_MAX:
            first = self._accounts.pop(next(iter(self._accounts)))
            first.left = 0  # what it leased counts as spent
        account = Account(brand_id, installation_id, self.tariff, self.tariff.lease_min)
        self._accounts[installation_id] = account
        return account

    def _ask(self, account: Account) -> None:
        account.asked = True
        self._due[account.installation_id] = account
        self._wake.set()
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        if self._sweeper is None:
            self._sweeper = asyncio.get_running_loop().call_later(SWEEP_SECONDS, self._sweep)

    async def _work(self) -> None:
        """Settle what is due, all that is due at once, until nothing is."""
        while self._due:
            now = monotonic()
            ready = [each for each in self._due.values() if each.not_before <= now]
            if not ready:
                earliest = min(each.not_before for each in self._due.values())
                self._wake.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(earliest - now):
                        await self._wake.wait()
                continue
            for account in ready[:BUCKETS_AT_ONCE]:
                del self._due[account.installation_id]
            await self._settle(ready[:BUCKETS_AT_ONCE])

    async def _settle(self, accounts: Sequence[Account]) -> None:
        began = monotonic()
        asked = [asked_of(account, began) for account in accounts]
        try:
            settled = await self._exchange(asked)
        except Exception as error:
            self._failed(accounts, error)
            return
        if self._away:
            log.info("buckets_settled_again")
            self._away = False
        now = monotonic()
        for account, each in zip(accounts, asked, strict=True):
            book(account, each, settled[account.installation_id], began, now)
            if serve(account, now):
                self._ask(account)

    async def _exchange(self, asked: Sequence[Settlement]) -> dict[UUID, Settled]:
        if self._buckets is None:
            self._buckets = await open_buckets(self._database_url)
        POINTS_SPENT.inc(sum(each.leased - each.kept - each.returned for each in asked))
        return await settle(
            self._buckets,
            asked,
            maximum=self.tariff.maximum,
            restore_rate=self.tariff.restore_rate,
        )

    def _failed(self, accounts: Sequence[Account], error: Exception) -> None:
        """The row may have counted it or not: what it counts for us is over after two epochs."""
        if not self._away:
            self._away = True
            log.warning("buckets_unsettled", **describe(error))
        if not is_outage(error):
            masked("buckets_defect")
        for account in accounts:
            account.asked = False
            account.leased, account.epoch = 0, -1
            account.not_before = monotonic() + PAUSE_SECONDS
            waiting, account.waiting = account.waiting, []
            for _, waiter in waiting:
                if not waiter.done():
                    waiter.set_exception(_unavailable(error))

    def _sweep(self) -> None:
        """Give back what rests, and renew in time what is in use."""
        now = monotonic()
        resting = []
        for account in self._accounts.values():
            account.rested = account.rested + 1 if account.left == account.seen else 0
            account.seen = account.left
            if account.asked:
                continue
            if account.rested >= IDLE_SWEEPS:
                resting.append(account)
            elif account.left and account.until - now < RENEW_SECONDS:
                self._ask(account)
        for account in resting:
            del self._accounts[account.installation_id]
        self._sweeper = None
        if resting:
            self._returning = asyncio.create_task(self._give_back(resting))
        if self._accounts:
            self._sweeper = asyncio.get_running_loop().call_later(SWEEP_SECONDS, self._sweep)

    async def _give_back(self, accounts: Sequence[Account]) -> None:
        now = monotonic()
        asked = [
            each._replace(kept=0, returned=each.kept, needed=0, wanted=0)
            for account in accounts
            if account.leased or account.left < 0
            for each in [asked_of(account, now)]
        ]
        for account in accounts:
            account.left = account.leased = 0
        with suppress(Exception):  # then it counts as spent
            for begin in range(0, len(asked), BUCKETS_AT_ONCE):
                await self._exchange(asked[begin : begin + BUCKETS_AT_ONCE])


def _unavailable(error: Exception) -> Exception:
    if not is_outage(error):
        return error
    return RequestRefused(
        ErrorCode.SERVICE_UNAVAILABLE,
        "The database does not answer right now, so the limit is not known. Try again in a few "
        "seconds.",
    )
