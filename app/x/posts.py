"""A post as X tells it: the fields that are used, by whichever of X's spellings is there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.x.ids import moment_of, read_xid
from app.x.json import Json, an_object, either, objects, text

TAGS_MAX = 100
URLS_MAX = 100
MENTIONS_MAX = 100
EDITS_MAX = 50
INCLUDED_USERS_MAX = 500
"""Most entries of a list that are read; X's own limits lie far below."""

HANDLE_CHARACTERS_MAX = 50
TAG_CHARACTERS_MAX = 500
URL_CHARACTERS_MAX = 4096


class ReferenceKind(StrEnum):
    """How a post refers to another one."""

    REPLIED_TO = "replied_to"
    QUOTED = "quoted"
    REPOSTED = "retweeted"


@dataclass(frozen=True, slots=True)
class Url:
    """A link as X gives it: its own wrapper, what that stands for, and where that leads."""

    url: str
    expanded_url: str | None
    unwound_url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A post. `hashtags` are its own, in the order of the text, those of a long text included.

    `edit_ids` are the ids of its edit chain so far, its own included, oldest first.
    """

    id: int
    author_id: int
    author_handle: str | None = None
    conversation_id: int | None = None
    in_reply_to_user_id: int | None = None
    replied_to: int | None = None
    quoted: int | None = None
    reposted: int | None = None
    hashtags: tuple[str, ...] = ()
    mentioned_user_ids: tuple[int, ...] = ()
    urls: tuple[Url, ...] = ()
    edit_ids: tuple[int, ...] = ()
    text: str = ""

    @property
    def made_at(self) -> datetime:
        """The moment in the post's id, which cannot be forged apart from the id."""
        return moment_of(self.id)


_REFERENCES = {
    "replied_to": ReferenceKind.REPLIED_TO,
    "quoted": ReferenceKind.QUOTED,
    "retweeted": ReferenceKind.REPOSTED,
    "reposted": ReferenceKind.REPOSTED,
}


def read_post(payload: Json, includes: Json) -> Post | None:
    """The post in *payload*; None where it tells no id or no author."""
    ids = read_ids(payload)
    if ids is None:
        return None
    xid, author_id = ids
    references = _read_references(payload)
    long = an_object(either(payload, "note_tweet", "note_post"))
    entities = [an_object(payload.get("entities")), an_object(long.get("entities"))]
    return Post(
        id=xid,
        author_id=author_id,
        author_handle=_handle_of(author_id, includes),
        conversation_id=read_xid(payload.get("conversation_id")),
        in_reply_to_user_id=read_xid(payload.get("in_reply_to_user_id")),
        replied_to=references.get(
            ReferenceKind.REPLIED_TO,
            read_xid(either(payload, "in_reply_to_tweet_id", "in_reply_to_post_id")),
        ),
        quoted=references.get(ReferenceKind.QUOTED),
        reposted=references.get(ReferenceKind.REPOSTED),
        hashtags=_read_hashtags(entities),
        mentioned_user_ids=_read_mentions(entities),
        urls=_read_urls(entities),
        edit_ids=read_chain(either(payload, "edit_history_tweet_ids", "edit_history_post_ids")),
        text=text(long.get("text")) or text(payload.get("text")),
    )


def read_ids(payload: Json) -> tuple[int, int] | None:
    """The ids of the post in *payload* and of its author, without which it is none."""
    xid, author_id = read_xid(payload.get("id")), read_xid(payload.get("author_id"))
    return None if xid is None or author_id is None else (xid, author_id)


def read_chain(listed: object) -> tuple[int, ...]:
    """The ids of an edit chain, oldest first."""
    ids = [read_xid(xid) for xid in listed[:EDITS_MAX]] if isinstance(listed, list) else []
    return tuple(xid for xid in ids if xid is not None)


def _read_references(payload: Json) -> dict[ReferenceKind, int]:
    """The first post of each kind that is referred to."""
    found: dict[ReferenceKind, int] = {}
    for reference in objects(either(payload, "referenced_tweets", "referenced_posts"), 10):
        kind = reference.get("type")
        xid = read_xid(reference.get("id"))
        if isinstance(kind, str) and kind in _REFERENCES and xid is not None:
            found.setdefault(_REFERENCES[kind], xid)
    return found


def _read_hashtags(entities: Sequence[Json]) -> tuple[str, ...]:
    """Hashtags in the order of the text; those of a long text repeat the ones at its beginning.

    Offsets only order them: their unit differs between versions of X's API.
    """
    found: dict[str, None] = {}
    for part in entities:
        tags = sorted(objects(part.get("hashtags"), TAGS_MAX), key=_start)
        found.update((text(tag.get("tag"), TAG_CHARACTERS_MAX), None) for tag in tags)
    return tuple(tag for tag in found if tag)


def _start(entity: Json) -> int:
    start = entity.get("start")
    return start if isinstance(start, int) else 0


def _read_mentions(entities: Sequence[Json]) -> tuple[int, ...]:
    found: dict[int, None] = {}
    for part in entities:
        for mention in objects(part.get("mentions"), MENTIONS_MAX):
            if (xid := read_xid(mention.get("id"))) is not None:
                found[xid] = None
    return tuple(found)


def _read_urls(entities: Sequence[Json]) -> tuple[Url, ...]:
    found: dict[str, Url] = {}
    for part in entities:
        for entity in objects(part.get("urls"), URLS_MAX):
            url = text(entity.get("url"), URL_CHARACTERS_MAX)
            expanded = text(entity.get("expanded_url"), URL_CHARACTERS_MAX) or None
            unwound = text(entity.get("unwound_url"), URL_CHARACTERS_MAX) or None
            if url and (url not in found or found[url].unwound_url is None):
                found[url] = Url(url, expanded, unwound)
    return tuple(found.values())


def _handle_of(author_id: int, includes: Json) -> str | None:
    """The author's handle. The Activity API wraps each included user in an object `data`."""
    for included in objects(includes.get("users"), INCLUDED_USERS_MAX):
        user = an_object(included.get("data")) or included
        if read_xid(user.get("id")) == author_id:
            return text(user.get("username"), HANDLE_CHARACTERS_MAX) or None
    return None
