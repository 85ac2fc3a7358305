"""Mutated payloads: good ones of the corpus, made wrong. The same seed makes the same ones."""

import gzip
from collections.abc import Callable, Sequence
from copy import deepcopy
from functools import cache
from random import Random
from typing import Any

from app.x.ids import first_id_at
from tests.conftest import CORPUS_CLOCK
from tests.hostile.trees import Pairs, Raw, nested, places, write
from tests.walk import CORPUS, read_corpus

FRESH_SHARE = 0.8
"""How many get a post id of their own first; the others repeat what was delivered before."""

BYTES_SHARE = 0.2
CHANGES_MAX = 3
ENTRIES_MAX = 40_000
"""How large a tree may grow; a body of one mebibyte holds no more."""

LOW_BITS = 22

SPELLINGS = {
    "referenced_tweets": "referenced_posts",
    "edit_history_tweet_ids": "edit_history_post_ids",
    "in_reply_to_tweet_id": "in_reply_to_post_id",
    "note_tweet": "note_post",
    "event_type": "eventType",
    "tweet": "post",
    "data": "Data",
    "hashtags": "hash_tags",
    "author_id": "user_id",
}

ODD: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    2**31,
    2**63 - 1,
    Raw(str(2**63).encode()),
    Raw(b"-9223372036854775809"),
    Raw(b"9" * 400),
    Raw(b"1e400"),
    Raw(b"-0.0"),
    Raw(b"1E-999"),
    Raw(b"NaN"),
    Raw(b"01"),
    1.5,
    "",
    " ",
    "null",
    "0",
    "-1",
    "00000000000000000001",
    str(2**63 - 1),
    str(2**63),
    "9" * 30,
    "\u0663\u0664\u0665",
    "1_000",
    "2123688217942515450\n",
    "A" * 100_000,
    "\u202eevil\u202c",
    "e\u0301" * 300,
    "\U0001f9d1\u200d\U0001f680" * 50,
    Raw(rb'"\u0000"'),
    Raw(rb'"a\u0000b"'),
    Raw(rb'"\ud800"'),
    Raw(rb'"\udfff\ud800"'),
    Raw(b'"\x01"'),
    Raw(b'"\xff\xfe"'),
    Raw(b'"\xed\xa0\x80"'),
    {},
    [],
    [[]],
    [None],
    {"": {}},
    {"__proto__": {"id": "1"}},
    nested(300),
    nested(5_000),
    nested(200, b'{"data":', b"}"),
    "'; DROP TABLE inbox; --",
    "%s%n{0}${x}",
    "https://www.amazon.com@evil.example/dp/B0ACMEBT01",
)


class Mutator:
    """Makes payloads from those of the corpus."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._last_id = first_id_at(CORPUS_CLOCK) - 2**40

    def make(self) -> bytes:
        """One payload: mostly an object still, sometimes well-formed nonsense or no JSON at all."""
        random = self._random
        tree = deepcopy(random.choice(good_payloads()))
        if random.random() < FRESH_SHARE:
            self._renew(tree)
        for _ in range(random.randint(1, CHANGES_MAX)):
            if places(tree):
                random.choice(CHANGES)(random, tree)
        body = write(tree)
        if random.random() < BYTES_SHARE:
            body = random.choice(BYTE_CHANGES)(random, body)
        return body

    def _renew(self, tree: dict[str, Any]) -> None:
        """Give the post an id of its own, so that nobody takes it for delivered before."""
        data = tree.get("data", {})
        post = data.get("payload", data)
        if "id" in post:
            self._last_id += self._random.getrandbits(LOW_BITS) + 1
            post["id"] = str(self._last_id)


@cache
def good_payloads() -> Sequence[dict[str, Any]]:
    """Every body of the corpus that is an object."""
    cases = [read_corpus(f"cases/{file.name}") for file in sorted((CORPUS / "cases").iterdir())]
    bodies = [each["body"] for case in cases for each in case["deliveries"]]
    return [body for body in bodies if isinstance(body, dict)]


@cache
def known_ids() -> Sequence[str]:
    """Ids that mean something in the world: of brands, tweets, shoppers and the bot."""
    world = read_corpus("world.json")
    people = [*world["brands"], *world["shoppers"], world["bot"]]
    versions = [xid for tweet in world["tweets"] for xid in tweet["versions"]]
    return [*(person["x_user_id"] for person in people), *versions]


def _odd(random: Random) -> Any:
    """One of the odd values, as the caller's own: what changes a tree must not change the list."""
    return deepcopy(random.choice(ODD))


def _replace(random: Random, tree: dict[str, Any]) -> None:
    container, key = random.choice(places(tree))
    container[key] = _odd(random)


def _remove(random: Random, tree: dict[str, Any]) -> None:
    container, key = random.choice(places(tree))
    del container[key]


