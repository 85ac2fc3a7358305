"""What decisions know of a shoppable tweet: read once for many, then only looked at."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.products.facts import ProductFacts
from app.tweets.states import LinkVerdict, TweetStatus


@dataclass(frozen=True, slots=True)
class TweetName:
    """What events call a tweet: its id here, and the first id of its edit chain on X."""

    id: UUID
    root_xid: int


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """A link of a tweet; the product where we know it."""

    verdict: LinkVerdict
    product: ProductFacts | None


@dataclass(frozen=True, slots=True)
class TweetFacts:
    """A registered tweet of one brand with its links, in the order of the text."""

    name: TweetName
    brand_id: UUID
    status: TweetStatus
    registered_at: datetime
    primary: ProductFacts | None
    links: tuple[LinkFacts, ...]
