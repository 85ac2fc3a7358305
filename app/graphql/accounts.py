"""What one process knows of a bucket and has in hand of it, and what it asks the row for.

Only arithmetic: who leases, waits and is told is in `meter.py`.
"""

import asyncio
from dataclasses import dataclass, field
from math import ceil
from typing import NamedTuple
from uuid import UUID

from app.core.metrics import THROTTLED
from app.core.settings import COST_MAXIMUM, COST_RESTORE_RATE
from app.graphql.buckets import LEASE_SECONDS, Settled, Settlement
from app.graphql.charges import Throttled

PAUSE_SECONDS = 0.05
"""How long the row of a bucket that is nearly empty is left alone: who waits, waits so long."""
QUICKLY_SECONDS = 1.0
"""A lease that is used up sooner is doubled the next time."""


class Tariff(NamedTuple):
    """The size of every bucket, and the points that each second adds."""

    maximum: int = COST_MAXIMUM
    restore_rate: int = COST_RESTORE_RATE

    @property
    def lease_min(self) -> int:
        """What a process leases at first."""
        return max(1, self.maximum // 100)

    @property
    def lease_max(self) -> int:
        """What a process leases at most, beside what waits: what is missing when it dies."""
        return max(1, self.maximum // 10)


USUAL_TARIFF = Tariff()


@dataclass(eq=False, slots=True)
class Account:
    """What this process knows of one installation's bucket, and has in hand of it."""

    brand_id: UUID
    installation_id: UUID
    tariff: Tariff
    chunk: int
    """How many points to lease at once."""
    left: int = 0
    """Points in hand, good until the moment `until`; below nothing a debt."""
    until: float = 0.0
    low: int = 0
    """Below this more is leased beside what goes on."""
    leased: int = 0
    """What the row counts for this process, under `epoch`."""
    epoch: int = -1
    free: int = 0
    """What the row had for anybody at the moment `told_at`; before it was asked, long ago."""
    told_at: float = -1e12
    not_before: float = 0.0
    """When the row may be asked again."""
    asked: bool = False
    """Whether a settlement is due or under way."""
    waiting: list[tuple[int, "asyncio.Future[None]"]] = field(default_factory=list)
    seen: int = 0
    rested: int = 0
    """For how many sweeps nothing was spent."""

    def available(self, now: float) -> int:
        """The points that this process knows of: in hand, and in the row as time adds to it."""
        tariff = self.tariff
        there = self.free + int((now - self.told_at) * tariff.restore_rate)
        most = tariff.maximum - self.leased
        if there > most:
            there = most
        if there < 0:
            there = 0
        if now < self.until or self.left < 0:
            there += self.left
        return there if there > 0 else 0

    def refusal(self, cost: int, now: float) -> Throttled:
        """Why *cost* is not admitted now."""
        available = min(self.available(now), cost - 1)
        THROTTLED.inc()
        return Throttled(cost, available, ceil((cost - available) / self.tariff.restore_rate))


def asked_of(account: Account, now: float) -> Settlement:
    """What to tell and ask of the row now."""
    if now >= account.until or account.epoch < 0:
        account.left = min(account.left, 0)
    kept, owed = max(account.left, 0), max(-account.left, 0)
    costs = [cost for cost, waiter in account.waiting if not waiter.done()]
    needed = max(0, min(costs, default=0) - kept)
    wanted = max(needed, sum(costs) + account.chunk - kept)
    return Settlement(
        account.brand_id,
        account.installation_id,
        account.epoch,
        account.leased,
        kept,
        0,
        owed,
        needed,
        min(wanted, account.tariff.maximum),
    )


def book(account: Account, asked: Settlement, settled: Settled, began: float, now: float) -> None:
    """Take into the account what the row said. What was spent meanwhile is told the next time."""
    quickly = now - account.told_at < QUICKLY_SECONDS
    factor = 2.0 if quickly and asked.kept <= account.low else 1.0 if account.rested == 0 else 0.5
    tariff = account.tariff
    account.chunk = max(tariff.lease_min, min(int(account.chunk * factor), tariff.lease_max))
    account.left += settled.granted + asked.owed
    account.leased = asked.kept + settled.granted
    account.epoch = settled.epoch
    account.until = began + LEASE_SECONDS
    account.low = account.chunk // 2
    account.free, account.told_at = settled.free, now
    short = settled.granted < asked.wanted
    account.not_before = now + PAUSE_SECONDS if short else now
    account.asked = False


def serve(account: Account, now: float) -> bool:
    """Let those go on who waited, in their order; whether some must wait for the next word."""
    waiting, account.waiting = account.waiting, []
    for cost, waiter in waiting:
        if waiter.done():
            continue  # its client left
        if cost <= account.left:
            account.left -= cost
            waiter.set_result(None)
        elif cost <= account.available(now):
            account.waiting.append((cost, waiter))
        else:
            waiter.set_exception(account.refusal(cost, now))
    return bool(account.waiting)
