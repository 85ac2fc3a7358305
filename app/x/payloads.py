"""X's payloads as small typed facts: tolerant of both field spellings, blind to all the rest.

X posts several shapes to one address: the Activity API's envelope (`data.event_type` and
`data.payload`) and the filtered stream's bare post (`data.id`). Field names drift between `tweet`
and `post`. Whatever is missing, unknown or of another type is left out, never an error: a reader
that insisted would lose replies.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NoReturn, TypeAlias

import orjson

from app.x.ids import moment_of, read_xid

TAGS_MAX = 100
URLS_MAX = 100
MENTIONS_MAX = 100
EDITS_MAX = 50
INCLUDED_USERS_MAX = 500
"""Most entries of a list that are read; X's own limits lie far below."""

HANDLE_CHARACTERS_MAX = 50
TAG_CHARACTERS_MAX = 500
URL_CHARACTERS_MAX = 4096

Json: TypeAlias = Mapping[str, Any]


class NotJson(Exception):
    """The body is no well-formed JSON object in UTF-8, or is nested too deeply."""


class DeliveryKind(StrEnum):
    """What a delivery tells."""

    POST_CREATED = "post.create"


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
    """A post. `hashtags` are its own, in the order of the text, those of a long text included."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One thing that X told, and for whose subscription where it says so.

    `source` is X's own name of the event, or `stream`: the same post by two sources is two
    deliveries. It is part of dedupe keys, as are both ids.
    """

    kind: DeliveryKind
    source: str
    post: Post
    filter_user_id: int | None = None

    @property
    def subject_id(self) -> int:
        """The id of what the delivery is about."""
        return self.post.id

    @property
    def user_id(self) -> int:
        """Whose doing it is: what one person does is decided in order."""
        return self.post.author_id


STREAM = "stream"

_POST_EVENTS = frozenset(
    {
        "post.create",
        "post.reply.create",
        "post.quote.create",
        "post.repost.create",
        "post.mention.create",
    }
)
_REFERENCES = {
    "replied_to": ReferenceKind.REPLIED_TO,
    "quoted": ReferenceKind.QUOTED,
    "retweeted": ReferenceKind.REPOSTED,
    "reposted": ReferenceKind.REPOSTED,
}


def parse_object(body: bytes) -> Json:
    """The JSON object in *body*.

    Half of a surrogate pair, escaped, is valid JSON (RFC 8259 section 8.2) and people do post it;
    orjson refuses it, so the standard library reads what orjson cannot.

    Raises:
        NotJson: it is anything else.
    """
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        document = _parse_leniently(body)
    if not isinstance(document, dict):
        raise NotJson("The body must be a JSON object.")
    return document


def read_delivery(document: Json) -> Delivery | None:
    """What the document tells; None where it tells nothing that is used here."""
    data = _object(document.get("data"))
    event_type = data.get("event_type")
    if event_type is None:
        return _delivery(data, document, source=STREAM, filter_user_id=None)
    if not isinstance(event_type, str) or event_type not in _POST_EVENTS:
        return None
    payload = _object(data.get("payload"))
    filter_user_id = read_xid(_object(data.get("filter")).get("user_id"))
    return _delivery(payload, data, source=event_type, filter_user_id=filter_user_id)


def _delivery(
    payload: Json, around: Json, *, source: str, filter_user_id: int | None
) -> Delivery | None:
    post = _read_post(payload, _object(around.get("includes")))
    if post is None:
        return None
    return Delivery(
        kind=DeliveryKind.POST_CREATED, source=source, post=post, filter_user_id=filter_user_id
    )


