"""One call to a retailer: what is asked, with which account, and what a failure of it means."""

import asyncio
import time
from collections.abc import Awaitable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar, assert_never

import structlog

from app.carts.claims import Claimed
from app.carts.decisions import moment
from app.core.metrics import count_retailer_call
from app.core.outage import describe
from app.retailers.adapter import (
    Adapter,
    Added,
    HandOff,
    Line,
    Refusal,
    Refused,
    Removed,
    RetailerUnavailable,
)
from app.shoppers.queries import AccountKey

DEADLINE = timedelta(seconds=5)
"""How long one call to a retailer may take."""

Given = TypeVar("Given")

log = structlog.get_logger()


async def add(adapter: Adapter, lines: Iterable[Line]) -> list[Added | HandOff | Refused]:
    """What the retailer answers to each line that is to be added."""
    asked = list(lines)
    return await _ask(adapter, adapter.add(asked, deadline=DEADLINE), len(asked))


async def remove(adapter: Adapter, lines: Iterable[Line]) -> list[Removed | Refused]:
    """What the retailer answers to each line that is to be taken out."""
    asked = list(lines)
    return await _ask(adapter, adapter.remove(asked, deadline=DEADLINE), len(asked))


async def _ask(adapter: Adapter, call: Awaitable[list[Given]], lines: int) -> list[Given | Refused]:
    """The answers to that many lines; what is owed when the deadline passes is to be retried."""
    began = time.perf_counter()
    answers = await _answers_of(adapter, call, lines)
    count_retailer_call(
        type(adapter).__name__.lower(),
        time.perf_counter() - began,
        (each.reason.value if isinstance(each, Refused) else "TAKEN" for each in answers),
    )
    return answers


async def _answers_of(
    adapter: Adapter, call: Awaitable[list[Given]], lines: int
) -> list[Given | Refused]:
    try:
        async with asyncio.timeout(DEADLINE.total_seconds()):
            outcomes = await call
        if len(outcomes) == lines:
            return [*outcomes]
        refusal = Refusal.RETAILER_UNAVAILABLE
    except TimeoutError:
        refusal = Refusal.RETAILER_TIMEOUT
    except RetailerUnavailable:
        refusal = Refusal.RETAILER_UNAVAILABLE
    except Exception as error:
        log.error("retailer_failed", adapter=type(adapter).__name__, **describe(error))
        refusal = Refusal.RETAILER_UNAVAILABLE
    return [Refused(reason=refusal, retryable=True)] * lines


def line_of(
    claim: Claimed, adapter: Adapter | None, accounts: Mapping[AccountKey, str]
) -> Line | Refused:
    """What the retailer is told of a claim; where there is nobody to tell it, the refusal."""
    if adapter is None or claim.retailer_product_id is None:
        detail = f"There is no retailer {claim.retailer} in this deployment."
        return Refused(reason=Refusal.RETAILER_UNAVAILABLE, retryable=True, detail=detail)
    key = account_key(claim)
    return Line(
        idempotency_key=str(claim.id),
        account=accounts.get(key) if key else None,
        marketplace=claim.marketplace,
        retailer_product_id=claim.retailer_product_id,
        quantity=claim.quantity,
        affiliate_tag=claim.affiliate_tag,
    )


def account_key(claim: Claimed) -> AccountKey | None:
    """Whose account at the retailer the claim is about."""
    if claim.retailer is None:
        return None
    return claim.brand_id, claim.shopper_id, claim.retailer, claim.marketplace


def told_call(
    claim: Claimed, outcome: Added | HandOff | Refused | Removed, now: datetime
) -> dict[str, Any]:
    """A note for the trace: which try, and what came of it."""
    told: dict[str, Any] = {
        "try": claim.attempts,
        "claimedAt": moment(claim.claimed_at),
        "answeredAt": moment(now),
    }
    match outcome:
        case Added():
            return told | {"answer": "ADDED"}
        case HandOff():
            return told | {"answer": "HANDED_OFF"}
        case Removed():
            return told | {"answer": "REMOVED"}
        case Refused(reason=reason, retryable=retryable):
            return told | {"answer": reason.value, "retryable": retryable}
        case _:
            assert_never(outcome)
