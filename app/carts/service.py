"""Requests become intents, or repeat one that is live; what waited for its parent goes on.

Nothing here commits. Intents are decided many at a time: one look, one write, one row of the log
for each that happened.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from app.carts import queries, replies
from app.carts.claims import remember_batch
from app.carts.decisions import Notes, note
from app.carts.express import Taking
from app.carts.intents import Failure, Intent, Related, Request
from app.carts.moves import begin, move, repeat
from app.carts.rules import Becomes, Chosen, Found, Repeats, Way, decide, find_product
from app.carts.states import LIVE, CartIntentStatus, FailureReason
from app.core.database import WriteSession
from app.core.ids import uuid7
from app.engagements.service import mark_misuse
from app.engagements.states import MisuseReason
from app.events.states import ActorKind
from app.retailers.registry import ADD_MODES
from app.retailers.states import AddMode
from app.shoppers.queries import Links, ShopperKey, active_links, consenting
from app.shoppers.states import ConsentKind
from app.tweets.facts import TweetFacts

Place: TypeAlias = tuple[ShopperKey, str | None, str]
"""Where a cart is: a shopper, a retailer and a marketplace."""

MERGED = "Another reply of hers to the same post asks for the same."


@dataclass
class Look:
    """What was looked up for a batch, and what has come of it so far."""

    known: dict[ShopperKey, list[Related]] = field(default_factory=dict)
    ways: dict[Place, Way] = field(default_factory=dict)
    made: list[Intent] = field(default_factory=list)
    changed: dict[UUID, Intent] = field(default_factory=dict)
    repeats: list[tuple[UUID, UUID, UUID]] = field(default_factory=list)
    notes: Notes = field(default_factory=Notes)

    def related_to(self, intent: Intent) -> list[Related]:
        """The same shopper's intents."""
        return self.known.get((intent.brand_id, intent.shopper_id), [])

    def others(self, intent: Intent) -> list[Related]:
        """The same shopper's other intents."""
        return [known for known in self.related_to(intent) if known.intent.id != intent.id]

    def way_of(self, asked: Request | Intent) -> Way:
        """How her cart is reached there."""
        return self.ways[place_of(asked)]


def place_of(asked: Request | Intent) -> Place:
    """Where the request or intent leads."""
    return (asked.brand_id, asked.shopper_id), asked.retailer, asked.marketplace


async def ask_for_carts(
    session: WriteSession,
    requests: Sequence[Request],
    *,
    now: datetime,
    taking: Taking | None = None,
) -> list[Intent]:
    """Answer each request in its order: a new intent in its first state, or a repeat noted.

    Returns the new intents. Requests of one shopper in one batch see each other. What waits for
    the tweet that a request is about goes on first, and the request repeats it. New intents may go
    to their retailer at once, by *taking*.
    """
    if not requests:
        return []
    look = Look(await _related(session, requests))
    waiting = [known.intent for related in look.known.values() for known in related]
    asking: list[Request | Intent] = [*requests, *filter(_waits, waiting)]
    links = await find_links(session, asking)
    look.ways = await ways_by(session, asking, links)
    for request in requests:
        await _go_on_first(session, look, request, now=now)
        _ask(session, look, request, now=now)
    if taking is not None:
        taking.links = links
        taking.claim(((intent, look.related_to(intent)) for intent in look.made), now)
        await remember_batch(session, taking.claims)
    await _write(session, look)
    return look.made


async def resume(
    session: WriteSession, requests_by_intent: Sequence[tuple[Intent, Request]], *, now: datetime
) -> list[Intent]:
    """Let go on what waited for its parent, now that it is known; the intents that went on.

    The intents are locked and read here: one that moved on meanwhile is left alone.
    """
    if not requests_by_intent:
        return []
    intents, requests = zip(*requests_by_intent, strict=True)
    look = Look(await _related(session, requests, intents))
    look.ways = await find_ways(session, requests)
    found = {known.intent.id: known.intent for each in look.known.values() for known in each}
    resumed = []
    for intent, request in sorted(requests_by_intent, key=lambda pair: pair[0].id):
        current = found.get(intent.id)
        if current is not None and _waits(current) and request.tweet is not None:
            await _resume(session, look, current, request, now=now)
            resumed.append(current)
    await _write(session, look)
    return resumed


