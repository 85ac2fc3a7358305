"""One deployment within a process, whose every step is taken when a test says so."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypedDict
from uuid import UUID

from app.carts.choices import candidates_of, choose_product, request_removal, withdraw_intent
from app.carts.dispatch import Dispatcher
from app.carts.removals import Remover
from app.carts.waits import complete_waiting, expire_once
from app.core import clock
from app.core.outage import is_outage
from app.core.resources import Resources
from app.events.log import write_transaction
from app.events.states import ActorKind
from app.ingest.desk import Desk
from app.ingest.lanes import Lanes
from app.ingest.resume import Resumer
from app.ingest.spread import spread_once
from app.pages.leaving import leave
from app.retailers.registry import Retailers, open_retailers
from app.retailers.states import AddMode
from app.shoppers.queries import shoppers_of
from app.shoppers.service import NewLink, ensure_persons, link_accounts
from app.tweets.resolver import Resolver
from tests.walk import NowhereToGo, Walk, a_door, bare_world, fetch

LEASES_RUN_OUT = "UPDATE ingest_lane SET leased_until = clock_timestamp() WHERE owner IS NOT NULL"
SETTLING_TURNS_MAX = 200


class About(TypedDict):
    """Which intent."""

    brand_id: UUID
    intent_id: UUID


class How(About):
    """Which intent, by whom and when."""

    actor: ActorKind
    now: datetime


@dataclass
class Worker:
    """A desk with lanes of its own."""

    desk: Desk
    lanes: Lanes


@dataclass
class TurnedHouse:
    """The door, two workers and everything that runs beside them."""

    resources: Resources
    door: Walk
    retailers: Retailers
    queued: asyncio.Event = field(default_factory=asyncio.Event)
    workers: list[Worker] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.workers = [self._hire(), self._hire()]
        self.dispatcher = Dispatcher(self.resources, self.retailers, spread=lambda: 1.0)
        self.remover = Remover(self.resources, self.retailers, spread=lambda: 1.0)
        self.resumer = Resumer(self.resources, self.queued)
        self.resolver = Resolver(self.resources, self.retailers, NowhereToGo())

    def _hire(self) -> Worker:
        lanes = Lanes(self.resources.sessions)
        return Worker(Desk(self.resources, lanes, self.queued), lanes)

    async def deliver(self, body: dict[str, Any]) -> None:
        """Bring a payload to the door, which takes it."""
        assert (await self.door.post(body)).status_code == 200

    async def turn(self, *names: str) -> int:
        """Take these steps at the same time; how much they found to do."""
        steps: dict[str, Awaitable[int]] = {name: self._step(name) for name in names}
        found = await asyncio.gather(*steps.values(), return_exceptions=True)
        for each in found:
            # Two that wait for each other: PostgreSQL ends one, whose turn comes again.
            if isinstance(each, BaseException) and not is_outage(each):
                raise each
        return sum(1 if isinstance(each, BaseException) else each for each in found)

    def _step(self, name: str) -> Awaitable[int]:
        match name:
            case "desk 1" | "desk 2":
                return self._decide(self.workers[int(name[-1]) - 1])
            case "retailers" | "retailers again":
                return self.dispatcher.run_once()
            case "removals":
                return self.remover.run_once()
            case "parents":
                return self.resumer.resume_once()
            case "accounts":
                return spread_once(self.resources)
            case "links":
                return self.resolver.resolve_once()
            case _:
                return expire_once(self.resources)

    async def _decide(self, worker: Worker) -> int:
        await worker.lanes.refresh()
        return await worker.desk.decide_batch()

    async def restart(self, number: int) -> None:
        """A worker dies and another one takes its place; the leases of the dead run out."""
        self.workers[number] = self._hire()
        await fetch_nothing(self.resources, LEASES_RUN_OUT)

    async def settle(self) -> None:
        """Turn everything until nothing is found to do and nothing is left for later."""
        for _ in range(SETTLING_TURNS_MAX):
            found = await self.turn(*STEPS)
            later = await self.fetch(
                "SELECT min(coalesce(next_attempt_at, claimed_until)) FROM cart_intent"
                " WHERE status = 'QUEUED'"
            )
            if not found and later == [(None,)]:
                return
            if not found:
                await self.pass_time(max(later[0][0] - clock.now(), timedelta(0)))
        raise AssertionError("The house does not come to rest.")

    async def pass_time(self, delta: timedelta) -> None:
        """Let time go by at once."""
        clock.start_at(clock.now() + delta)

    async def fetch(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows that are committed."""
        return await fetch(self.resources, sql)

    async def link(self, x_user_id: str, marketplace: str) -> None:
        """She links her account; what waited for it goes on."""
        async with write_transaction(self.resources.sessions) as session:
            keys = self.resources.keys
            person = (await ensure_persons(session, keys, {int(x_user_id): None}))[int(x_user_id)]
            link = NewLink(
                person_id=person,
                retailer="sandbox",
                marketplace=marketplace,
                add_mode=AddMode.SERVER_ADD,
                external_reference=f"account of {x_user_id}",
            )
            await link_accounts(session, keys, [link])
            await complete_waiting(
                session,
                shoppers=await shoppers_of(session, person),
                retailer="sandbox",
                marketplace=marketplace,
                now=clock.now(),
            )

    async def opt_out(self, x_user_id: str) -> None:
        """She leaves, whether anybody knows her or not."""
        async with write_transaction(self.resources.sessions) as session:
            keys = self.resources.keys
            person = (await ensure_persons(session, keys, {int(x_user_id): None}))[int(x_user_id)]
            await leave(session, keys, person, int(x_user_id), now=clock.now())

    async def decide_for(self, what: str, brand_id: UUID, intent_id: UUID, pick: int) -> None:
        """She chooses, withdraws or undoes, as far as it is possible."""
        async with write_transaction(self.resources.sessions) as session:
            about: About = {"brand_id": brand_id, "intent_id": intent_id}
            how: How = {**about, "actor": ActorKind.SHOPPER, "now": clock.now()}
            if what == "withdraw":
                await withdraw_intent(session, **how)
            elif what == "remove":
                await request_removal(session, **how)
            elif candidates := await candidates_of(session, **about):
                product = candidates[pick % len(candidates)].name.id
                await choose_product(session, **how, product_id=product)


STEPS = (
    "desk 1",
    "desk 2",
    "retailers",
    "retailers again",
    "removals",
    "parents",
    "accounts",
    "links",
    "waits",
)


async def fetch_nothing(resources: Resources, statement: str) -> None:
    """Run a statement and commit it."""
    async with resources.sessions.begin() as session:
        await (await session.connection()).exec_driver_sql(statement)


@asynccontextmanager
async def a_house(kept_world: Resources) -> AsyncIterator[TurnedHouse]:
    """A house over the bare world of the corpus."""
    async with AsyncExitStack() as stack:
        resources = await stack.enter_async_context(bare_world(kept_world))
        door = await stack.enter_async_context(a_door(resources))
        retailers = await stack.enter_async_context(open_retailers(resources.database_url))
        yield TurnedHouse(resources, door, retailers)
