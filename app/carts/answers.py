"""Rule 10: what a retailer's answer means for the intent that it is about."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from app.carts.intents import Failure, Intent
from app.carts.states import FailureReason
from app.retailers.adapter import Added, HandOff, Outcome, Refused, Removed

TRIES_MAX = 6
TRIES_TOGETHER_MAX = timedelta(hours=1)

RETRY_DELAYS = (
    timedelta(seconds=1),
    timedelta(seconds=4),
    timedelta(seconds=30),
    timedelta(minutes=5),
    timedelta(minutes=30),
)
"""How long to wait after the first, second ... try that failed: 36 minutes in all."""

RETRY_JITTER = 0.2
"""Delays are lengthened or shortened by up to this part, so that failures do not come in step."""


@dataclass(frozen=True, slots=True)
class TryAgain:
    """The retailer may take it later: how long to wait, before jitter."""

    delay: timedelta


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The shopper took it back while the retailer was asked, and nothing was added."""


Answer: TypeAlias = Added | HandOff | Failure | TryAgain | Withdrawn


def answer_of(intent: Intent, outcome: Outcome | Removed, now: datetime) -> Answer:
    """What the retailer's outcome means for a QUEUED intent.

    `intent.attempts` counts the try that ended so, and `queued_at` is when the tries began. Of one
    that is to be withdrawn, a try that ended without a clear answer may have added it: it is asked
    to be taken out again, until the tries are over.
    """
    if isinstance(outcome, Removed):
        return Withdrawn()
    if not isinstance(outcome, Refused):
        return outcome
    again = _again(intent, outcome, now)
    if again is not None:
        return again
    if intent.withdraw_requested:
        return Withdrawn()
    return Failure(FailureReason(outcome.reason.value), outcome.retryable, outcome.detail)


def _again(intent: Intent, outcome: Refused, now: datetime) -> TryAgain | None:
    if not outcome.retryable:
        return None
    delay = delay_after(intent.attempts)
    began = intent.queued_at or now
    if delay is None or now + delay > began + TRIES_TOGETHER_MAX:
        return None
    return TryAgain(delay)


def delay_after(attempts: int) -> timedelta | None:
    """How long to wait after that many tries; None after the last."""
    return RETRY_DELAYS[max(attempts, 1) - 1] if attempts < TRIES_MAX else None