def _waits(intent: Intent) -> bool:
    """Whether the intent waits for its parent."""
    return intent.status is CartIntentStatus.RECEIVED


def _ask(session: WriteSession, look: Look, request: Request, *, now: datetime) -> None:
    related = look.known.setdefault((request.brand_id, request.shopper_id), [])
    decision = decide(request, related, look.way_of(request))
    if isinstance(decision, Repeats):
        intent = decision.intent
        repeat(session, intent, now=now)
        look.changed[intent.id] = intent
        look.repeats.append((request.brand_id, request.engagement_id, intent.id))
        return
    intent = _new(request, now)
    begin(session, intent, now=now)
    _enter(session, look, intent, request, decision, now=now)
    related.append(Related(intent, request.parent_xid))
    look.made.append(intent)


async def _go_on_first(
    session: WriteSession, look: Look, request: Request, *, now: datetime
) -> None:
    """Let her older replies go on that wait for the tweet that *request* is about."""
    if request.tweet is None:
        return
    for known in look.known.get((request.brand_id, request.shopper_id), ()):
        intent = known.intent
        if _waits(intent) and known.parent_xid in request.tweet.version_xids:
            await _resume(session, look, intent, _request_of(intent, known, request), now=now)


async def _resume(
    session: WriteSession, look: Look, intent: Intent, request: Request, *, now: datetime
) -> None:
    """Decide again for an intent whose parent is known now."""
    assert request.tweet is not None, "an intent goes on once its tweet is known"
    decision = decide(request, look.others(intent), look.way_of(request))
    intent.retailer = request.retailer
    look.changed[intent.id] = intent
    if isinstance(decision, Repeats):
        intent.tweet = request.tweet.name
        await merge(session, look, elder=decision.intent, younger=intent, now=now)
        return
    _enter(session, look, intent, request, decision, now=now)
    await mark_no_link(session, [intent], now=now)


async def merge(
    session: WriteSession, look: Look, *, elder: Intent, younger: Intent, now: datetime
) -> None:
    """Two intents turn out to ask for the same: the replies count for *elder*, *younger* ends."""
    repeat(session, elder, now=now)
    failure = Failure(FailureReason.ALREADY_IN_CART, detail=MERGED)
    note(younger, rule=8, at=now, to="FAILED", mergedInto=str(elder.id))
    move(session, younger, CartIntentStatus.FAILED, now=now, failure=failure)
    look.changed |= {elder.id: elder, younger.id: younger}
    await replies.take_over(session, elder=elder, younger=younger)


def _enter(
    session: WriteSession,
    look: Look,
    intent: Intent,
    request: Request,
    decision: Becomes,
    *,
    now: datetime,
) -> None:
    """Bring a RECEIVED intent where the decision sends it."""
    intent.previous_intent_id = decision.previous.id if decision.previous else None
    intent.tweet = request.tweet.name if request.tweet else None
    look.notes.of_request(intent, request, decision, look.way_of(request), now)
    if decision.status is CartIntentStatus.RECEIVED:
        intent.waits_until = decision.waits_until
        return
    enter(session, intent, decision, now=now)


def enter(
    session: WriteSession,
    intent: Intent,
    decision: Becomes,
    *,
    now: datetime,
    actor: ActorKind = ActorKind.SYSTEM,
    recovered: bool = False,
) -> None:
    """Bring *intent* where the decision sends it, with the product that it says."""
    if decision.product is not None and intent.product is None:
        intent.product, intent.resolved_at = decision.product, now
    move(
        session,
        intent,
        decision.status,
        now=now,
        actor=actor,
        failure=decision.failure,
        waits_until=decision.waits_until,
        recovered=recovered,
    )


def _new(request: Request, now: datetime) -> Intent:
    return Intent(
        brand_id=request.brand_id,
        id=uuid7(),
        engagement_id=request.engagement_id,
        engagement_xid=request.engagement_xid,
        shopper_id=request.shopper_id,
        action=request.action,
        marketplace=request.marketplace,
        retailer=request.retailer,
        status=CartIntentStatus.RECEIVED,
        received_at=request.received_at,
        matched_at=now,
        updated_at=now,
    )


def _request_of(intent: Intent, known: Related, request: Request) -> Request:
    """What an older reply of hers asks for, now that *request* brought the tweet of both."""
    return replace(
        request,
        engagement_id=intent.engagement_id,
        engagement_xid=intent.engagement_xid or 0,
        parent_xid=known.parent_xid,
        action=intent.action,
        marketplace=intent.marketplace,
        retailer=intent.retailer,
        received_at=intent.received_at,
        deleted=False,
    )


