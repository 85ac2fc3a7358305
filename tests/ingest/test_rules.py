"""The trigger decision, rules 0 to 7, as a table of posts and what they are to a brand."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from app.brands.states import BrandStatus, ResolveDepth, TriggerAction
from app.carts.states import FailureReason
from app.engagements.states import EngagementKind, MisuseReason, TriggerMatch
from app.ingest.facts import BrandFacts, Directory, TriggerFacts
from app.ingest.rules import AGE_MAX, decide, registering_brand
from app.products.facts import ProductFacts, ProductName
from app.products.states import Availability, ProductKind, ProductStatus
from app.tweets.facts import LinkFacts, TweetFacts, TweetName
from app.tweets.states import LinkVerdict, TweetStatus
from app.x.ids import first_id_at
from app.x.payloads import Post, PostCreated

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ACME, NORD = UUID(int=1), UUID(int=2)
ACME_USER, NORD_USER, BOT, SHOPPER, FAN = 11, 12, 13, 21, 22
TWEET, NORD_TWEET, EDITED, BARE, UNKNOWN, SHARED = 101, 102, 103, 104, 105, 106

CART = TriggerFacts("AmazonCart", "US", TriggerAction.CART)
BASKET = TriggerFacts("AmazonBasket", "UK", TriggerAction.CART)
BOOT = ProductFacts(
    ProductName(UUID(int=7), "sandbox", "US", "B0ACMEBT01", "Acme Trail Boot"),
    ProductKind.PHYSICAL,
    ProductStatus.RESOLVED,
    Availability.IN_STOCK,
)


def a_brand(brand_id: UUID, user: int) -> BrandFacts:
    return BrandFacts(
        id=brand_id,
        x_user_id=user,
        status=BrandStatus.ACTIVE,
        accept_quotes=False,
        auto_register=True,
        resolve_depth=ResolveDepth.PARENT,
        grant_revoked=False,
        triggers={"amazoncart": CART, "amazonbasket": BASKET},
        retailers={"US": "sandbox"},
    )


def a_tweet(xid: int, brand_id: UUID = ACME, *, registered: int = 0) -> TweetFacts:
    return TweetFacts(
        name=TweetName(UUID(int=xid), xid),
        brand_id=brand_id,
        status=TweetStatus.LIVE,
        registered_at=NOW + timedelta(seconds=registered),
        primary=None,
        links=(LinkFacts(LinkVerdict.PRODUCT, BOOT),),
    )


LIVE = a_tweet(TWEET)
DIRECTORY = Directory(
    brands={ACME: a_brand(ACME, ACME_USER), NORD: a_brand(NORD, NORD_USER)},
    brand_of_account={ACME_USER: ACME, NORD_USER: NORD},
    bots=frozenset({BOT}),
    tweets={
        TWEET: [LIVE],
        EDITED: [LIVE],
        NORD_TWEET: [a_tweet(NORD_TWEET, NORD)],
        BARE: [replace(a_tweet(BARE), links=())],
        SHARED: [a_tweet(SHARED, NORD, registered=1), a_tweet(SHARED, ACME)],
    },
    suppressed=frozenset(),
    lookups={},
)


def told(filter_user_id: int | None = None, **fields: object) -> PostCreated:
    """A tagged reply to the brand's tweet, but for what *fields* say."""
    usual: dict[str, object] = {
        "id": first_id_at(NOW),
        "author_id": SHOPPER,
        "replied_to": TWEET,
        "hashtags": ("AmazonCart",),
    }
    post = Post(**(usual | fields))  # type: ignore[arg-type]  # the table's own values
    return PostCreated(source="stream", post=post, filter_user_id=filter_user_id)


def with_brand(**changes: object) -> Directory:
    """The directory with another ACME."""
    acme = replace(DIRECTORY.brands[ACME], **changes)  # type: ignore[arg-type]  # likewise
    return replace(DIRECTORY, brands={**DIRECTORY.brands, ACME: acme})


def with_tweet(**changes: object) -> Directory:
    """The directory with another tweet of ACME."""
    tweet = replace(LIVE, **changes)  # type: ignore[arg-type]  # likewise
    return replace(DIRECTORY, tweets={**DIRECTORY.tweets, TWEET: [tweet]})


