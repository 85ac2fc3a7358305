"""The trigger decision, rules 0 to 7: which brand a post is for, and whether it asks for a cart.

The numbers are those of the documented decision; the first rule that applies wins. What a request
then becomes (rules 8 to 10) is decided by the rules of carts.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.brands.rules import fold_tag
from app.brands.states import ResolveDepth
from app.carts.rules import Unusable, find_product
from app.carts.states import FailureReason
from app.engagements.states import EngagementKind, MisuseReason, TriggerMatch
from app.ingest.facts import BrandFacts, Directory, TriggerFacts
from app.ingest.near_misses import is_near_miss
from app.tweets.facts import TweetFacts
from app.tweets.states import TweetStatus
from app.x.ids import first_id_at
from app.x.payloads import Post, PostCreated

AGE_MAX = timedelta(days=7)
"""Older posts are ignored: nothing signed says when a body was sent, so this bounds replays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a post is to one brand.

    `trigger` is set where it asks for a cart; then `tweet` is None while the parent is unknown,
    and `unavailable` is why the tweet cannot be bought from, if it cannot. `by_shopper` is False
    for the brand's own account and bots.
    """

    rule: int
    brand_id: UUID
    kind: EngagementKind
    tweet: TweetFacts | None = None
    trigger: TriggerFacts | None = None
    unavailable: FailureReason | None = None
    misuse: MisuseReason | None = None
    by_shopper: bool = True

    @property
    def match(self) -> TriggerMatch:
        """How a trigger matched."""
        if self.trigger is not None:
            return TriggerMatch.EXACT
        missed = self.misuse is MisuseReason.NEAR_MISS
        return TriggerMatch.NEAR_MISS if missed else TriggerMatch.NONE


def is_too_old(post: Post, now: datetime) -> bool:
    """Whether the post is older, by its id, than what is still looked at."""
    return post.id < first_id_at(now - AGE_MAX)


def registering_brand(post: Post, directory: Directory, now: datetime) -> UUID | None:
    """Rule 3: the brand whose own post this is, where it may register itself or is an edit.

    An edit of a registered tweet counts even where the brand registers its posts by hand.
    """
    brand_id = directory.brand_of_account.get(post.author_id)
    if brand_id is None or post.reposted is not None or is_too_old(post, now):
        return None
    brand = directory.brands[brand_id]
    edits = any(
        tweet.brand_id == brand_id
        for xid in post.edit_ids
        for tweet in directory.tweets.get(xid, ())
    )
    return brand_id if edits or (brand.auto_register and brand.is_open) else None


def decide(delivery: PostCreated, directory: Directory, now: datetime) -> list[Decision]:
    """What the post is to each brand that it concerns; none where it is ignored.

    A post asks one brand only, its parent's. Another brand whose subscription brought it sees an
    engagement.
    """
    post = delivery.post
    if is_too_old(post, now) or post.author_id in directory.suppressed:
        return []
    asked = brand_asked(delivery, directory)
    told = directory.brand_of_account.get(delivery.filter_user_id or 0)
    decisions = [_decide(post, directory.brands[asked], directory)] if asked else []
    if told and told != asked:
        decisions.append(_engages(post, directory.brands[told], directory))
    return [decision for decision in decisions if decision is not None]


def brand_asked(delivery: PostCreated, directory: Directory) -> UUID | None:
    """Rule 0: the brand of the registered parent; else who is answered, told, or mentioned.

    Whose subscription told of the post comes last: one post that several subscriptions bring must
    lead to the same brand, whichever comes first. So it counts only where the post names no brand,
    and such a post no other brand is told of.
    """
    post, accounts = delivery.post, directory.brand_of_account
    answered = accounts.get(post.in_reply_to_user_id or 0)
    candidates = (
        _brand_of(_registered(directory, parent_of(post)), answered),
        answered,
        _brand_of(_registered(directory, post.conversation_id), None),
        next((accounts[user] for user in post.mentioned_user_ids if user in accounts), None),
        accounts.get(delivery.filter_user_id or 0),
    )
    return next((brand_id for brand_id in candidates if brand_id is not None), None)


def tweet_meant(
    parent_xid: int | None, conversation_xid: int | None, brand: BrandFacts, directory: Directory
) -> TweetFacts | None:
    """Rule 6: the brand's registered tweet that a post is about, or the thread's root for it."""
    xids = [parent_xid]
    if brand.resolve_depth is ResolveDepth.THREAD_ROOT:
        xids.append(conversation_xid)
    tweets = (tweet for xid in xids for tweet in _registered(directory, xid))
    return next((tweet for tweet in tweets if tweet.brand_id == brand.id), None)


def tweet_of_another(parent_xid: int | None, directory: Directory) -> TweetFacts | None:
    """Rule 0: the registered tweet that a post answers, whosever it is: the first registered."""
    found = _registered(directory, parent_xid)
    owner = _brand_of(found, None)
    return next((tweet for tweet in found if tweet.brand_id == owner), None)


def may_ask(kind: EngagementKind, brand: BrandFacts) -> bool:
    """Rule 4: whether a post of this kind may ask for a cart."""
    return kind is EngagementKind.REPLY or (kind is EngagementKind.QUOTE and brand.accept_quotes)


def parent_of(post: Post) -> int | None:
    """The post that this one answers, quotes or reposts, in this order."""
    return post.replied_to or post.quoted or post.reposted


def kind_of(post: Post) -> EngagementKind:
    """What the post is. A reply that also quotes is a reply."""
    if post.reposted is not None:
        return EngagementKind.REPOST
    if post.replied_to is not None:
        return EngagementKind.REPLY
    return EngagementKind.QUOTE if post.quoted is not None else EngagementKind.MENTION


def find_trigger(hashtags: Iterable[str], brand: BrandFacts) -> TriggerFacts | None:
    """Rule 5: the first of the post's own hashtags that is a trigger of the brand."""
    found = (brand.triggers.get(fold_tag(tag)) for tag in hashtags)
    return next((trigger for trigger in found if trigger is not None), None)


