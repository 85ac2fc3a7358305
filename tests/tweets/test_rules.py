"""What links make of a tweet, and that it agrees with what a reply to it would come to."""

import itertools
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from app.carts.rules import Unusable, find_product
from app.products.facts import ProductFacts, ProductName
from app.products.links import ForeignLink, NotAProduct, ProductLink, ShortLink, Target
from app.products.states import Availability, ProductKind, ProductStatus
from app.tweets.facts import LinkFacts, NewTweet, TweetFacts, TweetName
from app.tweets.problems import BadTweet
from app.tweets.rules import (
    LINKS_MAX,
    Standing,
    chain_of,
    may_sell,
    standing_of,
    verdict_of,
    why_not_register,
)
from app.tweets.states import LinkVerdict, TweetStatus, UnshoppableReason
from app.x.ids import first_id_at
from app.x.payloads import Post, Url

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def a_product(**changes: Any) -> ProductFacts:
    usual: dict[str, Any] = {
        "kind": ProductKind.PHYSICAL,
        "status": ProductStatus.RESOLVED,
        "availability": Availability.IN_STOCK,
    }
    name = ProductName(uuid4(), "sandbox", "US", "B0ACMEBT01", "Boot")
    return ProductFacts(name=name, **(usual | changes))


GOOD = LinkFacts(LinkVerdict.PRODUCT, a_product())
VARIATION = LinkFacts(LinkVerdict.PRODUCT, a_product(kind=ProductKind.VARIATION_PARENT))
SCARCE = LinkFacts(LinkVerdict.PRODUCT, a_product(availability=Availability.LIMITED))
GONE = LinkFacts(LinkVerdict.PRODUCT, a_product(status=ProductStatus.GONE))
SOLD_OUT = LinkFacts(LinkVerdict.PRODUCT, a_product(availability=Availability.OUT_OF_STOCK))
DIGITAL = LinkFacts(LinkVerdict.PRODUCT, a_product(kind=ProductKind.DIGITAL))
COLLECTION = LinkFacts(LinkVerdict.PRODUCT, a_product(kind=ProductKind.COLLECTION_PARENT))
FOREIGN = LinkFacts(LinkVerdict.NO_PRODUCT_LINK, None)
PAGE = LinkFacts(LinkVerdict.NOT_A_PRODUCT, None)
ELSEWHERE = LinkFacts(LinkVerdict.MARKETPLACE_MISMATCH, None)
PENDING = LinkFacts(LinkVerdict.PENDING, None)
LINKS = [GOOD, SCARCE, GONE, SOLD_OUT, DIGITAL, COLLECTION, FOREIGN, PAGE, ELSEWHERE]


def live() -> Standing:
    return Standing(TweetStatus.LIVE)


def unshoppable(reason: UnshoppableReason) -> Standing:
    return Standing(TweetStatus.UNSHOPPABLE, reason)


@pytest.mark.parametrize(
    ("links", "standing"),
    [
        ([], unshoppable(UnshoppableReason.NO_PRODUCT_LINK)),
        ([GOOD], live()),
        ([FOREIGN, GONE, GOOD], live()),
        ([VARIATION], live()),
        ([SCARCE], live()),
        ([GONE, SOLD_OUT], unshoppable(UnshoppableReason.PRODUCT_GONE)),
        ([PAGE, GONE], unshoppable(UnshoppableReason.NOT_A_PRODUCT)),
        ([ELSEWHERE], unshoppable(UnshoppableReason.MARKETPLACE_MISMATCH)),
        ([GOOD, PENDING], Standing(TweetStatus.DETECTED)),
        ([PENDING, FOREIGN], Standing(TweetStatus.DETECTED)),
    ],
)
def test_links_decide_what_becomes_of_a_tweet(links: list[LinkFacts], standing: Standing) -> None:
    assert standing_of(None, links) == standing