def test_a_tagged_reply_to_a_registered_tweet_asks_for_a_cart() -> None:
    [decision] = decide(told(), DIRECTORY, NOW)

    assert decision.rule == 7
    assert (decision.brand_id, decision.kind) == (ACME, EngagementKind.REPLY)
    assert (decision.tweet, decision.trigger, decision.match) == (LIVE, CART, TriggerMatch.EXACT)
    assert (decision.unavailable, decision.misuse, decision.by_shopper) == (None, None, True)


@pytest.mark.parametrize(
    ("delivery", "brand_id"),
    [
        (told(replied_to=EDITED), ACME),
        (told(NORD_USER, in_reply_to_user_id=NORD_USER), ACME),
        (told(NORD_USER, replied_to=UNKNOWN), NORD),
        (told(NORD_USER, replied_to=UNKNOWN, mentioned_user_ids=(ACME_USER, NORD_USER)), ACME),
        (told(ACME_USER, replied_to=UNKNOWN, mentioned_user_ids=(ACME_USER, NORD_USER)), ACME),
        (told(ACME_USER, replied_to=UNKNOWN, conversation_id=NORD_TWEET), NORD),
        (told(replied_to=UNKNOWN, in_reply_to_user_id=NORD_USER), NORD),
        (told(ACME_USER, replied_to=UNKNOWN, in_reply_to_user_id=NORD_USER), NORD),
        (told(replied_to=UNKNOWN, conversation_id=NORD_TWEET), NORD),
        (told(replied_to=UNKNOWN, mentioned_user_ids=(FAN, NORD_USER, ACME_USER)), NORD),
        (told(BOT, replied_to=UNKNOWN, mentioned_user_ids=(BOT, ACME_USER)), ACME),
        (told(replied_to=SHARED), ACME),
        (told(NORD_USER, replied_to=SHARED), ACME),
        (told(replied_to=SHARED, in_reply_to_user_id=NORD_USER), NORD),
    ],
)
def test_rule_0_finds_the_brand_that_is_asked(delivery: PostCreated, brand_id: UUID) -> None:
    asking = [each for each in decide(delivery, DIRECTORY, NOW) if each.trigger is not None]

    assert [each.brand_id for each in asking] == [brand_id]


def test_rule_0_a_post_about_no_brand_is_nothing() -> None:
    assert decide(told(replied_to=UNKNOWN), DIRECTORY, NOW) == []
    assert decide(told(FAN, replied_to=UNKNOWN), DIRECTORY, NOW) == []


def test_rule_0_another_brand_that_is_told_sees_an_engagement_without_intent() -> None:
    asked, other = decide(told(NORD_USER), DIRECTORY, NOW)

    assert (asked.brand_id, asked.trigger) == (ACME, CART)
    assert (other.brand_id, other.rule, other.trigger) == (NORD, 0, None)
    assert (other.kind, other.tweet, other.misuse) == (EngagementKind.REPLY, None, None)


def test_posts_older_than_seven_days_are_ignored() -> None:
    oldest = first_id_at(NOW - AGE_MAX)

    assert decide(told(id=oldest), DIRECTORY, NOW) != []
    assert decide(told(id=oldest - 1), DIRECTORY, NOW) == []


def test_rule_1_nothing_is_made_of_one_who_opted_out() -> None:
    directory = replace(DIRECTORY, suppressed=frozenset({SHOPPER}))

    assert decide(told(NORD_USER), directory, NOW) == []
    assert decide(told(replied_to=None, reposted=UNKNOWN), directory, NOW) == []


@pytest.mark.parametrize(
    ("reposted", "tags", "misuse"),
    [
        (UNKNOWN, ("AmazonCart",), MisuseReason.REPOST_WITH_TAG),
        (UNKNOWN, ("Winter",), None),
        (TWEET, ("AmazonCart",), None),
    ],
)
def test_rule_2_a_repost_never_asks(
    reposted: int, tags: tuple[str, ...], misuse: MisuseReason | None
) -> None:
    delivery = told(ACME_USER, replied_to=None, reposted=reposted, hashtags=tags)

    [decision] = decide(delivery, DIRECTORY, NOW)

    assert (decision.rule, decision.kind) == (2, EngagementKind.REPOST)
    assert (decision.trigger, decision.misuse) == (None, misuse)


