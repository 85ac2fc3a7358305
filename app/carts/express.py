"""The short way: a new intent is claimed by the insert that makes it, and passed on in memory.

So for most replies no statement looks for what is due. What is passed on is a claim like any
other, the first try under a lease: where this process dies or is too slow, the intent is due again
when the lease is over, which the table of batches tells. What may have to wait for another intent
goes the long way.
"""

import asyncio
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from app.carts.asking import DEADLINE, account_key
from app.carts.claims import LEASE, Claimed, Claims, give_back
from app.carts.intents import Intent, Related
from app.carts.states import CartIntentStatus
from app.core.database import Sessions
from app.core.keys import Keys
from app.events.log import write_transaction
from app.retailers.registry import ADD_MODES
from app.retailers.states import AddMode
from app.shoppers.queries import AccountKey, Links
from app.shoppers.service import open_sealed

ROOM = 400
"""Most claims that may wait for a dispatcher: seconds of traffic where retailers answer at once."""

STARTS_WITHIN = LEASE - 2 * DEADLINE
"""How long a claim may wait here, for its lease to hold until the answer is written."""

IN_THE_WAY = (CartIntentStatus.QUEUED, CartIntentStatus.ADDED, CartIntentStatus.HANDED_OFF)


@dataclass
class Taking:
    """What one transaction takes the short way. `room` is how many there may be.

    `links` are those of all who ask, `accounts` what the retailers call those of the claims.
    """

    room: int = 0
    claims: list[Claimed] = field(default_factory=list)
    links: Links = field(default_factory=dict, repr=False)
    accounts: Mapping[AccountKey, str] = field(default_factory=dict, repr=False)

    def claim(self, intents: Iterable[tuple[Intent, Sequence[Related]]], now: datetime) -> None:
        """Claim what may go at once of new intents that are not written yet.

        Each comes with its shopper's intents that may matter, itself among them.
        """
        for intent, related in intents:
            if len(self.claims) >= self.room:
                return
            if _goes_at_once(intent, related):
                intent.attempts = 1
                intent.next_attempt_at, intent.claimed_until = None, now + LEASE
                self.claims.append(_claimed(intent, now))

    def open_accounts(self, keys: Keys) -> None:
        """Note what the retailers call the accounts that the claims are for."""
        asked = [key for claim in self.claims if (key := account_key(claim))]
        found = [(key, self.links.get(key[:2], {}).get(key[2:])) for key in asked]
        self.accounts = open_sealed(keys, {key: account for key, account in found if account})


@dataclass
class Express:
    """Claims on their way from the desk to the dispatchers of one process.

    `wake` is set when there are any.
    """

    room: int = 0
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    _waiting: deque[Claims] = field(default_factory=deque)

    def begin(self) -> Taking:
        """What the transaction that begins now may take this way."""
        return Taking(self.room - sum(len(claims.intents) for claims in self._waiting))

    def pass_on(self, taking: Taking) -> None:
        """Pass on what a transaction took, once that is committed."""
        if taking.claims:
            self._waiting.append(Claims(taking.claims, taking.accounts))
            self.wake.set()

    def take(self, *, now: datetime) -> Claims | None:
        """The oldest batch. What waited too long is left to its lease's end."""
        while self._waiting:
            claims = self._waiting.popleft()
            if claims.intents[0].claimed_at + STARTS_WITHIN > now:
                return claims
        return None

    async def close(self, sessions: Sessions, *, now: datetime) -> None:
        """Make what nobody took due at once, for another worker."""
        left = [claim for claims in self._waiting for claim in claims.intents]
        self._waiting.clear()
        if left:
            async with write_transaction(sessions) as session:
                await give_back(session, left, now=now)


def _goes_at_once(intent: Intent, related: Iterable[Related]) -> bool:
    return (
        intent.status is CartIntentStatus.QUEUED
        and ADD_MODES.get(intent.retailer or "") is AddMode.SERVER_ADD
        and not any(_is_in_the_way(known.intent, intent) for known in related)
    )


def _is_in_the_way(other: Intent, intent: Intent) -> bool:
    """Whether one of them has to wait for the other: they are for the same cart and product."""
    assert intent.product is not None, "a QUEUED intent has a product"
    return (
        other.id != intent.id
        and other.status in IN_THE_WAY
        and other.product is not None
        and other.product.id == intent.product.id
    )


def _claimed(intent: Intent, now: datetime) -> Claimed:
    assert intent.product is not None, "a QUEUED intent has a product"
    return Claimed(
        brand_id=intent.brand_id,
        id=intent.id,
        attempts=intent.attempts,
        shopper_id=intent.shopper_id,
        retailer=intent.retailer,
        marketplace=intent.marketplace,
        retailer_product_id=intent.product.retailer_product_id,
        quantity=intent.quantity,
        affiliate_tag=None,
        claimed_at=now,
    )