def _read_post(payload: Json, includes: Json) -> Post | None:
    xid, author_id = read_xid(payload.get("id")), read_xid(payload.get("author_id"))
    if xid is None or author_id is None:
        return None
    references = _read_references(payload)
    long = _object(_either(payload, "note_tweet", "note_post"))
    entities = [_object(payload.get("entities")), _object(long.get("entities"))]
    return Post(
        id=xid,
        author_id=author_id,
        author_handle=_handle_of(author_id, includes),
        conversation_id=read_xid(payload.get("conversation_id")),
        in_reply_to_user_id=read_xid(payload.get("in_reply_to_user_id")),
        replied_to=references.get(
            ReferenceKind.REPLIED_TO,
            read_xid(_either(payload, "in_reply_to_tweet_id", "in_reply_to_post_id")),
        ),
        quoted=references.get(ReferenceKind.QUOTED),
        reposted=references.get(ReferenceKind.REPOSTED),
        hashtags=_read_hashtags(entities),
        mentioned_user_ids=_read_mentions(entities),
        urls=_read_urls(entities),
        edit_ids=_read_edits(payload),
        text=_text(long.get("text")) or _text(payload.get("text")),
    )


def _read_references(payload: Json) -> dict[ReferenceKind, int]:
    """The first post of each kind that is referred to."""
    found: dict[ReferenceKind, int] = {}
    for reference in _objects(_either(payload, "referenced_tweets", "referenced_posts"), 10):
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
        tags = sorted(_objects(part.get("hashtags"), TAGS_MAX), key=_start)
        found.update((_text(tag.get("tag"), TAG_CHARACTERS_MAX), None) for tag in tags)
    return tuple(tag for tag in found if tag)


def _start(entity: Json) -> int:
    start = entity.get("start")
    return start if isinstance(start, int) else 0


def _read_mentions(entities: Sequence[Json]) -> tuple[int, ...]:
    found: dict[int, None] = {}
    for part in entities:
        for mention in _objects(part.get("mentions"), MENTIONS_MAX):
            if (xid := read_xid(mention.get("id"))) is not None:
                found[xid] = None
    return tuple(found)


def _read_urls(entities: Sequence[Json]) -> tuple[Url, ...]:
    found: dict[str, Url] = {}
    for part in entities:
        for entity in _objects(part.get("urls"), URLS_MAX):
            url = _text(entity.get("url"), URL_CHARACTERS_MAX)
            expanded = _text(entity.get("expanded_url"), URL_CHARACTERS_MAX) or None
            unwound = _text(entity.get("unwound_url"), URL_CHARACTERS_MAX) or None
            if url and (url not in found or found[url].unwound_url is None):
                found[url] = Url(url, expanded, unwound)
    return tuple(found.values())


def _read_edits(payload: Json) -> tuple[int, ...]:
    """The ids of the edit chain, oldest first."""
    listed = _either(payload, "edit_history_tweet_ids", "edit_history_post_ids")
    ids = [read_xid(xid) for xid in listed[:EDITS_MAX]] if isinstance(listed, list) else []
    return tuple(xid for xid in ids if xid is not None)


def _handle_of(author_id: int, includes: Json) -> str | None:
    for user in _objects(includes.get("users"), INCLUDED_USERS_MAX):
        if read_xid(user.get("id")) == author_id:
            return _text(user.get("username"), HANDLE_CHARACTERS_MAX) or None
    return None


def _either(payload: Json, old_name: str, new_name: str) -> Any:
    """The field by whichever of its two spellings is there."""
    value = payload.get(old_name)
    return payload.get(new_name) if value is None else value


def _object(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _objects(value: object, limit: int) -> Iterator[Json]:
    items = value[:limit] if isinstance(value, list) else []
    return (item for item in items if isinstance(item, dict))


def _text(value: object, limit: int | None = None) -> str:
    """Text that PostgreSQL can hold: NUL and halves of surrogate pairs become U+FFFD."""
    if not isinstance(value, str):
        return ""
    text = value[:limit].replace("\x00", "\ufffd")
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _parse_leniently(body: bytes) -> object:
    """JSON with lone surrogates and numbers of any size, but still nothing that is not JSON."""
    try:
        return json.loads(body.decode(), parse_constant=_refuse, parse_int=_integer)
    except (ValueError, RecursionError):
        raise NotJson("The body must be well-formed JSON in UTF-8.") from None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= 19 else float(digits)