@pytest.mark.parametrize("author", [ACME_USER, BOT])
def test_rule_3_the_brand_itself_and_the_bot_are_ignored(author: int) -> None:
    assert decide(told(author_id=author), DIRECTORY, NOW) == []


def test_rule_3_another_brands_account_is_a_shopper() -> None:
    [decision] = decide(told(NORD_USER, author_id=NORD_USER), DIRECTORY, NOW)

    assert (decision.brand_id, decision.trigger) == (ACME, CART)


@pytest.mark.parametrize(
    ("fields", "directory", "brand_id"),
    [
        ({}, DIRECTORY, ACME),
        ({"replied_to": UNKNOWN}, DIRECTORY, ACME),
        ({"quoted": NORD_TWEET}, DIRECTORY, ACME),
        ({"reposted": NORD_TWEET}, DIRECTORY, None),
        ({"author_id": SHOPPER}, DIRECTORY, None),
        ({"id": first_id_at(NOW - AGE_MAX) - 1}, DIRECTORY, None),
        ({}, with_brand(auto_register=False), None),
        ({"edit_ids": (TWEET,)}, with_brand(auto_register=False), ACME),
        ({"edit_ids": (NORD_TWEET,)}, with_brand(auto_register=False), None),
        ({}, with_brand(grant_revoked=True), None),
        ({"edit_ids": (TWEET,)}, with_brand(grant_revoked=True), ACME),
        ({}, with_brand(status=BrandStatus.SUSPENDED), None),
    ],
)
def test_rule_3_a_brands_own_post_registers_itself_or_edits_what_is_registered(
    fields: dict[str, object], directory: Directory, brand_id: UUID | None
) -> None:
    usual: dict[str, object] = {"author_id": ACME_USER, "replied_to": None}
    post = told(None, **(usual | fields)).post

    assert registering_brand(post, directory, NOW) == brand_id


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"replied_to": None, "quoted": TWEET}, EngagementKind.QUOTE),
        ({"replied_to": None, "mentioned_user_ids": (ACME_USER,)}, EngagementKind.MENTION),
    ],
)
def test_rule_4_what_is_no_reply_does_not_ask(
    fields: dict[str, object], kind: EngagementKind
) -> None:
    [decision] = decide(told(None, **fields), DIRECTORY, NOW)

    assert (decision.rule, decision.kind) == (4, kind)
    assert (decision.trigger, decision.match) == (None, TriggerMatch.NONE)


def test_rule_4_a_quote_asks_where_the_brand_accepts_quotes() -> None:
    delivery = told(replied_to=None, quoted=TWEET)

    [decision] = decide(delivery, with_brand(accept_quotes=True), NOW)

    assert (decision.kind, decision.trigger) == (EngagementKind.QUOTE, CART)
    assert decision.tweet == LIVE


def test_rule_4_a_reply_that_also_quotes_is_a_reply_to_its_parent() -> None:
    [decision] = decide(told(replied_to=TWEET, quoted=NORD_TWEET), DIRECTORY, NOW)

    assert (decision.brand_id, decision.kind) == (ACME, EngagementKind.REPLY)
    assert decision.trigger == CART


@pytest.mark.parametrize(
    ("tags", "trigger"),
    [
        (("amazoncart",), CART),
        (("AMAZONCART",), CART),
        (("\uff21mazon\uff23art",), CART),
        (("Winter", "AmazonBasket", "AmazonCart"), BASKET),
        (("AmazonCartoon",), None),
        (("Amaz\u043enCart",), None),
        (("AmazonCarts",), None),
        ((), None),
    ],
)
def test_rule_5_the_first_own_hashtag_that_is_a_trigger_counts(
    tags: tuple[str, ...], trigger: TriggerFacts | None
) -> None:
    [decision] = decide(told(hashtags=tags), DIRECTORY, NOW)

    assert decision.trigger == trigger


