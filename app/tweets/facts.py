"""What decisions know of a shoppable tweet: read once for many, then only looked at."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.products.facts import ProductFacts
from app.tweets.states import LinkVerdict, TweetStatus
from app.x.payloads import Post


@dataclass(frozen=True, slots=True)
class TweetName:
    """What events call a tweet: its id here, and the first id of its edit chain on X."""

    id: UUID
    root_xid: int


@dataclass(frozen=True, slots=True)
class BrandPost:
    """A post by a brand's own account, which may register itself or be a version of an edit."""

    brand_id: UUID
    post: Post


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTweet:
    """A post that a brand registers itself: its own, or one by anybody else who links its product.

    `xid` is any id of the post's edit chain, `urls` are the links in its text, in their order.
    None as author means the brand. The text of other people's posts is not taken.
    """

    xid: int
    author_xid: int | None = None
    conversation_xid: int | None = None
    text: str | None = None
    urls: tuple[str, ...] = ()
    primary_product_id: UUID | None = None
    campaign: str | None = None


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """A link of a tweet; the product where we know it. One that is PENDING is still looked at."""

    verdict: LinkVerdict
    product: ProductFacts | None


@dataclass(frozen=True, slots=True)
class TweetFacts:
    """A registered tweet of one brand with its links, in the order of the text.

    `version_xids` are all ids of its edit chain that were told of. While it is DETECTED some of
    its links are still looked at, and it counts as not registered yet.
    """

    name: TweetName
    brand_id: UUID
    status: TweetStatus
    registered_at: datetime
    primary: ProductFacts | None
    links: tuple[LinkFacts, ...]
    version_xids: frozenset[int] = frozenset()