def _respell(random: Random, tree: dict[str, Any]) -> None:
    """The other spelling of a name, instead of the one that is there or beside it."""
    named = [place for place in places(tree) if place[1] in SPELLINGS]
    if named:
        container, key = random.choice(named)
        value = container[key] if random.random() < 0.5 else container.pop(key)
        container[SPELLINGS[key]] = random.choice((value, *ODD[:4]))


def _change_case(random: Random, tree: dict[str, Any]) -> None:
    container, key = random.choice(places(tree))
    if isinstance(container, dict):
        container[key.upper()] = container.pop(key)


def _retype(random: Random, tree: dict[str, Any]) -> None:
    container, key = random.choice(places(tree))
    match container[key]:
        case str() as text:
            container[key] = Raw(text.encode()) if text.isdecimal() else [text]
        case dict() as members:
            container[key] = random.choice((list(members.values()), Pairs(tuple(members.items()))))
        case list() as members:
            container[key] = {str(index): member for index, member in enumerate(members)}
        case other:
            container[key] = str(other)


def _wrap(random: Random, tree: dict[str, Any]) -> None:
    container, key = random.choice(places(tree))
    value = container[key]
    container[key] = random.choice(([value], {"data": value}, [[value]], {str(key): value}))


def _repeat_key(random: Random, tree: dict[str, Any]) -> None:
    """An object that names a key again, before or after the one that was meant."""
    objects = [place for place in places(tree) if isinstance(place[0][place[1]], dict)]
    if not objects:
        return
    container, key = random.choice(objects)
    items = list(container[key].items()) or [("id", "1")]
    again = (random.choice(items)[0], _odd(random))
    container[key] = Pairs((again, *items) if random.random() < 0.5 else (*items, again))


def _swap_ids(random: Random, tree: dict[str, Any]) -> None:
    """Another id that means something, in a place where one is."""
    named = [place for place in places(tree) if _is_id(place[0][place[1]])]
    if named:
        container, key = random.choice(named)
        container[key] = random.choice((*known_ids(), container[key][::-1]))


def _is_id(value: object) -> bool:
    return isinstance(value, str) and value.isdecimal() and len(value) > 15


def _multiply(random: Random, tree: dict[str, Any]) -> None:
    """A list of very many entries."""
    lists = [place for place in places(tree) if isinstance(place[0][place[1]], list)]
    if lists:
        container, key = random.choice(lists)
        times = random.choice((20, 200, 2_000))
        members = container[key] or [random.choice(ODD[:8])]
        container[key] = members * min(times, 1 + ENTRIES_MAX // len(places(tree)))


def _cross(random: Random, tree: dict[str, Any]) -> None:
    """A part of another payload, where it belongs to or where it does not."""
    other = deepcopy(random.choice(good_payloads()))
    source, name = random.choice(places(other))
    container, key = random.choice(places(tree))
    container[key] = source[name]


def _rename_event(random: Random, tree: dict[str, Any]) -> None:
    kinds = (
        "post.create",
        "post.delete",
        "post.quote.create",
        "post.repost.create",
        "oauth.revoke",
    )
    data = tree.get("data")
    if isinstance(data, dict):
        data["event_type"] = random.choice((*kinds, "post.reply.delete", "POST.CREATE", "", 7))


CHANGES: tuple[Callable[[Random, dict[str, Any]], None], ...] = (
    _replace,
    _replace,
    _replace,
    _remove,
    _respell,
    _change_case,
    _retype,
    _wrap,
    _repeat_key,
    _swap_ids,
    _swap_ids,
    _multiply,
    _cross,
    _rename_event,
)


def _flip(random: Random, body: bytes) -> bytes:
    changed = bytearray(body)
    for _ in range(random.choice((1, 3, 30))):
        changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def _truncate(random: Random, body: bytes) -> bytes:
    return body[: random.randrange(len(body))]


def _cut_out(random: Random, body: bytes) -> bytes:
    start = random.randrange(len(body))
    return body[:start] + body[start + random.randrange(1, 50) :]


def _insert(random: Random, body: bytes) -> bytes:
    at = random.randrange(len(body))
    noise = random.choice((b"\x00", b"\xff", b"\\ud83d", b"\\u0000", b"}", b"]]", b"/*", b"\n\n"))
    return body[:at] + noise + body[at:]


def _surround(random: Random, body: bytes) -> bytes:
    before, after = random.choice(
        ((b"\xef\xbb\xbf", b""), (b"", b"\x00"), (b"[", b"]"), (b"", body), (b")]}',\n", b""))
    )
    return before + body + after


def _recode(random: Random, body: bytes) -> bytes:
    text = body.decode(errors="replace")
    return random.choice(
        (text.encode("utf-16"), text.encode("utf-32"), gzip.compress(body, mtime=0))
    )


def _swell(random: Random, body: bytes) -> bytes:
    return body[:-1] + b" " * random.choice((10_000, 2**20)) + body[-1:]


BYTE_CHANGES: tuple[Callable[[Random, bytes], bytes], ...] = (
    _flip,
    _flip,
    _truncate,
    _cut_out,
    _insert,
    _surround,
    _recode,
    _swell,
)
