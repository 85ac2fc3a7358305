"""Replies of all kinds: cases of the corpus played by other people, with what must become of them.

The corpus says what each case must end in. Here it is played again and again at the same time:
people, posts and events get ids of their own, so that no story meets another, and the deliveries
of all stories come in any order.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from random import Random
from typing import Any, NamedTuple

import orjson

from app.x.ids import first_id_at
from tests.walk import CORPUS, read_corpus

NOT_PLAYED = frozenset(
    {
        "parent_deleted",  # it would end all stories about the same tweet
        "reply_to_an_edited_version",  # a tweet has so many versions and no more
        "stream_errors_and_heartbeats",  # the door refuses some of it
    }
)
LATE_SHARE = 0.1
"""How many people with an account have a cart that times out at first."""

TWICE_SHARE = 0.15
BEGAN_BEFORE = timedelta(hours=3)
AMAZON_TWEET = 2123461298120999999
HANDED_OFF, NOT_CONSENTED = "handed_off", "hand_off_without_consent"

_ID = re.compile(r'"-?\d{15,19}"')
_POST_IDS = range(2_120_000_000_000_000_000, 2_125_000_000_000_000_000)


class Ending(NamedTuple):
    """What became of one intent."""

    brand: str
    status: str
    failure: str | None
    repeats: int


EXPIRED = {
    "AWAITING_LINK": ("EXPIRED", None),
    "AWAITING_CHOICE": ("FAILED", "OPTIONS_REQUIRED_EXPIRED"),
    "RECEIVED": ("FAILED", "NO_PRODUCT_LINK"),
}
"""What waits end in when nobody comes."""


@dataclass(frozen=True)
class Script:
    """A case: what is delivered, by whom, and the endings that are permitted in any order."""

    name: str
    bodies: Sequence[Any]
    people: Sequence[dict[str, Any]]
    endings: Sequence[Counter[Ending]]
    misuse: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Story:
    """A script as it was played. `posts` are the ids of all posts in it."""

    name: str
    bodies: Sequence[bytes]
    people: Sequence[dict[str, Any]]
    posts: frozenset[int]
    endings: Sequence[Counter[Ending]]
    misuse: Counter[tuple[int, str]]


@dataclass
class Stories:
    """Many stories, and their deliveries in the order in which each is sent first."""

    played: list[Story] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    def world(self) -> dict[str, Any]:
        """The corpus's world with these people, and a tweet of a marketplace that hands off."""
        told = read_corpus("world.json")
        people = [person for story in self.played for person in story.people]
        return {
            **told,
            "tweets": [*told["tweets"], _amazon_tweet()],
            "shoppers": [*told["shoppers"], *people],
        }


def tell(seed: int, moment: datetime, posts: int) -> Stories:
    """Stories of at least so many deliveries, in a random order; the same seed tells the same."""
    random = Random(seed)
    stories, count = Stories(), 0
    actor = _Actor(random, moment)
    while count < posts:
        for script in random.sample(scripts(), len(scripts())):
            story = actor.play(script)
            stories.played.append(story)
            count += len(story.bodies)
            if count >= posts:
                break
    told = [body for story in stories.played for body in story.bodies]
    again = [body for body in told if random.random() < TWICE_SHARE]
    stories.bodies = random.sample([*told, *again], len(told) + len(again))
    return stories


@cache
def scripts() -> Sequence[Script]:
    """Every case of the corpus that can be played by several at once, and two of our own."""
    names = sorted(file.stem for file in (CORPUS / "cases").iterdir())
    cases = [read_corpus(f"cases/{name}.json") for name in names if name not in NOT_PLAYED]
    return [*(_script(case) for case in cases), _hand_off(HANDED_OFF), _hand_off(NOT_CONSENTED)]


