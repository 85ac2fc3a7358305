"""Random histories of random worlds: after each step the invariants hold, and again at the end."""

import asyncio
import os
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any, TypeVar

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from app.cli.seed import seed_world
from app.core.resources import Resources
from tests.invariants.checks import assert_invariants
from tests.invariants.house import STEPS, TurnedHouse, a_house, fetch_nothing
from tests.invariants.posts import (
    ACME,
    BOT,
    LINKS,
    NORDLICHT,
    Pen,
    Post,
    account,
    by_stream,
    deletion,
)
from tests.needs import chosen_scale, scale
from tests.walk import read_corpus

SEED = "HASHCART_INVARIANTS_SEED"
HISTORIES = scale(small=5, check=30, soak=300)
PHASES = (Phase.generate,)
"""To find a shorter history than one that failed may take minutes: add Phase.shrink for that."""

STEPS_MAX = scale(small=20, check=25, soak=30)

PEOPLE = tuple(str(1_400_000_000_000_000_000 + number) for number in range(6))
TAGS = {ACME: "AmazonCart", NORDLICHT: "AmazonKorb"}
ODD_TAGS = ("AmazonCart", "AmazonKorb", "AmazonBasket", "Amaz\u043encart", "AmazonCarts", None)
TWEETS = (
    "2122978114236649841",  # one product
    "2122993214288901650",  # the same product
    "2123008314160798387",  # two products
    "2123038513871037429",  # no link
    "2123129109184937915",  # digital
    "2123325403035771996",  # in sizes
    "2123446198202517860",  # of the other brand
)
CARTS: tuple[dict[str, Any] | None, ...] = (
    None,
    None,
    {"full": True},
    {"on_add": {"refuse": "RETAILER_REJECTED"}},
    {"on_add": {"timeouts": 1}},
    {"holds": [{"marketplace": "US", "asin": "B0ACMEBT01"}]},
)
LINKED: tuple[tuple[str, ...], ...] = (("US", "DE"), ("US",), ("US",), ())
CHANGES = ("user_protect", "user_unprotect", "user_suspend", "user_unsuspend", "user_delete")
HAND_OFF = "UPDATE brand_marketplace SET retailer = 'amazon' WHERE marketplace = 'DE'"
DELAYS = (timedelta(minutes=1), timedelta(hours=13), timedelta(hours=25), timedelta(days=8))

MEANWHILE = st.lists(st.sampled_from(STEPS), min_size=1, max_size=4, unique=True)
WHO, WHICH = st.sampled_from(PEOPLE), st.integers(0, 209)
BRANDS = st.sampled_from((ACME, NORDLICHT))
TOLD_TO = st.sampled_from((ACME, ACME, NORDLICHT, None))
WISHES = st.tuples(WHO, WHICH, TOLD_TO)
Result = TypeVar("Result")

_KEPT = {
    "cart_intent": "SELECT t::text FROM cart_intent AS t ORDER BY 1",
    "event": "SELECT t::text FROM event AS t ORDER BY 1",
    "cart": "SELECT t::text FROM sandbox_cart_line AS t ORDER BY 1",
    "engagement": "SELECT id, xid, intent_id, misuse_reason FROM engagement ORDER BY id",
}
_UNFINISHED = """
SELECT id, status FROM cart_intent
WHERE status IN ('RECEIVED', 'AWAITING_CHOICE', 'AWAITING_LINK', 'QUEUED')
"""
_DECIDABLE = {
    "choose": "SELECT brand_id, id FROM cart_intent WHERE status = 'AWAITING_CHOICE' ORDER BY id",
    "withdraw": "SELECT brand_id, id FROM cart_intent ORDER BY status = 'QUEUED', id DESC",
    "remove": "SELECT brand_id, id FROM cart_intent WHERE status = 'ADDED' ORDER BY id",
}
_PUT_ASIDE = "SELECT id FROM inbox WHERE quarantined_at IS NOT NULL OR attempts > 0"


@dataclass(frozen=True)
class Stage:
    """Where histories are played: the event loop with its database."""

    loop: asyncio.AbstractEventLoop
    kept_world: Resources

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run on the loop, from the thread of the histories."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()


