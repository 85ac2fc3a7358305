"""Replies as X would deliver them: whole Activity API bodies with true ids, made from a seed.

Source:
    X developer documentation, "Activity API": event `post.reply.create`; "X IDs" for the ids.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from random import Random
from typing import Any, TypeAlias

from app.x.ids import first_id_at, moment_of

Body: TypeAlias = dict[str, Any]

MADE_UP_SHARE = 0.25
"""How many replies come from people that nobody has met before."""

LOW_BITS = 22
EVENT_ID_BITS = 63

TEXTS = (
    "{tag}",
    "yes please {tag}",
    "{tag} for the weekend",
    "these look great, {tag}",
    "finally back! {tag}",
    "my old pair gave up. {tag}",
    "{tag} and thank you",
    "been waiting for this one {tag}!",
    "ok you got me {tag}",
    "birthday present sorted: {tag}",
    "does it come in green? anyway, {tag}",
    "take my money 🙌 {tag}",
)
GIVEN_NAMES = ("ada", "bela", "cleo", "dario", "edda", "farid", "greta", "hugo", "ines", "jonah")
FAMILY_NAMES = ("ash", "birk", "cole", "dorn", "ek", "frost", "gale", "holt", "ivers", "lund")


@dataclass(frozen=True)
class Author:
    """Somebody on X."""

    x_user_id: int
    handle: str


@dataclass(frozen=True)
class Post:
    """A brand's tweet to answer, its one product, and a hashtag that asks for it."""

    xid: int
    conversation_xid: int
    brand_xid: int
    brand_slug: str
    brand_handle: str
    marketplace: str
    asin: str
    tag: str


