"""What becomes of a request for a cart: the product, repeats, the way to the retailer, its answer.

Numbers of rules are those of the trigger decision as documented: 7 the product, 8 repeats, 9 link
or consent, 10 the retailer's answer.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias, assert_never

from app.carts.intents import Failure, Intent, Related, Request
from app.carts.states import LIVE, CartIntentStatus, FailureReason
from app.products.facts import ProductFacts, ProductName
from app.products.states import Availability, ProductKind, ProductStatus
from app.retailers.adapter import Added, HandOff, Outcome, Refused
from app.retailers.states import AddMode
from app.tweets.facts import LinkFacts, TweetFacts
from app.tweets.states import LinkVerdict

PARENT_WAITS = timedelta(hours=24)
"""Posts arrive out of order: how long a reply waits for the post that it answers."""

SHOPPER_WAITS = timedelta(days=7)
"""How long an intent waits for a choice, a link or a consent, counted from its receipt."""

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
class Chosen:
    """The one product that the tweet is about."""

    product: ProductName


@dataclass(frozen=True, slots=True)
class NeedsChoice:
    """Several products, or options of one, of which the shopper must choose."""


@dataclass(frozen=True, slots=True)
class Unusable:
    """The tweet has no product that can go to a cart; the reason of its first link."""

    reason: FailureReason


Found: TypeAlias = Chosen | NeedsChoice | Unusable


def find_product(tweet: TweetFacts, marketplace: str) -> Found:
    """Rule 7: the primary product, usable or not; else the only usable one."""
    if tweet.primary is not None:
        return _found([tweet.primary], why_not_usable(tweet.primary, marketplace))
    usable = {
        link.product.name.id: link.product
        for link in tweet.links
        if link.product is not None and _why_not_link(link, marketplace) is None
    }
    if usable:
        return _found(list(usable.values()), None)
    if not tweet.links:
        return Unusable(FailureReason.NO_PRODUCT_LINK)
    reason = _why_not_link(tweet.links[0], marketplace)
    assert reason is not None, "a usable link was found above"
    return Unusable(reason)


def _found(products: Sequence[ProductFacts], reason: FailureReason | None) -> Found:
    if reason is not None:
        return Unusable(reason)
    if len(products) > 1 or products[0].kind is ProductKind.VARIATION_PARENT:
        return NeedsChoice()
    return Chosen(products[0].name)


def _why_not_link(link: LinkFacts, marketplace: str) -> FailureReason | None:
    match link.verdict:
        case LinkVerdict.NO_PRODUCT_LINK:
            return FailureReason.NO_PRODUCT_LINK
        case LinkVerdict.NOT_A_PRODUCT:
            return FailureReason.NOT_A_PRODUCT
        case LinkVerdict.MARKETPLACE_MISMATCH:
            return FailureReason.MARKETPLACE_MISMATCH
        case LinkVerdict.PRODUCT:
            if link.product is None:
                return FailureReason.NOT_A_PRODUCT
            return why_not_usable(link.product, marketplace)
        case _:
            assert_never(link.verdict)


def why_not_usable(product: ProductFacts, marketplace: str) -> FailureReason | None:
    """The first reason why a product cannot go to a cart on *marketplace*, if there is one.

    Limited stock is no reason: the retailer may still give one.
    """
    reasons = (
        (product.status is ProductStatus.GONE, FailureReason.PRODUCT_GONE),
        (product.availability is Availability.OUT_OF_STOCK, FailureReason.OUT_OF_STOCK),
        (product.kind is ProductKind.DIGITAL, FailureReason.UNSUPPORTED_KIND_DIGITAL),
        (product.kind is ProductKind.COLLECTION_PARENT, FailureReason.COLLECTION_PARENT),
        (product.name.marketplace != marketplace, FailureReason.MARKETPLACE_MISMATCH),
    )
    return next((reason for applies, reason in reasons if applies), None)


@dataclass(frozen=True, slots=True)
class Repeats:
    """Rule 8: the post only repeats a live intent."""

    intent: Intent


@dataclass(frozen=True, slots=True, kw_only=True)
class Becomes:
    """The post makes an intent that goes to `status` at once."""

    rule: int
    status: CartIntentStatus
    product: ProductName | None = None
    failure: Failure | None = None
    waits_until: datetime | None = None
    previous: Intent | None = None


Decision: TypeAlias = Repeats | Becomes


@dataclass(frozen=True, slots=True)
class Way:
    """How the shopper's cart at the retailer is reached, as far as it can be now."""

    add_mode: AddMode | None
    linked: bool
    consents: bool

    @property
    def is_open(self) -> bool:
        """Whether nothing more is needed of the shopper."""
        return self.linked if self.add_mode is AddMode.SERVER_ADD else self.consents


