"""X's payloads as small typed facts: tolerant of both field spellings, blind to all the rest.

X posts several shapes to one address: the Activity API's envelope (`data.event_type` and
`data.payload`), the filtered stream's bare post (`data.id`), and the compliance streams' events
(`data.delete` and others). Field names drift between `tweet` and `post`. Whatever is missing,
unknown or of another type is left out, never an error: a reader that insisted would lose replies.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, TypeAlias

from app.x.compliance import (
    AccountChange,
    AccountChanged,
    PostDeleted,
    PostEdited,
    PostWithheld,
    read_compliance,
)
from app.x.ids import read_xid
from app.x.json import Json, NotJson, an_object, moment, parse_object
from app.x.posts import Post, Url, read_ids, read_post

__all__ = [
    "STREAM",
    "AccountChange",
    "AccountChanged",
    "Delivery",
    "GrantRevoked",
    "Identity",
    "NotJson",
    "Post",
    "PostCreated",
    "PostDeleted",
    "PostEdited",
    "PostWithheld",
    "Url",
    "identify",
    "parse_object",
    "read_delivery",
]

STREAM = "stream"
"""The source of posts by the filtered stream, which names no event."""

POST_DELETE = "post.delete"
OAUTH_REVOKE = "oauth.revoke"

_POST_EVENTS = frozenset(
    {
        "post.create",
        "post.reply.create",
        "post.quote.create",
        "post.repost.create",
        "post.mention.create",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostCreated:
    """A post was made, or edited into a new one; and for whose subscription, where X says so.

    `source` is X's own name of the event, or `stream`: the same post by two sources is two
    deliveries.
    """

    source: str
    post: Post
    filter_user_id: int | None = None

    @property
    def subject(self) -> str:
        """What makes two deliveries of one source the same."""
        return str(self.post.id)

    @property
    def user_id(self) -> int:
        """Whose doing it is: what one person does is decided in order."""
        return self.post.author_id


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRevoked:
    """An account took back what it had granted to the X app."""

    source: str
    user_id: int
    told_at: datetime | None
    filter_user_id: int | None = None

    @property
    def subject(self) -> str:
        """What makes two deliveries of one source the same: it may be granted and revoked again."""
        return f"{self.user_id}:{self.told_at}"


Delivery: TypeAlias = (
    PostCreated | PostDeleted | PostEdited | PostWithheld | AccountChanged | GrantRevoked
)
"""One thing that X told. `source`, `subject` and `filter_user_id` make two of them the same."""


class Identity(NamedTuple):
    """What makes two deliveries the same, and whose doing they are, as in `Delivery`."""

    source: str
    subject: str
    filter_user_id: int | None
    user_id: int


def identify(document: Json) -> Identity | None:
    """The identity of what `read_delivery` tells; None where that tells nothing.

    Of posts, nearly all that comes, no more is read than that takes: a fifth of the work.
    """
    data = an_object(document.get("data"))
    source = data.get("event_type")
    if source is None:
        ids, filter_user_id, source = read_ids(data), None, STREAM
    elif isinstance(source, str) and source in _POST_EVENTS:
        ids = read_ids(an_object(data.get("payload")))
        filter_user_id = read_xid(an_object(data.get("filter")).get("user_id"))
    else:
        ids, filter_user_id = None, None
    if ids is not None:
        xid, author_id = ids
        return Identity(source, str(xid), filter_user_id, author_id)
    told = read_delivery(document)
    if told is None:
        return None
    return Identity(told.source, told.subject, told.filter_user_id, told.user_id)


def read_delivery(document: Json) -> Delivery | None:
    """What the document tells; None where it tells nothing that is used here."""
    data = an_object(document.get("data"))
    event_type = data.get("event_type")
    if event_type is not None:
        return _read_event(event_type, data) if isinstance(event_type, str) else None
    post = read_post(data, an_object(document.get("includes")))
    return PostCreated(source=STREAM, post=post) if post else read_compliance(data)


def _read_event(event_type: str, data: Json) -> Delivery | None:
    """What the Activity API's envelope tells."""
    payload = an_object(data.get("payload"))
    filter_user_id = read_xid(an_object(data.get("filter")).get("user_id"))
    if event_type in _POST_EVENTS:
        post = read_post(payload, an_object(data.get("includes")))
        if post is None:
            return None
        return PostCreated(source=event_type, post=post, filter_user_id=filter_user_id)
    if event_type == POST_DELETE:
        return _read_delete(payload, filter_user_id)
    return _read_revoke(payload, filter_user_id) if event_type == OAUTH_REVOKE else None


def _read_delete(payload: Json, filter_user_id: int | None) -> PostDeleted | None:
    """A deletion. Where its author is not named, it is by whom the subscription is about."""
    xid = read_xid(payload.get("id"))
    author_id = read_xid(payload.get("author_id")) or filter_user_id
    if xid is None or author_id is None:
        return None
    return PostDeleted(
        source=POST_DELETE, xid=xid, user_id=author_id, filter_user_id=filter_user_id
    )


def _read_revoke(payload: Json, filter_user_id: int | None) -> GrantRevoked | None:
    user_id = read_xid(payload.get("user_id"))
    if user_id is None:
        return None
    return GrantRevoked(
        source=OAUTH_REVOKE,
        user_id=user_id,
        told_at=moment(payload.get("date_time")),
        filter_user_id=filter_user_id,
    )