class History(RuleBasedStateMachine):
    """Six people, two brands, two workers; `stage` is set before the first one."""

    stage: Stage

    def __init__(self) -> None:
        super().__init__()
        self.stack = AsyncExitStack()
        self.pen = Pen()
        roots = {tweet["id"]: tweet for tweet in read_corpus("world.json")["tweets"]}
        self.parents = [Post(xid, roots[xid]["author_x_user_id"], xid) for xid in TWEETS]
        self.sellers = list(self.parents)
        self.bodies: list[dict[str, Any]] = []
        self.late: list[Post] = []
        self.gone: set[str] = set()
        self.failed = False
        self.house: TurnedHouse = self.run(
            self.stack.enter_async_context(a_house(self.stage.kept_world))
        )

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run on the loop of the database."""
        return self.stage.run(work)

    @initialize(
        linked=st.lists(st.sampled_from(LINKED), min_size=6, max_size=6),
        carts=st.lists(st.sampled_from(CARTS), min_size=6, max_size=6),
        quotes=st.booleans(),
        depth=st.sampled_from(("PARENT", "THREAD_ROOT")),
        paused=st.sampled_from((None, *TWEETS[:2])),
        hands_off=st.booleans(),
        consenting=st.lists(st.booleans(), min_size=6, max_size=6),
    )
    def make_world(
        self,
        linked: list[tuple[str, ...]],
        carts: list[Any],
        quotes: bool,
        depth: str,
        paused: str | None,
        hands_off: bool,
        consenting: list[bool],
    ) -> None:
        shoppers = [
            {
                "x_user_id": person,
                "linked": [{"marketplace": marketplace} for marketplace in places],
                **({"sandbox_cart": cart} if cart else {}),
                "consents": [{"kind": "HANDOFF"}] * consents,
            }
            for person, places, cart, consents in zip(
                PEOPLE, linked, carts, consenting, strict=True
            )
        ]
        resources = self.house.resources
        told = {"format": 1, "shoppers": shoppers}
        self.run(seed_world(resources.sessions, resources.keys, told))
        brand = f"UPDATE brand SET accept_quotes = {quotes}, resolve_depth = '{depth}'"
        self.run(fetch_nothing(resources, brand))
        if hands_off:
            self.run(fetch_nothing(resources, HAND_OFF))
        if paused is not None:
            pause = f"UPDATE shoppable_tweet SET status = 'PAUSED' WHERE root_xid = {paused}"
            self.run(fetch_nothing(resources, pause))

    @rule(wishes=st.lists(WISHES, min_size=2, max_size=6), names=MEANWHILE)
    def ask(self, wishes: list[tuple[str, int, str | None]], names: list[str]) -> None:
        """People answer tweets with the brand's own hashtag."""
        for who, which, told_to in wishes:
            parent = self.sellers[which % len(self.sellers)]
            self._post(who, parent, "reply", TAGS.get(parent.author, TAGS[ACME]), told_to)
        self._turn(names)

    ask_more = ask_still_more = ask  # three names: three times as often as the other rules

    @rule(
        who=st.sampled_from((*PEOPLE, ACME, BOT)),
        kind=st.sampled_from(("reply", "quote", "repost", "mention")),
        tag=st.sampled_from(ODD_TAGS),
        which=WHICH,
        told_to=TOLD_TO,
    )
    def post(self, who: str, kind: str, tag: str | None, which: int, told_to: str | None) -> None:
        """Anybody answers anything in any way."""
        self._post(who, self.parents[which % len(self.parents)], kind, tag, told_to)

    @rule(brand=BRANDS, link=st.sampled_from(sorted(LINKS)), late=st.booleans())
    def sell(self, brand: str, link: str, late: bool) -> None:
        post = self.pen.sell(brand, link)
        self.parents.append(post)
        self.sellers.append(post)
        if late:
            self.late.append(post)
        else:
            self._deliver(post.body)

    @rule()
    def arrive_late(self) -> None:
        if self.late:
            self._deliver(self.late.pop(0).body)

    @rule(which=WHICH, streamed=st.booleans())
    def repeat(self, which: int, streamed: bool) -> None:
        if self.bodies:
            body = self.bodies[which % len(self.bodies)]
            self.run(self.house.deliver((by_stream(body) if streamed else None) or body))

    @rule(which=WHICH)
    def delete(self, which: int) -> None:
        own = [parent for parent in self.parents if parent.author in PEOPLE]
        chosen = (own or self.parents[-1:]) if which % 5 else self.parents
        self._deliver(deletion(chosen[which % len(chosen)]))

    @rule(who=WHO, change=st.sampled_from(CHANGES))
    def change_account(self, who: str, change: str) -> None:
        self._deliver(account(change, who))

    @rule(names=MEANWHILE)
    def work(self, names: list[str]) -> None:
        self._turn(names)

    @rule(turns=st.integers(1, 3))
    def work_on_all(self, turns: int) -> None:
        for _ in range(turns):
            self._turn(list(STEPS))

    @rule(number=st.sampled_from((0, 1)))
    def restart(self, number: int) -> None:
        self.run(self.house.restart(number))

    @rule(who=WHO, marketplace=st.sampled_from(("US", "DE")), names=MEANWHILE)
    def link(self, who: str, marketplace: str, names: list[str]) -> None:
        if who not in self.gone:
            self._beside(self.house.link(who, marketplace), names)

    @rule(what=st.sampled_from(("choose", "withdraw", "remove")), which=WHICH, names=MEANWHILE)
    def decide(self, what: str, which: int, names: list[str]) -> None:
        intents = self.run(self.house.fetch(_DECIDABLE[what]))
        if intents:
            brand_id, intent_id = intents[which % len(intents)]
            self._beside(self.house.decide_for(what, brand_id, intent_id, which), names)

    @rule(who=WHO, names=MEANWHILE)
    def opt_out(self, who: str, names: list[str]) -> None:
        self.gone.add(who)
        self._beside(self.house.opt_out(who), names)

    @rule(delay=st.sampled_from(DELAYS))
    def wait(self, delay: timedelta) -> None:
        self.run(self.house.pass_time(delay))

    def teardown(self) -> None:
        try:
            if not self.failed:
                self.run(self._end())
        finally:
            self.run(self.stack.aclose())

    def _post(
        self, who: str, parent: Post, kind: str, tag: str | None, told_to: str | None
    ) -> None:
        post = self.pen.answer(who, parent, kind=kind, tag=tag, brand=told_to)
        self.parents.append(post)
        self._deliver(post.body)

    def _turn(self, names: list[str]) -> None:
        self.run(self.house.turn(*names))
        self._holds()

    def _beside(self, decision: Coroutine[Any, Any, None], names: list[str]) -> None:
        """Somebody decides while these steps are taken."""

        async def both() -> None:
            await asyncio.gather(decision, self.house.turn(*names))

        self.run(both())
        self._holds()

    def _holds(self) -> None:
        self.failed = True
        self.run(assert_invariants(self.house.fetch))
        assert self.run(self.house.fetch(_PUT_ASIDE)) == []
        self.failed = False

    def _deliver(self, body: dict[str, Any]) -> None:
        self.bodies.append(body)
        self.run(self.house.deliver(body))

    async def _end(self) -> None:
        """All comes to rest; the same again changes nothing; when waits are over nothing waits."""
        await self.house.settle()
        before = {name: await self.house.fetch(query) for name, query in _KEPT.items()}
        for body in [by_stream(body) or body for body in self.bodies[::-1]] + self.bodies:
            await self.house.deliver(body)
        await self.house.settle()
        assert {name: await self.house.fetch(query) for name, query in _KEPT.items()} == before
        await self.house.pass_time(timedelta(days=8))
        await self.house.settle()
        await assert_invariants(self.house.fetch)
        assert await self.house.fetch(_UNFINISHED) == []


@pytest.mark.scaled
async def test_the_invariants_hold_in_every_history(kept_world: Resources) -> None:
    seed = int(os.environ.get(SEED, 0)) or Random().randrange(1, 2**32)
    print(f"{SEED}={seed} HASHCART_TEST_SCALE={chosen_scale()} repeats this run.")
    histories = type(
        "Histories", (History,), {"stage": Stage(asyncio.get_running_loop(), kept_world)}
    )
    hypothesis.seed(seed)(histories)
    bounds = settings(
        max_examples=HISTORIES,
        stateful_step_count=STEPS_MAX,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=PHASES,
    )
    await asyncio.to_thread(run_state_machine_as_test, histories, settings=bounds)
