"""Tables of shoppable tweets, the versions of their edit chains, and their links."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.models import Model, TenantRecord, version_column, xid_column
from app.tweets.states import LinkVerdict, TweetStatus


class ShoppableTweet(TenantRecord):
    """A post that can be bought from. Its identity is the first id of its edit chain.

    `text` is kept only for the brand's own posts; `posted_at` is the time in the post's id.
    `newest_xid` is the version that text and links were read from; None: the newest that is known.
    `status_before_withheld` is what a tweet that X withholds goes back to.
    """

    __tablename__ = "shoppable_tweet"

    root_xid: Mapped[int] = xid_column()
    conversation_xid: Mapped[int] = xid_column()
    author_xid: Mapped[int] = xid_column()
    authored_by_brand: Mapped[bool]
    text: Mapped[str | None]
    status: Mapped[TweetStatus]
    unshoppable_reason: Mapped[str | None]
    status_before_withheld: Mapped[str | None]
    newest_xid: Mapped[int | None] = xid_column(nullable=True)
    primary_product_id: Mapped[UUID | None]
    campaign: Mapped[str | None]
    version: Mapped[int] = version_column()
    posted_at: Mapped[datetime]
    registered_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("brand_id", "root_xid"),
        ForeignKeyConstraint(
            ["brand_id", "primary_product_id"], ["product.brand_id", "product.id"]
        ),
        CheckConstraint("authored_by_brand OR text IS NULL", name="foreign_text_is_not_kept"),
        Index(None, "brand_id", "posted_at", "id"),
        Index(None, "brand_id", "registered_at", "id"),
        Index(
            "ix_shoppable_tweet_campaign",
            "brand_id",
            "campaign",
            "posted_at",
            "id",
            postgresql_where="campaign IS NOT NULL",
        ),
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
    """A link in a tweet, in the order of the text, and what it leads to.

    While PENDING it is looked at again at `next_look_at`; `looks` counts the tries, and fences
    them. `resolved_url` is where a short link was found to lead.
    """

    __tablename__ = "tweet_link"

    tweet_id: Mapped[UUID]
    position: Mapped[int]
    url: Mapped[str]
    expanded_url: Mapped[str | None]
    unwound_url: Mapped[str | None]
    resolved_url: Mapped[str | None]
    verdict: Mapped[LinkVerdict]
    marketplace: Mapped[str | None]
    retailer_product_id: Mapped[str | None]
    product_id: Mapped[UUID | None]
    next_look_at: Mapped[datetime | None]
    looks: Mapped[int] = mapped_column(default=0, server_default="0")

    __table_args__ = (
        UniqueConstraint("brand_id", "tweet_id", "position"),
        ForeignKeyConstraint(
            ["brand_id", "tweet_id"], ["shoppable_tweet.brand_id", "shoppable_tweet.id"]
        ),
        ForeignKeyConstraint(["brand_id", "product_id"], ["product.brand_id", "product.id"]),
        Index(None, "brand_id", "product_id"),
        Index(None, "next_look_at", postgresql_where=text("next_look_at IS NOT NULL")),
    )


class UnsoldVersion(TenantRecord):
    """The newest version that was told of an edited post which is no tweet, for it sells nothing.

    An older version that does sell may arrive later. `post` holds id, chain, text and links.
    """

    __tablename__ = "unsold_version"

    root_xid: Mapped[int] = xid_column()
    newest_xid: Mapped[int] = xid_column()
    post: Mapped[dict[str, Any]]
    seen_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("brand_id", "root_xid"),
        Index(None, "root_xid"),
        Index(None, "newest_xid"),
        Index(None, "seen_at"),
    )


class ShortLink(Model):
    """Where a shop's short link leads, remembered until `expires_at`; None: nowhere. Global."""

    __tablename__ = "short_link"

    url: Mapped[str] = mapped_column(primary_key=True)
    target_url: Mapped[str | None]
    expires_at: Mapped[datetime]

    __table_args__ = (Index(None, "expires_at"),)
