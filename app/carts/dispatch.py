"""Asking retailers: claim what is due, ask while no transaction is open, record the answers.

A claim is a lease: it counts the try, and if its holder dies the intent is due again afterwards.
Whatever happens in between, a line is added once, since the retailer knows it by the intent's id,
and told once, since an answer is recorded only for the try that is current.
"""

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import TypeAlias, assert_never

import structlog

from app.carts import claims as claiming
from app.carts import queries
from app.carts.answers import RETRY_JITTER, Answer, TryAgain, Withdrawn, answer_of
from app.carts.asking import account_key, add, line_of, remove, told_call
from app.carts.claims import LEASE, Claimed, Claims
from app.carts.express import Express
from app.carts.intents import Failure, HandOffLink, Intent, Offer
from app.carts.moves import move
from app.carts.queries import IntentKey
from app.carts.states import CartIntentStatus, FailureReason
from app.core import clock
from app.core.database import WriteSession
from app.core.outage import describe, is_outage, waits
from app.core.resources import Resources
from app.events.log import write_transaction
from app.events.states import ActorKind
from app.products.facts import ProductKey
from app.products.service import mark_gone
from app.retailers.adapter import Adapter, Added, HandOff, Line, Outcome, Refusal, Refused, Removed
from app.retailers.registry import Retailers
from app.retailers.states import AddMode
from app.shoppers.queries import AccountKey
from app.shoppers.service import open_accounts

BATCH_MAX = 100

BEHIND_ELDER = timedelta(seconds=1)
"""How often an intent asks whether the older one of the same product has its answer."""

HELD = Refused(
    reason=Refusal.ALREADY_IN_CART, detail="Another intent brought the same product to her cart."
)
UNLINKED = Refused(reason=Refusal.LINK_REVOKED, detail="Her account is not linked any more.")
NOTHING_TO_UNDO = Refused(reason=Refusal.RETAILER_REJECTED)
"""Who hands off added nothing by an earlier try."""

Answers: TypeAlias = dict[IntentKey, Outcome | Removed]

log = structlog.get_logger()