def _decide(post: Post, brand: BrandFacts, directory: Directory) -> Decision | None:
    kind = kind_of(post)
    if kind is EngagementKind.REPOST:
        return _reposts(post, brand, directory)
    if _is_ours(post, brand, directory):
        return None
    tweet = _tweet_of(post, brand, directory)
    if not may_ask(kind, brand):
        return Decision(rule=4, brand_id=brand.id, kind=kind, tweet=tweet)
    trigger = find_trigger(post.hashtags, brand)
    if trigger is None:
        misuse = MisuseReason.NEAR_MISS if _nearly_asks(post, brand) else None
        return Decision(rule=5, brand_id=brand.id, kind=kind, tweet=tweet, misuse=misuse)
    unavailable = why_unavailable(tweet, brand) if tweet else None
    return Decision(
        rule=6 if tweet is None or unavailable else 7,
        brand_id=brand.id,
        kind=kind,
        tweet=tweet,
        trigger=trigger,
        unavailable=unavailable,
        misuse=_misuse_of(tweet, trigger, unavailable),
    )


def _nearly_asks(post: Post, brand: BrandFacts) -> bool:
    spelled = (trigger.tag for trigger in brand.triggers.values())
    return bool(post.hashtags) and is_near_miss(post.hashtags, post.text, spelled)


def _reposts(post: Post, brand: BrandFacts, directory: Directory) -> Decision:
    """Rule 2: never an intent; a repost of a tagged reply is misuse, one of the brand's is not."""
    tweet = _tweet_of(post, brand, directory)
    tagged = tweet is None and find_trigger(post.hashtags, brand) is not None
    return Decision(
        rule=2,
        brand_id=brand.id,
        kind=EngagementKind.REPOST,
        tweet=tweet,
        misuse=MisuseReason.REPOST_WITH_TAG if tagged else None,
        by_shopper=not _is_ours(post, brand, directory),
    )


def _engages(post: Post, brand: BrandFacts, directory: Directory) -> Decision | None:
    """Rule 0: for a brand that is not asked, the post is an engagement and nothing more."""
    if _is_ours(post, brand, directory):
        return None
    tweet = _tweet_of(post, brand, directory)
    return Decision(rule=0, brand_id=brand.id, kind=kind_of(post), tweet=tweet)


def why_unavailable(tweet: TweetFacts, brand: BrandFacts) -> FailureReason | None:
    """Rule 6: why nothing can be bought from a registered tweet now, if nothing can."""
    if tweet.status in (TweetStatus.DELETED, TweetStatus.WITHHELD):
        return FailureReason.TWEET_UNAVAILABLE
    paused = tweet.status is TweetStatus.PAUSED or not brand.is_open
    return FailureReason.BRAND_PAUSED if paused else None


def _misuse_of(
    tweet: TweetFacts | None, trigger: TriggerFacts, unavailable: FailureReason | None
) -> MisuseReason | None:
    """Rule 7: every tweet without a product link makes its tagged replies misuse."""
    if tweet is None or unavailable is not None:
        return None
    found = find_product(tweet, trigger.marketplace)
    no_link = Unusable(FailureReason.NO_PRODUCT_LINK)
    return MisuseReason.NO_LINK if found == no_link else None


def _is_ours(post: Post, brand: BrandFacts, directory: Directory) -> bool:
    """Rule 3: whether the author is the brand itself or the service's own bot."""
    return post.author_id == brand.x_user_id or post.author_id in directory.bots


def _tweet_of(post: Post, brand: BrandFacts, directory: Directory) -> TweetFacts | None:
    return tweet_meant(parent_of(post), post.conversation_id, brand, directory)


def _registered(directory: Directory, xid: int | None) -> Sequence[TweetFacts]:
    """Tweets that this id names; one that is only detected is not registered yet."""
    return [
        tweet
        for tweet in directory.tweets.get(xid or 0, ())
        if tweet.status is not TweetStatus.DETECTED
    ]


def _brand_of(tweets: Sequence[TweetFacts], preferred: UUID | None) -> UUID | None:
    """The brand of a tweet; of one that several registered, *preferred*, else who did so first."""
    ordered = sorted(
        tweets,
        key=lambda tweet: (tweet.brand_id != preferred, tweet.registered_at, tweet.brand_id),
    )
    return ordered[0].brand_id if ordered else None