async def mark_no_link(session: WriteSession, intents: Iterable[Intent], *, now: datetime) -> None:
    """Every reply to a post without a product link is misuse too."""
    keys = [
        (intent.brand_id, intent.engagement_xid)
        for intent in intents
        if intent.failure is not None
        and intent.failure.reason is FailureReason.NO_PRODUCT_LINK
        and intent.engagement_xid is not None
    ]
    if keys:
        await mark_misuse(session, keys, MisuseReason.NO_LINK, now=now)


async def _write(session: WriteSession, look: Look) -> None:
    await queries.insert_intents(session, look.made)
    fresh = {intent.id for intent in look.made}
    kept = sorted(look.changed.keys() - fresh)
    await queries.update_decided(session, [look.changed[key] for key in kept])
    await replies.note_repeats(session, look.repeats)


async def _related(
    session: WriteSession, requests: Sequence[Request], intents: Sequence[Intent] = ()
) -> dict[ShopperKey, list[Related]]:
    """The intents that these requests may repeat, follow or collide with, by shopper; locked."""
    tweets = {
        (request.tweet.name.id, request.marketplace): request.tweet
        for request in requests
        if request.tweet is not None
    }
    found = {key: find_product(tweet, key[1]) for key, tweet in tweets.items()}
    related = await queries.lock_related(
        session,
        {_asked(request, found) for request in requests},
        parent_xids=_parents(requests, tweets.values()),
        intent_ids=[intent.id for intent in intents],
    )
    return _by_shopper(related)


def _asked(request: Request, found: Mapping[tuple[UUID, str], Found]) -> queries.Asked:
    tweet_id = request.tweet.name.id if request.tweet else None
    product = found.get((tweet_id, request.marketplace)) if tweet_id else None
    product_id = product.product.id if isinstance(product, Chosen) else None
    return request.brand_id, request.shopper_id, tweet_id, product_id


async def look_at_shoppers(session: WriteSession, shoppers: Collection[ShopperKey]) -> Look:
    """All that is live of these shoppers, locked; no more was looked up."""
    live = await queries.lock_of_shoppers(session, shoppers, LIVE)
    return Look(_by_shopper(Related(intent, None) for intent in live))


def _by_shopper(related: Iterable[Related]) -> dict[ShopperKey, list[Related]]:
    """Intents in their order, by whose they are."""
    known: dict[ShopperKey, list[Related]] = {}
    for each in related:
        known.setdefault((each.intent.brand_id, each.intent.shopper_id), []).append(each)
    return known


def _parents(requests: Iterable[Request], tweets: Iterable[TweetFacts]) -> set[int]:
    """The posts that an intent without a tweet may wait for, to matter here."""
    unknown = {request.parent_xid for request in requests if request.tweet is None}
    versions = {xid for tweet in tweets for xid in tweet.version_xids}
    return versions | {xid for xid in unknown if xid is not None}


async def find_ways(
    session: WriteSession, asking: Collection[Request | Intent]
) -> dict[Place, Way]:
    """How the shopper of each reaches her cart there: by her link, or by her consent."""
    return await ways_by(session, asking, await find_links(session, asking))


async def find_links(session: WriteSession, asking: Collection[Request | Intent]) -> Links:
    """The accounts of all who ask."""
    return await active_links(session, {(each.brand_id, each.shopper_id) for each in asking})


async def ways_by(
    session: WriteSession, asking: Collection[Request | Intent], links: Links
) -> dict[Place, Way]:
    """`find_ways` where the links are known."""
    asked = {place_of(each) for each in asking}
    shoppers = {shopper for shopper, _, _ in asked}
    modes = {retailer: ADD_MODES.get(retailer or "") for _, retailer, _ in asked}
    hand_off = AddMode.HANDOFF_URL in modes.values()
    consents = await consenting(session, shoppers, ConsentKind.HANDOFF) if hand_off else frozenset()
    return {
        (shopper, retailer, marketplace): Way(
            add_mode=modes[retailer],
            linked=(retailer, marketplace) in links.get(shopper, {}),
            consents=shopper in consents,
        )
        for shopper, retailer, marketplace in asked
    }