class Replies:
    """An endless row of replies. The same *seed* and moments give the same replies.

    Args:
        posts: What is answered; at least one.
        authors: Who answers, beside people that are made up on the way.
    """

    def __init__(self, posts: Sequence[Post], authors: Sequence[Author], *, seed: int) -> None:
        self._posts = posts
        self._authors = authors
        self._random = Random(seed)
        self._last_id = 0

    def write(self, moment: datetime) -> Body:
        """A reply of *moment* by somebody to some post."""
        return self.write_by(self._author(), self._random.choice(self._posts), moment)

    def write_by(self, author: Author, post: Post, moment: datetime) -> Body:
        """A reply of *author* to *post*. Ids grow from call to call, also within a millisecond."""
        xid = self._next_id(moment)
        tag = self._random.choice((post.tag, post.tag, post.tag.lower(), post.tag.upper()))
        return self.deliver(post, _payload(xid, author, post, self._random.choice(TEXTS), tag))

    def write_near_miss(self, author: Author, post: Post, moment: datetime) -> Body:
        """A reply whose hashtag looks like the brand's and is another one."""
        return self._write_tagged(author, post, post.tag.replace("o", "\u043e"), moment)

    def write_without_tag(self, author: Author, post: Post, moment: datetime) -> Body:
        """A reply that asks for nothing."""
        body = self.write_by(author, post, moment)
        payload = body["data"]["payload"]
        payload["text"] = f"@{post.brand_handle} does it come in green?"
        payload["display_text_range"] = [0, len(payload["text"])]
        del payload["entities"]["hashtags"]
        return body

    def write_to_nothing(self, author: Author, post: Post, moment: datetime) -> Body:
        """A tagged reply to a post of the brand that is not known, and may still come."""
        unknown = self._next_id(moment)
        return self.write_by(author, replace(post, xid=unknown, conversation_xid=unknown), moment)

    def repost(self, author: Author, post: Post, moment: datetime) -> Body:
        """A repost of somebody's tagged reply, which carries its text and its tag."""
        reply = self.write_by(stranger(self._random), post, moment)["data"]["payload"]
        xid = str(self._next_id(moment))
        payload = {
            **reply,
            "id": xid,
            "author_id": str(author.x_user_id),
            "conversation_id": xid,
            "referenced_tweets": [{"type": "retweeted", "id": reply["id"]}],
            "edit_history_tweet_ids": [xid],
            "text": f"RT {reply['text']}",
        }
        for name in ("in_reply_to_tweet_id", "in_reply_to_user_id"):
            del payload[name]
        return self.deliver(post, payload, "post.repost.create")

    def delete(self, body: Body, moment: datetime) -> Body:
        """The word that a delivered post is deleted."""
        post = body["data"]["payload"]
        told = {"tweet": {"id": post["id"], "author_id": post["author_id"]}}
        return {"data": {"delete": {**told, "event_at": f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"}}}

    def deliver(self, post: Post, payload: Body, event_type: str = "post.reply.create") -> Body:
        """The payload in an envelope of its own, as X wraps it for each delivery."""
        return {
            "data": {
                "event_uuid": str(self._random.getrandbits(EVENT_ID_BITS)),
                "filter": {"user_id": str(post.brand_xid)},
                "event_type": event_type,
                "tag": f"brand:{post.brand_slug}",
                "payload": payload,
                "includes": {},
            }
        }

    def deliver_again(self, body: Body) -> Body:
        """The same reply as a second delivery, which differs in its event's id only."""
        again = {**body["data"], "event_uuid": str(self._random.getrandbits(EVENT_ID_BITS))}
        return {"data": again}

    def _write_tagged(self, author: Author, post: Post, tag: str, moment: datetime) -> Body:
        words = self._random.choice(TEXTS)
        return self.deliver(post, _payload(self._next_id(moment), author, post, words, tag))

    def _next_id(self, moment: datetime) -> int:
        """Ids grow from call to call, also within a millisecond."""
        fresh = first_id_at(moment) | self._random.getrandbits(LOW_BITS)
        self._last_id = max(fresh, self._last_id + 1)
        return self._last_id

    def _author(self) -> Author:
        if not self._authors or self._random.random() < MADE_UP_SHARE:
            return stranger(self._random)
        return self._random.choice(self._authors)


def stranger(random: Random) -> Author:
    """Somebody made up, with an id as X gave them out in the last years."""
    made = datetime(2016 + random.randrange(10), 1 + random.randrange(12), 1, tzinfo=UTC)
    xid = first_id_at(made) | random.getrandbits(LOW_BITS)
    name = f"{random.choice(GIVEN_NAMES)}_{random.choice(FAMILY_NAMES)}"
    return Author(xid, f"{name}_{random.randrange(10_000):04}"[:15])


def _payload(xid: int, author: Author, post: Post, words: str, tag: str) -> Body:
    text = f"@{post.brand_handle} {words.format(tag=f'#{tag}')}"
    return {
        "id": str(xid),
        "author_id": str(author.x_user_id),
        "conversation_id": str(post.conversation_xid),
        "in_reply_to_tweet_id": str(post.xid),
        "in_reply_to_user_id": str(post.brand_xid),
        "referenced_tweets": [{"type": "replied_to", "id": str(post.xid)}],
        "created_at": f"{moment_of(xid):%Y-%m-%dT%H:%M:%S}.000Z",
        "edit_history_tweet_ids": [str(xid)],
        "text": text,
        "entities": _entities(text, post, tag),
        "public_metrics": dict.fromkeys(
            ("retweet_count", "reply_count", "like_count", "quote_count", "impression_count"), 0
        ),
        "possibly_sensitive": False,
        "reply_settings": "everyone",
        "display_text_range": [0, len(text)],
        "lang": "en",
    }


def _entities(text: str, post: Post, tag: str) -> Body:
    """Offsets count code points, as X's do."""
    at = text.index(f"#{tag}")
    mention = {"username": post.brand_handle, "id": str(post.brand_xid)}
    return {
        "mentions": [{**_span(0, len(post.brand_handle) + 1), **mention}],
        "hashtags": [{**_span(at, at + 1 + len(tag)), "tag": tag}],
    }


def _span(start: int, end: int) -> Body:
    return {"start": start, "start_str": str(start), "end": end, "end_str": str(end)}
