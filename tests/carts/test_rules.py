"""What becomes of a request: rules 7 to 10 as tables."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from app.brands.states import TriggerAction
from app.carts.intents import Failure, Intent, Related, Request
from app.carts.rules import (
    PARENT_WAITS,
    SHOPPER_WAITS,
    Becomes,
    Chosen,
    Found,
    NeedsChoice,
    Repeats,
    Unusable,
    Way,
    decide,
    find_product,
)
from app.carts.states import LIVE, CartIntentStatus, FailureReason
from app.products.facts import ProductFacts, ProductName
from app.products.states import Availability, ProductKind, ProductStatus
from app.retailers.states import AddMode
from app.tweets.facts import LinkFacts, TweetFacts, TweetName
from app.tweets.states import LinkVerdict, TweetStatus

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
BRAND, SHOPPER = UUID(int=1), UUID(int=2)
LINKED = Way(add_mode=AddMode.SERVER_ADD, linked=True, consents=False)


def a_product(
    number: int = 1,
    *,
    marketplace: str = "US",
    kind: ProductKind = ProductKind.PHYSICAL,
    status: ProductStatus = ProductStatus.RESOLVED,
    availability: Availability = Availability.IN_STOCK,
) -> ProductFacts:
    name = ProductName(UUID(int=number), "sandbox", marketplace, f"B00000000{number}", "Boot")
    return ProductFacts(name, kind, status, availability)


BOOT, SOCKS = a_product(1), a_product(2)
VARIATION = a_product(3, kind=ProductKind.VARIATION_PARENT)
DIGITAL = a_product(4, kind=ProductKind.DIGITAL)
SOLD_OUT = a_product(5, availability=Availability.OUT_OF_STOCK)


def a_link(product: ProductFacts | None, verdict: LinkVerdict = LinkVerdict.PRODUCT) -> LinkFacts:
    return LinkFacts(verdict, product)


def a_tweet(*links: LinkFacts, primary: ProductFacts | None = None, number: int = 9) -> TweetFacts:
    return TweetFacts(
        name=TweetName(UUID(int=number), number),
        brand_id=BRAND,
        status=TweetStatus.LIVE,
        registered_at=NOW,
        primary=primary,
        links=links,
    )


FOREIGN = a_link(None, LinkVerdict.NO_PRODUCT_LINK)
PAGE = a_link(None, LinkVerdict.NOT_A_PRODUCT)


@pytest.mark.parametrize(
    ("tweet", "found"),
    [
        (a_tweet(a_link(BOOT)), Chosen(BOOT.name)),
        (a_tweet(a_link(BOOT), a_link(BOOT)), Chosen(BOOT.name)),
        (a_tweet(FOREIGN, a_link(SOLD_OUT), a_link(BOOT)), Chosen(BOOT.name)),
        (a_tweet(a_link(BOOT), a_link(SOCKS)), NeedsChoice()),
        (a_tweet(a_link(VARIATION)), NeedsChoice()),
        (a_tweet(a_link(BOOT), a_link(SOCKS), primary=SOCKS), Chosen(SOCKS.name)),
        (a_tweet(a_link(BOOT), primary=SOLD_OUT), Unusable(FailureReason.OUT_OF_STOCK)),
        (a_tweet(a_link(BOOT), primary=VARIATION), NeedsChoice()),
        (a_tweet(), Unusable(FailureReason.NO_PRODUCT_LINK)),
        (a_tweet(FOREIGN, PAGE), Unusable(FailureReason.NO_PRODUCT_LINK)),
        (a_tweet(PAGE, FOREIGN), Unusable(FailureReason.NOT_A_PRODUCT)),
        (a_tweet(a_link(None)), Unusable(FailureReason.NOT_A_PRODUCT)),
        (
            a_tweet(a_link(None, LinkVerdict.MARKETPLACE_MISMATCH)),
            Unusable(FailureReason.MARKETPLACE_MISMATCH),
        ),
        (
            a_tweet(a_link(DIGITAL), a_link(SOLD_OUT)),
            Unusable(FailureReason.UNSUPPORTED_KIND_DIGITAL),
        ),
    ],
)
def test_rule_7_the_product_of_a_tweet(tweet: TweetFacts, found: Found) -> None:
    assert find_product(tweet, "US") == found


@pytest.mark.parametrize(
    ("product", "reason"),
    [
        (BOOT, None),
        (a_product(availability=Availability.LIMITED), None),
        (a_product(availability=Availability.UNKNOWN, kind=ProductKind.UNKNOWN), None),
        (a_product(status=ProductStatus.STALE), None),
        (
            a_product(status=ProductStatus.GONE, availability=Availability.OUT_OF_STOCK),
            FailureReason.PRODUCT_GONE,
        ),
        (
            a_product(availability=Availability.OUT_OF_STOCK, kind=ProductKind.DIGITAL),
            FailureReason.OUT_OF_STOCK,
        ),
        (
            a_product(kind=ProductKind.DIGITAL, marketplace="DE"),
            FailureReason.UNSUPPORTED_KIND_DIGITAL,
        ),
        (
            a_product(kind=ProductKind.COLLECTION_PARENT, marketplace="DE"),
            FailureReason.COLLECTION_PARENT,
        ),
        (a_product(marketplace="DE"), FailureReason.MARKETPLACE_MISMATCH),
    ],
)
def test_rule_7_the_first_reason_counts(
    product: ProductFacts, reason: FailureReason | None
) -> None:
    expected = Unusable(reason) if reason else Chosen(product.name)

    assert find_product(a_tweet(a_link(product)), "US") == expected


def a_request(tweet: TweetFacts | None, **changes: object) -> Request:
    request = Request(
        brand_id=BRAND,
        engagement_id=UUID(int=50),
        engagement_xid=50,
        shopper_id=SHOPPER,
        parent_xid=9,
        tweet=tweet,
        unavailable=None,
        action=TriggerAction.CART,
        marketplace="US",
        retailer="sandbox",
        received_at=NOW,
    )
    return replace(request, **changes)  # type: ignore[arg-type]  # the test's own values


def an_intent(
    status: CartIntentStatus,
    *,
    tweet: int | None = 9,
    product: ProductFacts | None = BOOT,
    number: int = 60,
) -> Intent:
    return Intent(
        brand_id=BRAND,
        id=UUID(int=number),
        engagement_id=UUID(int=number),
        engagement_xid=number,
        shopper_id=SHOPPER,
        action=TriggerAction.CART,
        marketplace="US",
        retailer="sandbox",
        status=status,
        received_at=NOW,
        updated_at=NOW,
        queued_at=NOW,
        tweet=TweetName(UUID(int=tweet), tweet) if tweet else None,
        product=product.name if product else None,
    )


ONE_PRODUCT, SEVERAL = a_tweet(a_link(BOOT)), a_tweet(a_link(BOOT), a_link(SOCKS))


@pytest.mark.parametrize("status", sorted(LIVE))
def test_rule_8_a_reply_to_the_same_tweet_repeats_a_live_intent(status: CartIntentStatus) -> None:
    intent = an_intent(status)

    assert decide(a_request(ONE_PRODUCT), [Related(intent, 9)], LINKED) == Repeats(intent)


@pytest.mark.parametrize("status", sorted(set(CartIntentStatus) - LIVE))
def test_rule_8_after_any_other_end_a_new_intent_points_to_the_last_one(
    status: CartIntentStatus,
) -> None:
    older, last = an_intent(status, number=60), an_intent(status, number=61)

    decision = decide(a_request(ONE_PRODUCT), [Related(older, 9), Related(last, 9)], LINKED)

    assert decision == Becomes(
        rule=9, status=CartIntentStatus.QUEUED, product=BOOT.name, previous=last
    )


def test_rule_8_an_open_choice_is_repeated_whatever_is_asked_now() -> None:
    choosing = an_intent(CartIntentStatus.AWAITING_CHOICE, product=None)

    for tweet in (ONE_PRODUCT, SEVERAL):
        assert decide(a_request(tweet), [Related(choosing, 9)], LINKED) == Repeats(choosing)


def test_rule_8_once_a_product_is_chosen_another_may_be_asked_for() -> None:
    chosen = an_intent(CartIntentStatus.ADDED)

    decision = decide(a_request(SEVERAL), [Related(chosen, 9)], LINKED)

    assert isinstance(decision, Becomes)
    assert decision.status is CartIntentStatus.AWAITING_CHOICE


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (CartIntentStatus.ADDED, CartIntentStatus.FAILED),
        (CartIntentStatus.HANDED_OFF, CartIntentStatus.FAILED),
        (CartIntentStatus.QUEUED, CartIntentStatus.QUEUED),
        (CartIntentStatus.AWAITING_LINK, CartIntentStatus.QUEUED),
        (CartIntentStatus.FAILED, CartIntentStatus.QUEUED),
        (CartIntentStatus.REMOVED, CartIntentStatus.QUEUED),
    ],
)
def test_rule_8_the_same_product_from_another_tweet(
    status: CartIntentStatus, expected: CartIntentStatus
) -> None:
    other = an_intent(status, tweet=8)

    decision = decide(a_request(ONE_PRODUCT), [Related(other, 8)], LINKED)

    assert isinstance(decision, Becomes)
    assert decision.status is expected
    if expected is CartIntentStatus.FAILED:
        assert decision.failure == Failure(FailureReason.ALREADY_IN_CART)
        assert decision.product == BOOT.name
        assert decision.rule == 8


def test_rule_6_an_unavailable_tweet_fails_before_its_products_are_looked_at() -> None:
    request = a_request(a_tweet(), unavailable=FailureReason.BRAND_PAUSED)

    assert decide(request, [], LINKED) == Becomes(
        rule=6, status=CartIntentStatus.FAILED, failure=Failure(FailureReason.BRAND_PAUSED)
    )


def test_rule_6_an_unknown_parent_is_waited_for_24_hours_from_the_receipt() -> None:
    assert decide(a_request(None), [], LINKED) == Becomes(
        rule=6, status=CartIntentStatus.RECEIVED, waits_until=NOW + PARENT_WAITS
    )


def test_rule_8_a_second_reply_to_the_same_unknown_parent_repeats_the_first() -> None:
    waiting = an_intent(CartIntentStatus.RECEIVED, tweet=None, product=None)

    assert decide(a_request(None), [Related(waiting, 9)], LINKED) == Repeats(waiting)
    assert isinstance(decide(a_request(None), [Related(waiting, 7)], LINKED), Becomes)


def test_rule_7_a_choice_waits_seven_days_from_the_receipt() -> None:
    assert decide(a_request(SEVERAL), [], LINKED) == Becomes(
        rule=7, status=CartIntentStatus.AWAITING_CHOICE, waits_until=NOW + SHOPPER_WAITS
    )


@pytest.mark.parametrize(
    ("way", "status"),
    [
        (LINKED, CartIntentStatus.QUEUED),
        (replace(LINKED, linked=False), CartIntentStatus.AWAITING_LINK),
        (replace(LINKED, linked=False, consents=True), CartIntentStatus.AWAITING_LINK),
        (
            Way(add_mode=AddMode.HANDOFF_URL, linked=False, consents=True),
            CartIntentStatus.QUEUED,
        ),
        (
            Way(add_mode=AddMode.HANDOFF_URL, linked=True, consents=False),
            CartIntentStatus.AWAITING_LINK,
        ),
        (Way(add_mode=None, linked=True, consents=True), CartIntentStatus.FAILED),
    ],
)
def test_rule_9_a_link_or_a_consent_opens_the_way(way: Way, status: CartIntentStatus) -> None:
    decision = decide(a_request(ONE_PRODUCT), [], way)

    assert isinstance(decision, Becomes)
    assert (decision.rule, decision.status, decision.product) == (9, status, BOOT.name)
    waits = status is CartIntentStatus.AWAITING_LINK
    assert decision.waits_until == (NOW + SHOPPER_WAITS if waits else None)
