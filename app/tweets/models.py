"""Tables of shoppable tweets, the versions of their edit chains, and their links."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from app.core.models import TenantRecord, xid_column
from app.tweets.states import LinkVerdict, TweetStatus


class ShoppableTweet(TenantRecord):
    """A post that can be bought from. Its identity is the first id of its edit chain.

    `text` is kept only for the brand's own posts; `posted_at` is the time in the post's id.
    """

    __tablename__ = "shoppable_tweet"

    root_xid: Mapped[int] = xid_column()
    conversation_xid: Mapped[int] = xid_column()
    author_xid: Mapped[int] = xid_column()
    authored_by_brand: Mapped[bool]
    text: Mapped[str | None]
    status: Mapped[TweetStatus]
    unshoppable_reason: Mapped[str | None]
    primary_product_id: Mapped[UUID | None]
    campaign: Mapped[str | None]
    posted_at: Mapped[datetime]
    registered_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("brand_id", "root_xid"),
        ForeignKeyConstraint(
            ["brand_id", "primary_product_id"], ["product.brand_id", "product.id"]
        ),
        CheckConstraint("authored_by_brand OR text IS NULL", name="foreign_text_is_not_kept"),
        Index(None, "brand_id", "posted_at", "id"),
        Index(None, "brand_id", "primary_product_id"),
    )


class TweetVersion(TenantRecord):
    """One id of a tweet's edit chain. A reply to any of them is a reply to the tweet."""

    __tablename__ = "tweet_version"

    tweet_id: Mapped[UUID]
    xid: Mapped[int] = xid_column()
    seen_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("brand_id", "xid"),
        ForeignKeyConstraint(
            ["brand_id", "tweet_id"], ["shoppable_tweet.brand_id", "shoppable_tweet.id"]
        ),
        Index(None, "brand_id", "tweet_id"),
        Index(None, "xid"),
    )


class TweetLink(TenantRecord):
    """A link in a tweet, in the order of the text, and what it leads to."""

    __tablename__ = "tweet_link"

    tweet_id: Mapped[UUID]
    position: Mapped[int]
    url: Mapped[str]
    expanded_url: Mapped[str | None]
    unwound_url: Mapped[str | None]
    verdict: Mapped[LinkVerdict]
    marketplace: Mapped[str | None]
    retailer_product_id: Mapped[str | None]
    product_id: Mapped[UUID | None]

    __table_args__ = (
        UniqueConstraint("brand_id", "tweet_id", "position"),
        ForeignKeyConstraint(
            ["brand_id", "tweet_id"], ["shoppable_tweet.brand_id", "shoppable_tweet.id"]
        ),
        ForeignKeyConstraint(["brand_id", "product_id"], ["product.brand_id", "product.id"]),
        Index(None, "brand_id", "product_id"),
    )
