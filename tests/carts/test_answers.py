"""Rule 10: what a retailer's answer means for an intent."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from app.carts.answers import (
    RETRY_DELAYS,
    TRIES_MAX,
    Answer,
    TryAgain,
    Withdrawn,
    answer_of,
)
from app.carts.intents import Failure, Intent
from app.carts.states import CartIntentStatus, FailureReason
from app.retailers.adapter import Added, HandOff, Outcome, Refusal, Refused, Removed
from tests.carts.test_rules import NOW, an_intent


def queued(attempts: int, *, withdraw_requested: bool = False) -> Intent:
    intent = an_intent(CartIntentStatus.QUEUED)
    intent.attempts = attempts
    intent.withdraw_requested = withdraw_requested
    return intent


ADDED = Added(cart_reference="c1")
HAND_OFF = HandOff(url="https://shop.example/add")
FULL = Refused(reason=Refusal.CART_FULL, detail="50 lines")
LATE = Refused(reason=Refusal.RETAILER_TIMEOUT, retryable=True)
TIMED_OUT = Failure(FailureReason.RETAILER_TIMEOUT, retryable=True)


@pytest.mark.parametrize(
    ("intent", "outcome", "later", "answer"),
    [
        (queued(1), ADDED, 0, ADDED),
        (queued(1), HAND_OFF, 0, HAND_OFF),
        (queued(1), FULL, 0, Failure(FailureReason.CART_FULL, detail="50 lines")),
        (queued(1), LATE, 0, TryAgain(RETRY_DELAYS[0])),
        (queued(5), LATE, 0, TryAgain(RETRY_DELAYS[4])),
        (queued(TRIES_MAX), LATE, 0, TIMED_OUT),
        (queued(9), LATE, 0, TIMED_OUT),
        (queued(5), LATE, 31, TIMED_OUT),
        (queued(1), LATE, 61, TIMED_OUT),
        (queued(9), ADDED, 300, ADDED),
        (queued(1, withdraw_requested=True), ADDED, 0, ADDED),
        (queued(1, withdraw_requested=True), HAND_OFF, 0, HAND_OFF),
        (queued(1, withdraw_requested=True), FULL, 0, Withdrawn()),
        (queued(1, withdraw_requested=True), LATE, 0, TryAgain(RETRY_DELAYS[0])),
        (queued(TRIES_MAX, withdraw_requested=True), LATE, 0, Withdrawn()),
        (queued(2, withdraw_requested=True), Removed(), 0, Withdrawn()),
        (queued(2), Removed(), 0, Withdrawn()),
    ],
)
def test_rule_10_what_the_retailers_outcome_means(
    intent: Intent, outcome: Outcome, later: int, answer: Answer
) -> None:
    assert answer_of(intent, outcome, NOW + timedelta(minutes=later)) == answer


def test_rule_10_six_tries_lie_within_an_hour_whatever_the_jitter() -> None:
    assert len(RETRY_DELAYS) == TRIES_MAX - 1
    assert sum(RETRY_DELAYS, timedelta()) * 1.2 < timedelta(hours=1)


@pytest.mark.parametrize("refusal", list(Refusal))
def test_every_refusal_of_a_retailer_is_a_reason_of_failure(refusal: Refusal) -> None:
    expected: Sequence[Failure] = [Failure(FailureReason(refusal.value))]

    assert [answer_of(queued(1), Refused(reason=refusal), NOW)] == expected