def decide(request: Request, related: Sequence[Related], way: Way) -> Decision:
    """Rules 6 to 9 for one request; *related* are the shopper's intents that may matter."""
    if request.tweet is None:
        return _await_parent(request, related)
    previous = _previous(related, request.tweet)
    if request.unavailable is not None:
        return _fails(6, request.unavailable, previous=previous)
    found = find_product(request.tweet, request.marketplace)
    match found:
        case Unusable(reason):
            return _fails(7, reason, previous=previous)
        case NeedsChoice():
            product = None
        case Chosen(product):
            pass
        case _:
            assert_never(found)
    if repeated := _repeated(related, request, product):
        return Repeats(repeated)
    if product is None:
        return _waits(7, CartIntentStatus.AWAITING_CHOICE, request, None, previous)
    return _go_on(request, related, way, product, previous)


def _await_parent(request: Request, related: Sequence[Related]) -> Decision:
    repeated = _first(
        known.intent
        for known in related
        if known.intent.status is CartIntentStatus.RECEIVED
        and known.intent.tweet is None
        and known.parent_xid == request.parent_xid
    )
    if repeated:
        return Repeats(repeated)
    return Becomes(
        rule=6,
        status=CartIntentStatus.RECEIVED,
        waits_until=request.received_at + PARENT_WAITS,
    )


def _go_on(
    request: Request,
    related: Sequence[Related],
    way: Way,
    product: ProductName,
    previous: Intent | None,
) -> Decision:
    """The product is known and no reply before asked for it here."""
    if any(_is_done(known.intent, product) for known in related):
        return _fails(8, FailureReason.ALREADY_IN_CART, product=product, previous=previous)
    if way.add_mode is None:
        detail = f"No retailer serves the brand's marketplace {request.marketplace}."
        return _fails(9, FailureReason.MARKETPLACE_MISMATCH, detail, product, previous)
    if not way.is_open:
        return _waits(9, CartIntentStatus.AWAITING_LINK, request, product, previous)
    return Becomes(rule=9, status=CartIntentStatus.QUEUED, product=product, previous=previous)


def _repeated(
    related: Sequence[Related], request: Request, product: ProductName | None
) -> Intent | None:
    """The live intent of the same tweet and, once it has one, the same product."""
    assert request.tweet is not None
    return _first(
        known.intent
        for known in related
        if known.intent.status in LIVE
        and known.intent.tweet is not None
        and known.intent.tweet.id == request.tweet.name.id
        and (known.intent.product is None or _is_for(known.intent, product))
    )


def _previous(related: Sequence[Related], tweet: TweetFacts) -> Intent | None:
    """The latest intent of the same tweet that came to an end."""
    return _first(
        known.intent
        for known in reversed(related)
        if known.intent.status not in LIVE
        and known.intent.tweet is not None
        and known.intent.tweet.id == tweet.name.id
    )


def _is_done(intent: Intent, product: ProductName) -> bool:
    done = (CartIntentStatus.ADDED, CartIntentStatus.HANDED_OFF)
    return intent.status in done and _is_for(intent, product)


def _is_for(intent: Intent, product: ProductName | None) -> bool:
    return intent.product is not None and product is not None and intent.product.id == product.id


def _first(intents: Iterable[Intent]) -> Intent | None:
    return next(iter(intents), None)


def _fails(
    rule: int,
    reason: FailureReason,
    detail: str | None = None,
    product: ProductName | None = None,
    previous: Intent | None = None,
) -> Becomes:
    return Becomes(
        rule=rule,
        status=CartIntentStatus.FAILED,
        product=product,
        failure=Failure(reason, detail=detail),
        previous=previous,
    )


def _waits(
    rule: int,
    status: CartIntentStatus,
    request: Request,
    product: ProductName | None,
    previous: Intent | None,
) -> Becomes:
    return Becomes(
        rule=rule,
        status=status,
        product=product,
        waits_until=request.received_at + SHOPPER_WAITS,
        previous=previous,
    )


@dataclass(frozen=True, slots=True)
class TryAgain:
    """The retailer may take it later: how long to wait, before jitter."""

    delay: timedelta


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The shopper took it back while the retailer was asked, and nothing was added."""


Answer: TypeAlias = Added | HandOff | Failure | TryAgain | Withdrawn


def answer_of(intent: Intent, outcome: Outcome, now: datetime) -> Answer:
    """Rule 10: what the retailer's outcome means for a QUEUED intent.

    `intent.attempts` counts the try that ended so, and `queued_at` is when the tries began.
    """
    if not isinstance(outcome, Refused):
        return outcome
    if intent.withdraw_requested:
        return Withdrawn()
    failure = Failure(FailureReason(outcome.reason.value), outcome.retryable, outcome.detail)
    if not outcome.retryable or intent.attempts >= TRIES_MAX:
        return failure
    delay = RETRY_DELAYS[max(intent.attempts, 1) - 1]
    began = intent.queued_at or now
    if now + delay > began + TRIES_TOGETHER_MAX:
        return failure
    return TryAgain(delay)