class _Actor:
    """Plays scripts with fresh ids. Posts keep their order, and nobody plays twice."""

    def __init__(self, random: Random, moment: datetime) -> None:
        self._random = random
        self._last_post = first_id_at(moment - BEGAN_BEFORE)
        self._known: set[str] = set()

    def play(self, script: Script) -> Story:
        text = orjson.dumps([script.bodies, script.people, script.misuse]).decode()
        fresh = self._fresh({found[1:-1] for found in _ID.findall(text)} - _fixed())
        text = _ID.sub(lambda found: f'"{fresh.get(found[0][1:-1], found[0][1:-1])}"', text)
        bodies, people, misuse = orjson.loads(text)
        return Story(
            name=script.name,
            bodies=[orjson.dumps(body) for body in bodies],
            people=[self._delayed(person, script) for person in people],
            posts=frozenset(int(new) for old, new in fresh.items() if _is_post(old)),
            endings=script.endings,
            misuse=Counter((int(xid), reason) for xid, reason in misuse),
        )

    def _fresh(self, ids: Iterable[str]) -> dict[str, str]:
        """A new id for each: of posts in their order, of people and events any."""
        fresh: dict[str, str] = {}
        for old in sorted(ids, key=int):
            fresh[old] = self._next_post() if _is_post(old) else self._next_other()
        return fresh

    def _next_post(self) -> str:
        self._last_post += self._random.randrange(1, 2**20)
        return str(self._last_post)

    def _next_other(self) -> str:
        while (number := str(self._random.randrange(10**17, 10**18))) in self._known:
            continue
        self._known.add(number)
        return number

    def _delayed(self, person: dict[str, Any], script: Script) -> dict[str, Any]:
        """Some carts time out at first: it takes longer, and ends no other way."""
        late = not person.get("sandbox_cart") and self._random.random() < LATE_SHARE
        return {**person, "sandbox_cart": {"on_add": {"timeouts": 1}}} if late else person


def _is_post(xid: str) -> bool:
    return int(xid) in _POST_IDS


@cache
def _fixed() -> frozenset[str]:
    """The ids of what all stories share: brands, the bot, registered tweets."""
    world = read_corpus("world.json")
    accounts = [*world["brands"], world["bot"]]
    tweets = [*world["tweets"], _amazon_tweet()]
    return frozenset(
        [account["x_user_id"] for account in accounts]
        + [xid for tweet in tweets for xid in (tweet["id"], *tweet["versions"])]
    )


def _script(case: Any) -> Script:
    bodies = [delivery["body"] for delivery in case["deliveries"]]
    text = orjson.dumps(bodies).decode()
    shoppers = read_corpus("world.json")["shoppers"]
    told = Counter(
        Ending(each["brand"], each["status"], each["failure"], each["repeat_count"])
        for each in case["expect"]["intents"]
    )
    return Script(
        name=case["name"],
        bodies=bodies,
        people=[shopper for shopper in shoppers if f'"{shopper["x_user_id"]}"' in text],
        endings=[told, *_otherwise(case)],
        misuse=[(each["xid"], each["reason"]) for each in case["expect"]["misuse"]],
    )


def _otherwise(case: Any) -> list[Counter[Ending]]:
    """What may also come of a case whose deliveries come in another order than in its file."""
    if case["name"] in {"delete_after_add", "delete_before_create"}:
        return [Counter([Ending("acme", status, None, 0)]) for status in ("ADDED", "WITHDRAWN")]
    return []


def _hand_off(name: str) -> Script:
    """A reply to a tweet whose marketplace hands off, of somebody who consented or did not."""
    (body,) = _script(read_corpus("cases/reply_exact_tag.json")).bodies
    text = orjson.dumps(body).decode()
    for acme, nordlicht in (
        ("2122978114236649841", str(AMAZON_TWEET)),
        ("1510000000000000001", "1512000000000000077"),
        ("AcmeBoots", "NordlichtHQ"),
    ):
        text = text.replace(acme, nordlicht)
    person = {"x_user_id": body["data"]["payload"]["author_id"], "x_handle": "mara_k_inv"}
    consents = [{"kind": "HANDOFF", "brand": "nordlicht"}] if name == HANDED_OFF else []
    status = "HANDED_OFF" if name == HANDED_OFF else "AWAITING_LINK"
    return Script(
        name=name,
        bodies=[orjson.loads(text)],
        people=[{**person, "consents": consents}],
        endings=[Counter([Ending("nordlicht", status, None, 0)])],
        misuse=[],
    )


def _amazon_tweet() -> dict[str, Any]:
    link = {
        "url": "https://t.co/NordUs0001",
        "expanded_url": "https://www.amazon.com/dp/B0NORDHP01",
    }
    return {
        "brand": "nordlicht",
        "id": str(AMAZON_TWEET),
        "versions": [str(AMAZON_TWEET)],
        "author_x_user_id": "1512000000000000077",
        "text": f"Now in the States {link['url']}",
        "urls": [link],
    }
