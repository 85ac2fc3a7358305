"""One batch of accepted deliveries, decided in the caller's transaction.

First brands' own posts, so that replies in the same batch find them; then everybody's posts, in
the order of their ids; at last what became of posts and accounts. What cannot be seen yet, because
another lane decides it at the same moment, is found by the sweep for waiting intents.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from app.carts.express import Taking
from app.carts.intents import Intent, Request
from app.carts.service import ask_for_carts
from app.core.database import WriteSession
from app.core.keys import Keys
from app.engagements.facts import Arrival, NewEngagement
from app.engagements.service import record_engagements
from app.ingest.aftermath import mark_afterwards, withdraw_tweets
from app.ingest.facts import Directory, TriggerFacts
from app.ingest.lookup import look_up
from app.ingest.rules import Decision, decide, parent_of, registering_brand
from app.ingest.standings import Standings, find_standings, post_subject
from app.shoppers.service import ensure_shoppers_at_brands
from app.tweets.facts import BrandPost
from app.tweets.rules import chain_of
from app.tweets.service import detect_tweets, note_versions
from app.x.payloads import Delivery, Post, PostCreated, PostEdited


@dataclass(frozen=True, slots=True)
class Accepted:
    """A delivery as it came out of the inbox."""

    delivery: Delivery
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision with the post it is about. One post at one brand: `key` says which."""

    post: Post
    arrivals: tuple[Arrival, ...]
    decision: Decision

    @property
    def key(self) -> tuple[UUID, int]:
        """The brand's id and the post's X id."""
        return self.decision.brand_id, self.post.id

    @property
    def person(self) -> tuple[UUID, int]:
        """The brand's id and the author's X user id."""
        return self.decision.brand_id, self.post.author_id


async def decide_all(
    session: WriteSession,
    keys: Keys,
    accepted: Sequence[Accepted],
    *,
    now: datetime,
    taking: Taking,
) -> list[Intent]:
    """Look, decide, write and tell for all of *accepted*; the intents that were made.

    What may go to its retailer at once is noted in *taking*.
    """
    deliveries = [each.delivery for each in accepted]
    directory = await look_up(session, keys, deliveries)
    if await _register(session, keys, deliveries, directory, now):
        directory = await look_up(session, keys, deliveries)
    decided = _once_each(accepted, directory, now)
    subjects = {each.post.id: post_subject(keys, each.post.id) for each in decided}
    authors = {directory.lookups[each.post.author_id] for each in decided}
    standings = await find_standings(session, authors.union(subjects.values()))
    batch = _Batch(directory, subjects, standings)
    requests = await batch.engage(session, keys, decided)
    if not all(isinstance(delivery, PostCreated) for delivery in deliveries):
        taking.room = 0  # what this batch takes back at its end is never asked of a retailer
    intents = await ask_for_carts(session, requests, now=now, taking=taking)
    taking.open_accounts(keys)
    told = [(each.delivery, each.received_at) for each in accepted]
    await mark_afterwards(session, keys, told, directory, now=now)
    return intents


async def _register(
    session: WriteSession,
    keys: Keys,
    deliveries: Sequence[Delivery],
    directory: Directory,
    now: datetime,
) -> bool:
    """Rule 3: register brands' own posts and note their edits; whether there were any."""
    created = [each.post for each in deliveries if isinstance(each, PostCreated)]
    own = {
        (brand_id, post.id): BrandPost(brand_id, post)
        for post in created
        if (brand_id := registering_brand(post, directory, now)) is not None
    }
    chains = [each.xids for each in deliveries if isinstance(each, PostEdited)]
    if own:
        await detect_tweets(session, [own[key] for key in sorted(own)], now=now)
        chain_xids = {xid for each in own.values() for xid in chain_of(each.post)}
        await withdraw_tweets(session, keys, sorted(chain_xids), now=now)
    if chains:
        await note_versions(session, chains, now=now)
    return bool(own or chains)


def _once_each(accepted: Sequence[Accepted], directory: Directory, now: datetime) -> list[Decided]:
    """Each post once for each brand, in the order of the posts' ids, which is that of their making.

    Where two deliveries of one post differ, the one by which it asks for a cart counts.
    """
    found: dict[tuple[UUID, int], list[Decided]] = {}
    for each in accepted:
        if isinstance(each.delivery, PostCreated):
            arrival = Arrival(each.delivery.source, each.received_at)
            for decision in decide(each.delivery, directory, now):
                decided = Decided(each.delivery.post, (arrival,), decision)
                found.setdefault(decided.key, []).append(decided)
    return [_merged(found[key]) for key in sorted(found, key=lambda key: key[1])]


def _merged(same: Sequence[Decided]) -> Decided:
    arrivals = tuple(each.arrivals[0] for each in same)
    return replace(min(same, key=_asks_not), arrivals=arrivals)


def _asks_not(each: Decided) -> bool:
    return each.decision.trigger is None


@dataclass(frozen=True, slots=True)
class _Batch:
    """What is known of a batch. `subjects` are what its posts are remembered by."""

    directory: Directory
    subjects: Mapping[int, bytes]
    standings: Standings

    async def engage(
        self, session: WriteSession, keys: Keys, decided: Sequence[Decided]
    ) -> list[Request]:
        """Record the engagements; the requests of those that no delivery brought before."""
        handles: dict[UUID, dict[int, str | None]] = {}
        for each in decided:
            if each.decision.by_shopper:
                people = handles.setdefault(each.decision.brand_id, {})
                known = people.get(each.post.author_id)
                people[each.post.author_id] = each.post.author_handle or known
        shoppers = await ensure_shoppers_at_brands(session, keys, handles)
        engagements = [self._engagement(each, shoppers.get(each.person)) for each in decided]
        made = await record_engagements(session, engagements)
        return [
            self._request(each, each.decision.trigger, made[each.key], shoppers[each.person])
            for each in decided
            if each.decision.trigger is not None and each.key in made
        ]

    def _known_by(self, post: Post) -> tuple[bytes, bytes, datetime]:
        return self.subjects[post.id], self.directory.lookups[post.author_id], post.made_at

    def _engagement(self, each: Decided, shopper_id: UUID | None) -> NewEngagement:
        post, decision = each.post, each.decision
        return NewEngagement(
            brand_id=decision.brand_id,
            xid=post.id,
            kind=decision.kind,
            shopper_id=shopper_id,
            tweet_id=decision.tweet.name.id if decision.tweet else None,
            parent_xid=parent_of(post),
            conversation_xid=post.conversation_id,
            trigger_tag=decision.trigger.tag if decision.trigger else None,
            trigger_match=decision.match,
            misuse_reason=decision.misuse,
            content_state=self.standings.content_of(*self._known_by(post)),
            occurred_at=post.made_at,
            arrivals=each.arrivals,
        )

    def _request(
        self, each: Decided, trigger: TriggerFacts, engagement_id: UUID, shopper_id: UUID
    ) -> Request:
        decision, post = each.decision, each.post
        brand = self.directory.brands[decision.brand_id]
        return Request(
            brand_id=decision.brand_id,
            engagement_id=engagement_id,
            engagement_xid=post.id,
            shopper_id=shopper_id,
            parent_xid=parent_of(post),
            tweet=decision.tweet,
            unavailable=decision.unavailable,
            action=trigger.action,
            marketplace=trigger.marketplace,
            retailer=brand.retailers.get(trigger.marketplace),
            received_at=each.arrivals[0].received_at,
            deleted=self.standings.takes_back(*self._known_by(post)),
        )
