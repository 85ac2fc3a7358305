"""What a post's links make of it: which posts register themselves, and what can be bought from."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.products.facts import ProductFacts
from app.products.links import (
    ForeignLink,
    NotAProduct,
    ProductLink,
    ShortLink,
    Target,
    target_of,
)
from app.products.rules import is_storable
from app.products.states import Availability, ProductKind, ProductStatus
from app.tweets.facts import LinkFacts, NewTweet
from app.tweets.problems import BadTweet
from app.tweets.states import LinkVerdict, TweetStatus, UnshoppableReason
from app.x.ids import X_ID_MAX, moment_of
from app.x.payloads import Post, Url

LINKS_MAX = 25
"""Most links of a post that are read; X itself allows fewer in a text of usual length."""

TEXT_CHARACTERS_MAX = 25_000
"""X's own limit of a long post."""

CAMPAIGN_CHARACTERS_MAX = 200
URL_CHARACTERS_MAX = 4_096
CLOCKS_APART_MAX = timedelta(minutes=5)
"""How far X's clock may be before ours."""


def chain_of(post: Post) -> list[int]:
    """All ids of the post's edit chain that it tells of, oldest first."""
    return sorted({*post.edit_ids, post.id})


def target_of_link(link: Url) -> Target:
    """Where a link of a post leads, by its text and what X says of it."""
    return target_of(link.url, expanded_url=link.expanded_url, unwound_url=link.unwound_url)


def may_sell(links: Sequence[Url]) -> bool:
    """Rule 3: whether one of the links is a product's, or a shop's short link that may be one."""
    return any(
        isinstance(target_of_link(link), ProductLink | ShortLink) for link in links[:LINKS_MAX]
    )


def verdict_of(
    target: Target, marketplaces: Collection[str], product_id: UUID | None
) -> LinkVerdict:
    """What a link turned out to be, for a brand that sells on *marketplaces*.

    PENDING where it takes a look outside: at a short link, or for a product that is not known.
    """
    match target:
        case ForeignLink():
            return LinkVerdict.NO_PRODUCT_LINK
        case NotAProduct():
            return LinkVerdict.NOT_A_PRODUCT
        case ShortLink():
            return LinkVerdict.PENDING
        case ProductLink(marketplace):
            if marketplace not in marketplaces:
                return LinkVerdict.MARKETPLACE_MISMATCH
            return LinkVerdict.PENDING if product_id is None else LinkVerdict.PRODUCT


@dataclass(frozen=True, slots=True)
class Standing:
    """What a tweet's links and products make of it; a reason only where it is UNSHOPPABLE."""

    status: TweetStatus
    reason: UnshoppableReason | None = None


def standing_of(primary: ProductFacts | None, links: Sequence[LinkFacts]) -> Standing:
    """Whether something can be bought from a tweet that is neither paused nor gone.

    The primary product decides alone where there is one. A link that is still looked at leaves the
    tweet DETECTED: what it sells is not known before. Else one usable product is enough, and
    without any the first link says why not.
    """
    if primary is not None:
        return _standing(why_not_usable(primary))
    if any(link.verdict is LinkVerdict.PENDING for link in links):
        return Standing(TweetStatus.DETECTED)
    reasons = [_why_not_link(link) for link in links]
    if not reasons or None in reasons:
        return _standing(None if reasons else UnshoppableReason.NO_PRODUCT_LINK)
    return _standing(reasons[0])


def why_not_usable(product: ProductFacts) -> UnshoppableReason | None:
    """The first reason why a product cannot go to any cart, if there is one."""
    reasons = (
        (product.status is ProductStatus.GONE, UnshoppableReason.PRODUCT_GONE),
        (product.availability is Availability.OUT_OF_STOCK, UnshoppableReason.OUT_OF_STOCK),
        (product.kind is ProductKind.DIGITAL, UnshoppableReason.UNSUPPORTED_KIND_DIGITAL),
        (product.kind is ProductKind.COLLECTION_PARENT, UnshoppableReason.COLLECTION_PARENT),
    )
    return next((reason for applies, reason in reasons if applies), None)


def _why_not_link(link: LinkFacts) -> UnshoppableReason | None:
    if link.product is not None:
        return why_not_usable(link.product)
    if link.verdict is LinkVerdict.PRODUCT:
        return UnshoppableReason.NOT_A_PRODUCT
    return UnshoppableReason(link.verdict.value)


def _standing(reason: UnshoppableReason | None) -> Standing:
    if reason is None:
        return Standing(TweetStatus.LIVE)
    return Standing(TweetStatus.UNSHOPPABLE, reason)


def why_not_register(new: NewTweet, now: datetime) -> BadTweet | None:
    """The first value of *new* that no post can have."""
    reasons = (
        _why_not_ids(new, now),
        _why_not_text(new),
        _why_not_urls(new),
    )
    reason = next((reason for reason in reasons if reason), None)
    return BadTweet(reason=reason) if reason else None


def _why_not_ids(new: NewTweet, now: datetime) -> str | None:
    ids = (new.xid, new.author_xid, new.conversation_xid)
    if not all(xid is None or 0 < xid <= X_ID_MAX for xid in ids):
        return f"Ids on X are numbers from 1 to {X_ID_MAX}."
    if moment_of(new.xid) > now + CLOCKS_APART_MAX:
        return f"The post {new.xid} would be from the future; check its id."
    return None


def _why_not_text(new: NewTweet) -> str | None:
    if new.text is not None:
        if new.author_xid is not None:
            return "Leave the text out: only that of the brand's own posts is kept."
        if len(new.text) > TEXT_CHARACTERS_MAX or not is_storable(new.text):
            return f"The text may have {TEXT_CHARACTERS_MAX} characters at most."
    campaign = new.campaign
    if campaign is not None:
        fits = 1 <= len(campaign) <= CAMPAIGN_CHARACTERS_MAX and is_storable(campaign)
        if not fits:
            return f"The campaign's name must have 1 to {CAMPAIGN_CHARACTERS_MAX} characters."
    return None


def _why_not_urls(new: NewTweet) -> str | None:
    if len(new.urls) > LINKS_MAX:
        return f"A post has {LINKS_MAX} links at most."
    if not new.urls and new.primary_product_id is None:
        return "Give the links in the post's text, or the product that replies to it mean."
    if not all(1 <= len(url) <= URL_CHARACTERS_MAX and is_storable(url) for url in new.urls):
        return f"Each link must have 1 to {URL_CHARACTERS_MAX} characters."
    return None
