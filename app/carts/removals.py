"""Taking out of carts again what was added, because the shopper or the brand asked for it.

It goes as adding does: claim what is due, ask while no transaction is open, record the answer to
the try that is current. A line that the retailer does not take out stays added.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from app.carts import claims as claiming
from app.carts import queries
from app.carts.answers import RETRY_JITTER, delay_after
from app.carts.asking import account_key, line_of, remove, told_call
from app.carts.claims import LEASE, Claimed, Claims
from app.carts.dispatch import BATCH_MAX
from app.carts.intents import Intent
from app.carts.moves import move
from app.carts.queries import IntentKey
from app.carts.states import CartIntentStatus
from app.core import clock
from app.core.database import WriteSession
from app.core.resources import Resources
from app.events.log import write_transaction
from app.events.states import ActorKind
from app.retailers.adapter import Line, Removal, Removed
from app.retailers.registry import Retailers
from app.shoppers.queries import AccountKey
from app.shoppers.service import open_accounts


@dataclass(frozen=True)
class Remover:
    """Asks the retailers to take lines out. Any number of them may work beside each other."""

    resources: Resources
    retailers: Retailers
    spread: Callable[[], float] = lambda: random.uniform(1 - RETRY_JITTER, 1 + RETRY_JITTER)

    async def run_once(self) -> int:
        """Bring one batch of removals to their answers; how many there were."""
        claims = await self.claim()
        ordered = sorted(claims.intents, key=lambda claim: claim.retailer or "")
        for retailer, group in groupby(ordered, key=lambda claim: claim.retailer):
            asked = list(group)
            await self.record(asked, await self._ask(retailer, asked, claims.accounts))
        return len(ordered)

    async def claim(self) -> Claims:
        """Take what is due, in one short transaction."""
        now = clock.now()
        async with write_transaction(self.resources.sessions) as session:
            claimed = await claiming.claim_removals(
                session, now=now, lease_until=now + LEASE, limit=BATCH_MAX
            )
            wanted = [key for claim in claimed if (key := account_key(claim))]
            accounts = await open_accounts(session, self.resources.keys, wanted) if wanted else {}
        return Claims(claimed, accounts)

    async def record(self, claims: Sequence[Claimed], answers: Mapping[IntentKey, Removal]) -> None:
        """Write the answers, in one short transaction; an answer to an older try is dropped."""
        now = clock.now()
        tries = {(claim.brand_id, claim.id): claim for claim in claims}
        async with write_transaction(self.resources.sessions) as session:
            intents = await claiming.lock_removable(session, claims)
            for intent in intents:
                key = intent.brand_id, intent.id
                call = told_call(tries[key], answers[key], now) | {"call": "REMOVE"}
                intent.new_calls.append(call)
                self._settle(session, intent, answers[key], now)
            await queries.update_answered(session, intents)

    async def _ask(
        self, retailer: str | None, claims: Sequence[Claimed], accounts: Mapping[AccountKey, str]
    ) -> dict[IntentKey, Removal]:
        adapter = self.retailers.get(retailer or "")
        answers: dict[IntentKey, Removal] = {}
        lines: dict[IntentKey, Line] = {}
        for claim in claims:
            line = line_of(claim, adapter, accounts)
            if isinstance(line, Line):
                lines[claim.brand_id, claim.id] = line
            else:
                answers[claim.brand_id, claim.id] = line
        if adapter is not None and lines:
            outcomes = await remove(adapter, lines.values())
            answers.update(zip(lines, outcomes, strict=True))
        return answers

    def _settle(
        self, session: WriteSession, intent: Intent, answer: Removal, now: datetime
    ) -> None:
        if isinstance(answer, Removed):
            move(session, intent, CartIntentStatus.REMOVED, now=now, actor=ActorKind.UPSTREAM)
            return
        delay = delay_after(intent.remove_attempts) if answer.retryable else None
        intent.remove_due_at = now + delay * self.spread() if delay else None
        intent.updated_at = now