@dataclass(frozen=True)
class Dispatcher:
    """Asks the retailers. Any number of them may work beside each other.

    `spread` gives the jitter of a retry: a factor around 1.
    """

    resources: Resources
    retailers: Retailers
    spread: Callable[[], float] = lambda: random.uniform(1 - RETRY_JITTER, 1 + RETRY_JITTER)

    async def run_once(self) -> int:
        """Bring one batch of due intents to their answers; how many there were."""
        return await self.answer(await self.claim())

    async def run_express(self, express: Express) -> int:
        """The same with a batch that came the short way."""
        claims = express.take(now=clock.now())
        return 0 if claims is None else await self.answer(claims)

    async def answer(self, claims: Claims) -> int:
        """Bring claimed intents to their answers; how many there were.

        Each retailer is asked apart, so that a slow one holds up nobody else's answers.
        """
        ordered = sorted(claims.intents, key=lambda claim: claim.retailer or "")
        calls = [
            self._answer(retailer, list(intents), claims.accounts)
            for retailer, intents in groupby(ordered, key=lambda claim: claim.retailer)
        ]
        ends = await asyncio.gather(*calls, return_exceptions=True)
        if failed := next((end for end in ends if isinstance(end, BaseException)), None):
            raise failed
        return len(ordered)

    async def claim(self) -> Claims:
        """Take what is due, in one short transaction."""
        now = clock.now()
        async with write_transaction(self.resources.sessions) as session:
            claimed = await claiming.claim_due(
                session,
                now=now,
                wait_until=now + BEHIND_ELDER,
                lease_until=now + LEASE,
                limit=BATCH_MAX,
            )
            wanted = [key for claim in claimed if (key := account_key(claim))]
            accounts = await open_accounts(session, self.resources.keys, wanted) if wanted else {}
        return Claims(claimed, accounts)

    async def record(self, claims: Sequence[Claimed], answers: Answers) -> None:
        """Write the answers, in one short transaction; an answer to an older try is dropped."""
        now = clock.now()
        tries = {(claim.brand_id, claim.id): claim for claim in claims}
        async with write_transaction(self.resources.sessions) as session:
            intents = await claiming.lock_answerable(session, claims)
            for intent in intents:
                key = intent.brand_id, intent.id
                intent.new_calls.append(told_call(tries[key], answers[key], now))
                self._settle(session, intent, answer_of(intent, answers[key], now), now)
            await queries.update_answered(session, intents)
            await mark_gone(session, _gone(intents), now=now)

    async def record_each(self, claims: Sequence[Claimed], answers: Answers) -> None:
        """`record`; where the batch holds an intent that cannot be written, each for itself.

        What cannot be written stays claimed, is reported, and is asked again after its lease.
        """
        try:
            await self.record(claims, answers)
        except Exception as error:
            if is_outage(error):
                raise
            if len(claims) == 1:
                intent_id = str(claims[0].id)
                log.error("cart_intent_not_recorded", intent_id=intent_id, **describe(error))
                return
            for claim in claims:
                await self.record_each([claim], answers)

    async def _answer(
        self, retailer: str | None, claims: Sequence[Claimed], accounts: Mapping[AccountKey, str]
    ) -> None:
        adapter = self.retailers.get(retailer or "")
        answers: Answers = {}
        adds: dict[IntentKey, Line] = {}
        undos: dict[IntentKey, Line] = {}
        for claim in claims:
            key = claim.brand_id, claim.id
            ready = _ready(claim, adapter, accounts)
            if not isinstance(ready, Line):
                answers[key] = ready
            elif claim.withdraw_requested:
                undos[key] = ready
            else:
                adds[key] = ready
        if adapter is not None and adds:
            answers.update(zip(adds, await add(adapter, adds.values()), strict=True))
        if adapter is not None and undos:
            answers.update(zip(undos, await remove(adapter, undos.values()), strict=True))
        await self._record_while_leased(claims, answers)

    async def _record_while_leased(self, claims: Sequence[Claimed], answers: Answers) -> None:
        """Record; where the database is away, again until it is back or the claim has run out."""
        given_up_at = clock.now() + LEASE
        for delay in waits():
            try:
                await self.record_each(claims, answers)
                break
            except Exception as error:
                if not is_outage(error) or clock.now() > given_up_at:
                    raise
            await asyncio.sleep(delay)

    def _settle(self, session: WriteSession, intent: Intent, answer: Answer, now: datetime) -> None:
        match answer:
            case Added():
                intent.cart_reference = answer.cart_reference
                if answer.amount_minor is not None and answer.currency is not None:
                    intent.offer = Offer(answer.amount_minor, answer.currency)
                _move(session, intent, CartIntentStatus.ADDED, now)
            case HandOff():
                intent.hand_off = HandOffLink(answer.url, answer.expires_at)
                _move(session, intent, CartIntentStatus.HANDED_OFF, now)
            case Failure():
                _move(session, intent, CartIntentStatus.FAILED, now, failure=answer)
            case Withdrawn():
                _move(session, intent, CartIntentStatus.WITHDRAWN, now)
            case TryAgain(delay):
                intent.next_attempt_at = now + delay * self.spread()
                intent.claimed_until = None
                intent.updated_at = now
            case _:
                assert_never(answer)


def _move(
    session: WriteSession,
    intent: Intent,
    status: CartIntentStatus,
    now: datetime,
    failure: Failure | None = None,
) -> None:
    move(session, intent, status, now=now, actor=ActorKind.UPSTREAM, failure=failure)


def _ready(
    claim: Claimed, adapter: Adapter | None, accounts: Mapping[AccountKey, str]
) -> Line | Refused:
    """What to tell the retailer, or why it is not asked."""
    adds = adapter is not None and adapter.add_mode is AddMode.SERVER_ADD
    if claim.withdraw_requested and not adds:
        return NOTHING_TO_UNDO
    if claim.is_held:
        return HELD
    line = line_of(claim, adapter, accounts)
    if isinstance(line, Line) and line.account is None and adds and not claim.withdraw_requested:
        return UNLINKED
    return line


def _gone(intents: Sequence[Intent]) -> set[ProductKey]:
    """Products that their retailer says it lists no more."""
    return {
        (intent.brand_id, intent.product.id)
        for intent in intents
        if intent.product and intent.failure
        if intent.failure.reason is FailureReason.PRODUCT_GONE
    }
