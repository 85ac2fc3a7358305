"""Rules 8 and 9 judged again after a choice or a link; and what a late, deleted post becomes."""

from dataclasses import replace
from datetime import datetime

import pytest

from app.carts.intents import Related
from app.carts.rules import (
    SHOPPER_WAITS,
    Becomes,
    Candidate,
    Repeats,
    Way,
    candidates,
    decide,
    decide_choice,
    decide_completion,
)
from app.carts.states import CartIntentStatus, FailureReason
from app.products.facts import ProductFacts
from app.tweets.facts import TweetFacts
from tests.carts.test_rules import (
    BOOT,
    FOREIGN,
    LINKED,
    NOW,
    ONE_PRODUCT,
    SEVERAL,
    SOCKS,
    SOLD_OUT,
    a_link,
    a_request,
    a_tweet,
    an_intent,
)


@pytest.mark.parametrize(
    ("way", "status", "waits_until"),
    [
        (LINKED, CartIntentStatus.QUEUED, None),
        (replace(LINKED, linked=False), CartIntentStatus.AWAITING_LINK, NOW + SHOPPER_WAITS),
        (Way(add_mode=None, linked=True, consents=True), CartIntentStatus.FAILED, None),
    ],
)
def test_a_choice_goes_on_as_a_reply_to_that_product_alone_would(
    way: Way, status: CartIntentStatus, waits_until: datetime | None
) -> None:
    choosing = an_intent(CartIntentStatus.AWAITING_CHOICE, product=None)

    decision = decide_choice(choosing, BOOT.name, [], way)

    assert isinstance(decision, Becomes)
    assert (decision.rule, decision.status, decision.product) == (9, status, BOOT.name)
    assert decision.waits_until == waits_until


@pytest.mark.parametrize(
    ("status", "tweet", "product", "expected"),
    [
        (CartIntentStatus.QUEUED, 9, BOOT, "repeats"),
        (CartIntentStatus.ADDED, 9, BOOT, "repeats"),
        (CartIntentStatus.ADDED, 9, SOCKS, CartIntentStatus.QUEUED),
        (CartIntentStatus.AWAITING_CHOICE, 9, None, CartIntentStatus.QUEUED),
        (CartIntentStatus.REMOVED, 9, BOOT, CartIntentStatus.QUEUED),
        (CartIntentStatus.ADDED, 8, BOOT, CartIntentStatus.FAILED),
        (CartIntentStatus.HANDED_OFF, 8, BOOT, CartIntentStatus.FAILED),
        (CartIntentStatus.QUEUED, 8, BOOT, CartIntentStatus.QUEUED),
    ],
)
def test_rule_8_is_judged_again_once_a_product_is_chosen(
    status: CartIntentStatus,
    tweet: int,
    product: ProductFacts | None,
    expected: CartIntentStatus | str,
) -> None:
    choosing = an_intent(CartIntentStatus.AWAITING_CHOICE, product=None, number=70)
    other = an_intent(status, tweet=tweet, product=product)

    decision = decide_choice(choosing, BOOT.name, [Related(other, tweet)], LINKED)

    if expected == "repeats":
        assert decision == Repeats(other)
    else:
        assert isinstance(decision, Becomes)
        assert decision.status is expected


@pytest.mark.parametrize(
    ("way", "other", "expected"),
    [
        (LINKED, None, CartIntentStatus.QUEUED),
        (LINKED, CartIntentStatus.ADDED, CartIntentStatus.FAILED),
        (LINKED, CartIntentStatus.QUEUED, CartIntentStatus.QUEUED),
        (replace(LINKED, linked=False), None, None),
        (replace(LINKED, linked=False), CartIntentStatus.ADDED, None),
    ],
)
def test_a_link_lets_go_on_what_is_not_in_her_cart_yet(
    way: Way, other: CartIntentStatus | None, expected: CartIntentStatus | None
) -> None:
    waiting = an_intent(CartIntentStatus.AWAITING_LINK, number=70)
    related = [Related(an_intent(other, tweet=8), 8)] if other else []

    decision = decide_completion(waiting, related, way)

    assert (decision and decision.status) == expected


@pytest.mark.parametrize("tweet", [None, ONE_PRODUCT, SEVERAL, a_tweet()])
def test_a_post_that_was_deleted_before_it_came_is_withdrawn_at_once(
    tweet: TweetFacts | None,
) -> None:
    decision = decide(a_request(tweet, deleted=True), [], LINKED)

    assert isinstance(decision, Becomes)
    assert decision.status is CartIntentStatus.WITHDRAWN
    assert (decision.failure, decision.waits_until) == (None, None)


def test_a_deleted_post_that_repeats_a_live_intent_counts_as_any_other() -> None:
    intent = an_intent(CartIntentStatus.QUEUED)

    decision = decide(a_request(ONE_PRODUCT, deleted=True), [Related(intent, 9)], LINKED)

    assert decision == Repeats(intent)


@pytest.mark.parametrize(
    ("tweet", "expected"),
    [
        (a_tweet(), []),
        (SEVERAL, [Candidate(BOOT, None), Candidate(SOCKS, None)]),
        (a_tweet(a_link(BOOT), a_link(BOOT)), [Candidate(BOOT, None)]),
        (a_tweet(FOREIGN), [Candidate(None, FailureReason.NO_PRODUCT_LINK)]),
        (
            a_tweet(a_link(BOOT), primary=SOLD_OUT),
            [Candidate(SOLD_OUT, FailureReason.OUT_OF_STOCK)],
        ),
    ],
)
def test_rule_7_what_a_product_is_chosen_from(tweet: TweetFacts, expected: list[Candidate]) -> None:
    assert candidates(tweet, "US") == expected
