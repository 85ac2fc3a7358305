"""What becomes of a request for a cart: the product, repeats, the way to the retailer.

Numbers of rules are those of the trigger decision as documented: 7 the product, 8 repeats, 9 link
or consent. What the retailer's answer means (rule 10) is decided in `answers`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeAlias, assert_never

from app.carts.intents import Failure, Intent, Related, Request
from app.carts.states import LIVE, CartIntentStatus, FailureReason
from app.products.facts import ProductFacts, ProductName
from app.products.states import Availability, ProductKind, ProductStatus
from app.retailers.states import AddMode
from app.tweets.facts import LinkFacts, TweetFacts, TweetName
from app.tweets.states import LinkVerdict

PARENT_WAITS = timedelta(hours=24)
"""Posts arrive out of order: how long a reply waits for the post that it answers."""

SHOPPER_WAITS = timedelta(days=7)
"""How long an intent waits for a choice, a link or a consent, counted from its receipt."""


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


@dataclass(frozen=True, slots=True)
class Candidate:
    """One of the things that a tweet leads to; `why_not` is None where it can go to a cart."""

    product: ProductFacts | None
    why_not: FailureReason | None


def candidates(tweet: TweetFacts, marketplace: str) -> list[Candidate]:
    """What rule 7 chooses from: the primary product alone, else what the links lead to."""
    if tweet.primary is not None:
        return [Candidate(tweet.primary, why_not_usable(tweet.primary, marketplace))]
    found = [Candidate(link.product, _why_not_link(link, marketplace)) for link in tweet.links]
    return list(dict.fromkeys(found))


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
        case LinkVerdict.NOT_A_PRODUCT | LinkVerdict.PENDING:
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
    """Rules 6 to 9 for one request; *related* are the shopper's other intents that may matter.

    A post that was deleted before it arrived makes an intent that is withdrawn at once.
    """
    decision = _decide(request, related, way)
    if not request.deleted or isinstance(decision, Repeats):
        return decision
    return replace(decision, status=CartIntentStatus.WITHDRAWN, failure=None, waits_until=None)


def decide_choice(
    intent: Intent, product: ProductName, related: Sequence[Related], way: Way
) -> Decision:
    """Rules 8 and 9 for an intent whose product was chosen; *related* are her other intents."""
    repeated = _first(
        known.intent
        for known in related
        if known.intent.status in LIVE
        and _is_of(known.intent, intent.tweet)
        and _is_for(known.intent, product)
    )
    return Repeats(repeated) if repeated else _go_on(intent, related, way, product, None)


def decide_completion(intent: Intent, related: Sequence[Related], way: Way) -> Becomes | None:
    """Rules 8 and 9 again for an intent that waits for a link or consent; None: it waits on."""
    assert intent.product is not None, "an intent without a product waits for a choice"
    if not way.is_open:
        return None
    decision = _go_on(intent, related, way, intent.product, None)
    return None if decision.status is intent.status else decision


def _decide(request: Request, related: Sequence[Related], way: Way) -> Decision:
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
    asked: Request | Intent,
    related: Sequence[Related],
    way: Way,
    product: ProductName,
    previous: Intent | None,
) -> Becomes:
    """The product is known and no reply before asked for it here."""
    if any(_is_done(known.intent, product) for known in related):
        return _fails(8, FailureReason.ALREADY_IN_CART, product=product, previous=previous)
    if way.add_mode is None:
        detail = f"No retailer serves the brand's marketplace {asked.marketplace}."
        return _fails(9, FailureReason.MARKETPLACE_MISMATCH, detail, product, previous)
    if not way.is_open:
        return _waits(9, CartIntentStatus.AWAITING_LINK, asked, product, previous)
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
        and _is_of(known.intent, request.tweet.name)
        and (known.intent.product is None or _is_for(known.intent, product))
    )


def _previous(related: Sequence[Related], tweet: TweetFacts) -> Intent | None:
    """The latest intent of the same tweet that came to an end."""
    return _first(
        known.intent
        for known in reversed(related)
        if known.intent.status not in LIVE and _is_of(known.intent, tweet.name)
    )


def _is_done(intent: Intent, product: ProductName) -> bool:
    done = (CartIntentStatus.ADDED, CartIntentStatus.HANDED_OFF)
    return intent.status in done and _is_for(intent, product)


def _is_of(intent: Intent, tweet: TweetName | None) -> bool:
    return intent.tweet is not None and tweet is not None and intent.tweet.id == tweet.id


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
    asked: Request | Intent,
    product: ProductName | None,
    previous: Intent | None,
) -> Becomes:
    return Becomes(
        rule=rule,
        status=status,
        product=product,
        waits_until=asked.received_at + SHOPPER_WAITS,
        previous=previous,
    )
