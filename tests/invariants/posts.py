"""Posts of a small world, as X would deliver them."""

from dataclasses import dataclass, field
from typing import Any

from app.x.ids import first_id_at, moment_of
from tests.conftest import CORPUS_CLOCK

ACME, NORDLICHT = "1510000000000000001", "1512000000000000077"
HANDLES = {ACME: "AcmeBoots", NORDLICHT: "NordlichtHQ"}
BOT = "1610000000000000009"
LINKS = {
    "boot": "https://www.amazon.com/dp/B0ACMEBT01",
    "socks": "https://www.amazon.com/dp/B0ACMESK02",
    "digital": "https://www.amazon.com/dp/B0ACMEDG03",
    "headphones": "https://www.amazon.de/dp/B0NORDHP01",
    "elsewhere": "https://acme-boots.example/shops",
}
STEP = 1 << 18


@dataclass
class Post:
    """A post that somebody may answer; `body` is how X delivers it first."""

    xid: str
    author: str
    conversation: str
    body: dict[str, Any] = field(default_factory=dict, repr=False)


@dataclass
class Pen:
    """Writes posts with ids of their own, in the order of writing."""

    last: int = first_id_at(CORPUS_CLOCK) - (1 << 34)

    def answer(
        self, author: str, parent: Post, *, kind: str, tag: str | None, brand: str | None
    ) -> Post:
        """A reply, quote, repost or mention, told by the subscription of *brand* or the stream."""
        xid = self._next()
        replies = kind == "reply"
        post = Post(xid, author, parent.conversation if replies else xid)
        payload = _payload(post, f"@{HANDLES.get(parent.author, 'somebody')} " + (tag or "hm"))
        if tag is not None:
            payload["entities"]["hashtags"] = [{"start": 11, "end": 12 + len(tag), "tag": tag}]
        if kind == "mention":
            payload["entities"]["mentions"] = [{"start": 0, "end": 9, "id": parent.author}]
        else:
            name = {"reply": "replied_to", "quote": "quoted", "repost": "retweeted"}[kind]
            payload["referenced_tweets"] = [{"type": name, "id": parent.xid}]
        if replies:
            payload["in_reply_to_user_id"] = parent.author
            payload["in_reply_to_tweet_id"] = parent.xid
        post.body = delivered(payload, f"post.{kind}.create", brand)
        return post

    def sell(self, brand: str, link: str) -> Post:
        """A brand's own post with a link."""
        xid = self._next()
        post = Post(xid, brand, xid)
        payload = _payload(post, "new https://t.co/abcdefghij")
        url = {"url": "https://t.co/abcdefghij", "expanded_url": LINKS[link]}
        payload["entities"]["urls"] = [{"start": 4, "end": 27, **url}]
        post.body = delivered(payload, "post.create", brand)
        return post

    def _next(self) -> str:
        self.last += STEP
        return str(self.last)


def delivered(payload: dict[str, Any], event: str, brand: str | None) -> dict[str, Any]:
    """A payload as the subscription of a brand brings it, or the stream."""
    if brand is None:
        return {"data": payload, "includes": {}}
    uuid = str(int(payload["id"]) % (1 << 60))
    return {
        "data": {
            "event_uuid": uuid,
            "filter": {"user_id": brand},
            "event_type": event,
            "payload": payload,
        }
    }


def by_stream(body: dict[str, Any]) -> dict[str, Any] | None:
    """The same post by the other source; None for what is no post."""
    data = body["data"]
    if "payload" not in data:
        return None
    return delivered(data["payload"], "", None) if "text" in data["payload"] else None


def deletion(post: Post) -> dict[str, Any]:
    """Word that a post is deleted."""
    return {"data": {"delete": {"tweet": {"id": post.xid, "author_id": post.author}}}}


def account(change: str, x_user_id: str) -> dict[str, Any]:
    """Word of what became of an account."""
    told = {"user": {"id": x_user_id}, "event_at": f"{CORPUS_CLOCK:%Y-%m-%dT%H:%M:%S}.000Z"}
    return {"data": {change: told}}


def _payload(post: Post, text: str) -> dict[str, Any]:
    return {
        "id": post.xid,
        "author_id": post.author,
        "conversation_id": post.conversation,
        "created_at": f"{moment_of(int(post.xid)):%Y-%m-%dT%H:%M:%S}.000Z",
        "edit_history_tweet_ids": [post.xid],
        "text": text,
        "entities": {},
    }
