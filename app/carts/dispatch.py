"""Asking retailers: claim what is due, ask while no transaction is open, record the answers.

A claim is a lease: it counts the try, and if its holder dies the intent is due again afterwards.
Whatever happens in between, a line is added once, since the retailer knows it by the intent's id,
and told once, since an answer is recorded only for the try that is current.
"""

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import TypeAlias, assert_never

import structlog

from app.carts import queries
from app.carts.intents import Failure, HandOffLink, Intent, Offer
from app.carts.queries import Claimed, IntentKey
from app.carts.rules import RETRY_JITTER, Answer, TryAgain, Withdrawn, answer_of
from app.carts.service import move
from app.carts.states import CartIntentStatus
from app.core import clock
from app.core.database import WriteSession
from app.core.outage import describe, is_outage, waits
from app.core.resources import Resources
from app.events.log import write_transaction
from app.events.states import ActorKind
from app.retailers.adapter import (
    Adapter,
    Added,
    HandOff,
    Line,
    Outcome,
    Refusal,
    Refused,
    RetailerUnavailable,
)
from app.retailers.registry import Retailers
from app.retailers.states import AddMode
from app.shoppers.queries import AccountKey
from app.shoppers.service import open_accounts

BATCH_MAX = 100
DEADLINE = timedelta(seconds=5)
"""How long one call to a retailer may take."""

LEASE = timedelta(seconds=15)
"""How long a claim holds: longer than the deadline and two transactions together."""

BEHIND_ELDER = timedelta(seconds=1)
"""How often an intent asks whether the older one of the same product has its answer."""

Answers: TypeAlias = dict[IntentKey, Outcome]

log = structlog.get_logger()


@dataclass(frozen=True)
class Claims:
    """Intents that are to be answered now, with the accounts they go to."""

    intents: list[Claimed]
    accounts: Mapping[AccountKey, str] = field(repr=False)


@dataclass(frozen=True)
class Dispatcher:
    """Asks the retailers. Any number of them may work beside each other.

    `spread` gives the jitter of a retry: a factor around 1.
    """

    resources: Resources
    retailers: Retailers
    spread: Callable[[], float] = lambda: random.uniform(1 - RETRY_JITTER, 1 + RETRY_JITTER)

    async def run_once(self) -> int:
        """Bring one batch of due intents to their answers; how many there were.

        Each retailer is asked apart, so that a slow one holds up nobody else's answers.
        """
        claims = await self.claim()
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
            claimed = await queries.claim_due(
                session,
                now=now,
                wait_until=now + BEHIND_ELDER,
                lease_until=now + LEASE,
                limit=BATCH_MAX,
            )
            wanted = [key for claim in claimed if (key := _account_key(claim))]
            accounts = await open_accounts(session, self.resources.keys, wanted) if wanted else {}
        return Claims(claimed, accounts)

    async def record(self, claims: Sequence[Claimed], answers: Answers) -> None:
        """Write the answers, in one short transaction; an answer to an older try is dropped."""
        now = clock.now()
        async with write_transaction(self.resources.sessions) as session:
            intents = await queries.lock_answerable(session, claims)
            for intent in intents:
                outcome = answers[intent.brand_id, intent.id]
                self._settle(session, intent, answer_of(intent, outcome, now), now)
            await queries.update_intents(session, intents)

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
        lines: dict[IntentKey, Line] = {}
        for claim in claims:
            ready = _line(claim, adapter, accounts)
            if isinstance(ready, Line):
                lines[claim.brand_id, claim.id] = ready
            else:
                answers[claim.brand_id, claim.id] = ready
        if adapter is not None and lines:
            outcomes = await _ask(adapter, list(lines.values()))
            answers.update(zip(lines, outcomes, strict=True))
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


async def _ask(adapter: Adapter, lines: list[Line]) -> list[Outcome]:
    """The retailer's outcomes; what it owes when the deadline passes is to be tried again."""
    try:
        async with asyncio.timeout(DEADLINE.total_seconds()):
            outcomes = await adapter.add(lines, deadline=DEADLINE)
        if len(outcomes) == len(lines):
            return outcomes
        refusal = Refusal.RETAILER_UNAVAILABLE
    except TimeoutError:
        refusal = Refusal.RETAILER_TIMEOUT
    except RetailerUnavailable:
        refusal = Refusal.RETAILER_UNAVAILABLE
    except Exception as error:
        log.error("retailer_failed", adapter=type(adapter).__name__, **describe(error))
        refusal = Refusal.RETAILER_UNAVAILABLE
    return [Refused(reason=refusal, retryable=True) for _ in lines]


def _line(
    claim: Claimed, adapter: Adapter | None, accounts: Mapping[AccountKey, str]
) -> Line | Refused:
    """What to ask the retailer for, or why it is not asked."""
    if claim.is_held:
        return Refused(reason=Refusal.ALREADY_IN_CART)
    if adapter is None or claim.retailer_product_id is None:
        detail = f"There is no retailer {claim.retailer} in this deployment."
        return Refused(reason=Refusal.RETAILER_UNAVAILABLE, retryable=True, detail=detail)
    key = _account_key(claim)
    account = accounts.get(key) if key else None
    if account is None and adapter.add_mode is AddMode.SERVER_ADD:
        return Refused(reason=Refusal.LINK_REVOKED)
    return Line(
        idempotency_key=str(claim.id),
        account=account,
        marketplace=claim.marketplace,
        retailer_product_id=claim.retailer_product_id,
        quantity=claim.quantity,
    )


def _account_key(claim: Claimed) -> AccountKey | None:
    if claim.retailer is None:
        return None
    return claim.brand_id, claim.shopper_id, claim.retailer, claim.marketplace