@pytest.mark.parametrize(
    ("fields", "match", "misuse"),
    [
        ({"hashtags": ("AmazonCarts",)}, TriggerMatch.NEAR_MISS, MisuseReason.NEAR_MISS),
        (
            {"hashtags": ("Amazon",), "text": "#Amazon Cart"},
            TriggerMatch.NEAR_MISS,
            MisuseReason.NEAR_MISS,
        ),
        ({"hashtags": ("AmazonCarts", "AmazonCart")}, TriggerMatch.EXACT, None),
        ({"hashtags": ("AmazonCartoon",)}, TriggerMatch.NONE, None),
        ({"hashtags": ("AmazonCarts",), "quoted": TWEET, "replied_to": None}, None, None),
        ({"hashtags": (), "text": "AmazonCarts Amazon Cart"}, TriggerMatch.NONE, None),
    ],
)
def test_rule_5_a_near_miss_is_misuse_and_never_asks(
    fields: dict[str, object], match: TriggerMatch | None, misuse: MisuseReason | None
) -> None:
    [decision] = decide(told(None, **fields), DIRECTORY, NOW)

    assert decision.match is (match or TriggerMatch.NONE)
    assert decision.misuse is misuse
    assert (decision.trigger is not None) is (match is TriggerMatch.EXACT)


@pytest.mark.parametrize(
    ("delivery", "count"),
    [
        (told(NORD_USER, hashtags=("AmazonCarts",)), [MisuseReason.NEAR_MISS, None]),
        (told(author_id=ACME_USER, hashtags=("AmazonCarts",)), []),
    ],
)
def test_rule_5_a_near_miss_counts_only_at_the_brand_that_would_be_asked(
    delivery: PostCreated, count: list[MisuseReason | None]
) -> None:
    assert [each.misuse for each in decide(delivery, DIRECTORY, NOW)] == count


@pytest.mark.parametrize(
    ("directory", "reason"),
    [
        (with_tweet(status=TweetStatus.DELETED), FailureReason.TWEET_UNAVAILABLE),
        (with_tweet(status=TweetStatus.WITHHELD), FailureReason.TWEET_UNAVAILABLE),
        (with_tweet(status=TweetStatus.PAUSED), FailureReason.BRAND_PAUSED),
        (with_tweet(status=TweetStatus.UNSHOPPABLE), None),
        (with_brand(grant_revoked=True), FailureReason.BRAND_PAUSED),
        (with_brand(status=BrandStatus.SUSPENDED), FailureReason.BRAND_PAUSED),
        (DIRECTORY, None),
    ],
)
def test_rule_6_what_may_be_bought_from(directory: Directory, reason: FailureReason | None) -> None:
    [decision] = decide(told(), directory, NOW)

    assert (decision.trigger, decision.unavailable) == (CART, reason)
    assert decision.rule == (6 if reason else 7)


def test_rule_6_an_unknown_parent_is_asked_without_a_tweet() -> None:
    [decision] = decide(told(ACME_USER, replied_to=UNKNOWN), DIRECTORY, NOW)

    assert (decision.rule, decision.tweet, decision.trigger) == (6, None, CART)


def test_rule_6_a_tweet_that_is_only_detected_is_unknown() -> None:
    directory = with_tweet(status=TweetStatus.DETECTED)

    [decision] = decide(told(ACME_USER), directory, NOW)

    assert (decision.rule, decision.tweet) == (6, None)


@pytest.mark.parametrize("depth", list(ResolveDepth))
def test_rule_6_the_threads_root_stands_in_where_the_brand_says_so(depth: ResolveDepth) -> None:
    delivery = told(ACME_USER, replied_to=UNKNOWN, conversation_id=TWEET)

    [decision] = decide(delivery, with_brand(resolve_depth=depth), NOW)

    assert decision.tweet == (LIVE if depth is ResolveDepth.THREAD_ROOT else None)


def test_rule_7_a_tagged_reply_to_a_tweet_without_a_link_is_misuse() -> None:
    [decision] = decide(told(replied_to=BARE), DIRECTORY, NOW)

    assert (decision.rule, decision.trigger) == (7, CART)
    assert decision.misuse is MisuseReason.NO_LINK


def test_a_post_without_tag_to_a_tweet_without_a_link_is_no_misuse() -> None:
    [decision] = decide(told(replied_to=BARE, hashtags=()), DIRECTORY, NOW)

    assert (decision.trigger, decision.misuse) == (None, None)