def test_a_primary_product_decides_alone() -> None:
    assert standing_of(GOOD.product, [PENDING, GONE]) == live()
    assert standing_of(GONE.product, [GOOD]) == unshoppable(UnshoppableReason.PRODUCT_GONE)


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("primary", [None, GOOD.product, SOLD_OUT.product])
def test_a_tweet_is_unshoppable_where_a_reply_to_it_would_fail_and_for_the_same_reason(
    count: int, primary: ProductFacts | None
) -> None:
    for links in itertools.product(LINKS, repeat=count):
        tweet = TweetFacts(
            name=TweetName(uuid4(), 1),
            brand_id=uuid4(),
            status=TweetStatus.LIVE,
            registered_at=NOW,
            primary=primary,
            links=links,
        )
        found = find_product(tweet, "US")
        standing = standing_of(primary, links)
        reason = found.reason.value if isinstance(found, Unusable) else None
        assert (standing.reason and standing.reason.value) == reason


@pytest.mark.parametrize(
    ("target", "known", "verdict"),
    [
        (ForeignLink(), False, LinkVerdict.NO_PRODUCT_LINK),
        (NotAProduct("US"), False, LinkVerdict.NOT_A_PRODUCT),
        (ShortLink("https://amzn.to/x"), False, LinkVerdict.PENDING),
        (ProductLink("US", "B0ACMEBT01"), True, LinkVerdict.PRODUCT),
        (ProductLink("US", "B0ACMEBT01"), False, LinkVerdict.PENDING),
        (ProductLink("DE", "B0ACMEBT01"), False, LinkVerdict.MARKETPLACE_MISMATCH),
        (ProductLink("DE", "B0ACMEBT01"), True, LinkVerdict.MARKETPLACE_MISMATCH),
    ],
)
def test_a_target_says_what_its_link_is(
    target: Target, verdict: LinkVerdict, *, known: bool
) -> None:
    assert verdict_of(target, {"US", "UK"}, uuid4() if known else None) is verdict


PRODUCT = Url("https://t.co/a", "https://www.amazon.com/dp/B0ACMEBT01", None)
SHORT = Url("https://t.co/b", "https://amzn.to/4acmeBt", None)
OTHER = Url("https://t.co/c", "https://shop.example/", None)


@pytest.mark.parametrize(
    ("links", "sells"),
    [
        ([], False),
        ([OTHER], False),
        ([OTHER, PRODUCT], True),
        ([SHORT], True),
        ([Url("https://t.co/d", "https://amzn.to/x", "https://shop.example/")], False),
        ([Url("https://t.co/e", "https://bit.ly/x", "https://www.amazon.de/dp/B0ACMEBT01")], True),
        ([*[OTHER] * LINKS_MAX, PRODUCT], False),
    ],
)
def test_a_post_may_sell_where_a_link_is_or_may_be_a_products(
    links: list[Url], *, sells: bool
) -> None:
    assert may_sell(links) is sells


def test_the_chain_holds_the_posts_own_id_whatever_x_lists() -> None:
    assert chain_of(Post(id=3, author_id=1, edit_ids=(2, 1))) == [1, 2, 3]
    assert chain_of(Post(id=3, author_id=1)) == [3]


XID = first_id_at(NOW)
REGISTRABLE: dict[str, Any] = {"xid": XID, "urls": ("https://www.amazon.com/dp/B0ACMEBT01",)}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"text": "x" * 25_000, "campaign": "autumn"},
        {"author_xid": 5, "conversation_xid": 6},
        {"urls": (), "primary_product_id": uuid4()},
    ],
)
def test_a_tweet_that_can_be_registered_has_no_problem(changes: dict[str, Any]) -> None:
    assert why_not_register(NewTweet(**(REGISTRABLE | changes)), NOW) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"xid": 0},
        {"xid": -1},
        {"xid": 2**63},
        {"xid": first_id_at(NOW.replace(hour=13))},
        {"author_xid": 0},
        {"conversation_xid": 2**63},
        {"text": "x", "author_xid": 5},
        {"text": "x" * 25_001},
        {"text": "a\0b"},
        {"campaign": ""},
        {"campaign": "x" * 201},
        {"campaign": "a\ud83d"},
        {"urls": ()},
        {"urls": ("",)},
        {"urls": ("https://x.example/" + "x" * 4_096,)},
        {"urls": ("https://x.example/\0",)},
        {"urls": ("https://x.example/",) * (LINKS_MAX + 1)},
    ],
)
def test_a_value_that_no_tweet_can_have_is_named(changes: dict[str, Any]) -> None:
    problem = why_not_register(NewTweet(**(REGISTRABLE | changes)), NOW)

    assert isinstance(problem, BadTweet)
    assert problem.message
