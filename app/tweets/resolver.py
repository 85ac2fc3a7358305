"""The looks outside that a tweet's links take: short links are followed, retailers are asked.

What is due is claimed in one short transaction, looked at while none is open, and recorded in a
second one. A claim is a lease: it counts the try, and if its holder dies the link is due again.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Protocol
from uuid import UUID

import structlog

from app.core import clock
from app.core.database import WriteSession
from app.core.http import Unreachable
from app.core.outage import describe, is_outage
from app.core.resources import Resources
from app.events.log import write_transaction
from app.products import queries as products
from app.products.facts import Listing, Reference
from app.products.links import NotAProduct, ProductLink, ShortLink, Target, read
from app.products.queries import DueProduct, Listed
from app.products.service import miss_listing, take_listing
from app.retailers.adapter import RetailerUnavailable
from app.retailers.registry import Retailers
from app.tweets import queries
from app.tweets.models import TweetLink
from app.tweets.moves import judge
from app.tweets.queries import DueLink
from app.tweets.reading import end_of, settle_link
from app.tweets.rules import target_of_link
from app.tweets.states import LinkVerdict

LINKS_TOGETHER_MAX = 20
PRODUCTS_TOGETHER_MAX = 100
"""Most that one turn looks at."""

TWEETS_OF_PRODUCTS_MAX = 5_000
"""Most tweets that one turn judges again because their products changed."""

DEADLINE = timedelta(seconds=5)
"""How long one call to a retailer may take."""

LEASE = timedelta(minutes=1)
"""How long a claim holds: longer than following a link, a retailer's deadline and two writes."""

RETRY_DELAYS = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=4),
    timedelta(hours=12),
)
"""How long to wait after the first, second ... look that failed. After the last one the link is
given up as no product's: within the day for which replies wait for their parent."""

REMEMBERED = timedelta(days=30)
NOWHERE_REMEMBERED = timedelta(hours=1)
"""How long it is remembered where a short link leads, and that it leads nowhere."""

log = structlog.get_logger()


class Follower(Protocol):
    """Follows links. `app.core.http.GuardedClient` is the one that goes outside."""

    async def follow(self, url: str, *, until: Callable[[str], bool]) -> str | None:
        """The first address on the way that *until* accepts, else the end; None for nowhere.

        Raises:
            Unreachable: it may be asked again later.
        """
        ...


@dataclass(frozen=True)
class Claims:
    """What is to be looked at now. `retailers` are the brands' adapters by marketplace."""

    links: Sequence[DueLink]
    products: Sequence[DueProduct]
    retailers: Mapping[UUID, Mapping[str, str]]

    def apart(self) -> "list[Claims]":
        """Each link and each product for itself."""
        links = [Claims([link], [], self.retailers) for link in self.links]
        return links + [Claims([], [product], self.retailers) for product in self.products]


@dataclass(frozen=True)
class Looked:
    """What was seen outside. What was not reached is absent."""

    ends: dict[str, str | None] = field(default_factory=dict)
    listings: dict[tuple[str, Reference], Listing] = field(default_factory=dict)

    def target_of(self, link: DueLink) -> Target | None:
        """Where the link leads; None where that is still not known."""
        target = _target(link)
        if not isinstance(target, ShortLink):
            return target
        return end_of(self.ends[target.url]) if target.url in self.ends else None


@dataclass(frozen=True)
class Resolver:
    """Looks outside for tweets and products. Any number of them may work beside each other."""

    resources: Resources
    retailers: Retailers
    follower: Follower

    async def resolve_once(self) -> int:
        """Look at one batch of what is due, then judge tweets whose products changed.

        How many links and products there were. What could not be seen is due again later.
        """
        claims = await self.claim()
        found = len(claims.links) + len(claims.products)
        if found:
            looked = Looked()
            await self._follow(claims, looked)
            await self._ask(claims, looked)
            await self.record_each(claims, looked)
        return found + await self.judge_changed()

    async def claim(self) -> Claims:
        """Take what is due, in one short transaction."""
        now = clock.now()
        async with write_transaction(self.resources.sessions) as session:
            links = await queries.claim_links(
                session, now=now, lease_until=now + LEASE, limit=LINKS_TOGETHER_MAX
            )
            due = await products.claim_due(
                session, now=now, lease_until=now + LEASE, limit=PRODUCTS_TOGETHER_MAX
            )
            brand_ids = {link.brand_id for link in links}
            return Claims(links, due, await products.retailers_of(session, brand_ids))

    async def record(self, claims: Claims, looked: Looked) -> None:
        """Write what was seen, in one short transaction; an answer to an older claim is dropped."""
        now = clock.now()
        async with write_transaction(self.resources.sessions) as session:
            await _remember(session, looked.ends, now=now)
            tweets = await queries.lock_tweets(
                session, {(link.brand_id, link.tweet_id) for link in claims.links}
            )
            links = await queries.lock_links(session, claims.links)
            wanted = _listed_links(claims, looked)
            await products.lock_listed(session, {*wanted.values(), *map(_listed, claims.products)})
            known = await _take_listings(session, wanted.values(), looked, now=now)
            for claimed in claims.links:
                if link := links.get((claimed.brand_id, claimed.id)):
                    _settle(link, claimed, claims, looked, known, now=now)
            await _record_products(session, claims.products, looked, now=now)
            await judge(session, tweets, now=now)

    async def record_each(self, claims: Claims, looked: Looked) -> None:
        """`record`; where the batch holds something that cannot be written, each for itself.

        What cannot be written is reported and counts as not seen: it is given up after as many
        tries as what cannot be reached.
        """
        try:
            await self.record(claims, looked)
        except Exception as error:
            parts = claims.apart()
            if is_outage(error):
                raise
            if len(parts) == 1:
                log.error("look_not_recorded", **describe(error))
                await self.record(claims, Looked())
                return
            for part in parts:
                await self.record_each(part, looked)

    async def judge_changed(self) -> int:
        """Judge tweets again whose products changed since; how many products there were."""
        now = clock.now()
        async with write_transaction(self.resources.sessions) as session:
            keys = await products.unjudged(session, limit=PRODUCTS_TOGETHER_MAX)
            if not keys:
                return 0
            tweets = await queries.lock_by_product(session, keys, limit=TWEETS_OF_PRODUCTS_MAX)
            changed = await products.lock_products(session, keys)
            await judge(session, tweets, now=now)
            for product in changed:
                product.tweets_judged = True
        return len(keys)

    async def _follow(self, claims: Claims, looked: Looked) -> None:
        """Follow each short link once, all at the same time."""
        targets = (_target(link) for link in claims.links)
        urls = sorted({target.url for target in targets if isinstance(target, ShortLink)})

        async def follow(url: str) -> None:
            try:
                looked.ends[url] = await self.follower.follow(url, until=_is_known_end)
            except Unreachable:
                log.info("short_link_unreachable")

        async with asyncio.TaskGroup() as group:
            for url in urls:
                group.create_task(follow(url))

    async def _ask(self, claims: Claims, looked: Looked) -> None:
        """Ask each retailer once for all that is wanted of it, all at the same time."""
        wanted = {
            (retailer, reference)
            for _, retailer, reference in (
                *_listed_links(claims, looked).values(),
                *map(_listed, claims.products),
            )
        }
        ordered = sorted(wanted, key=lambda pair: pair[0])
        async with asyncio.TaskGroup() as group:
            for retailer, pairs in groupby(ordered, key=lambda pair: pair[0]):
                references = [reference for _, reference in pairs]
                group.create_task(self._look_up(retailer, references, looked))

    async def _look_up(
        self, retailer: str, references: Sequence[Reference], looked: Looked
    ) -> None:
        adapter = self.retailers.get(retailer)
        if adapter is None:
            return
        try:
            async with asyncio.timeout(DEADLINE.total_seconds()):
                listings = await adapter.look_up(references, deadline=DEADLINE)
        except (TimeoutError, RetailerUnavailable):
            return
        except Exception as error:
            log.error("retailer_failed", adapter=type(adapter).__name__, **describe(error))
            return
        if len(listings) == len(references):
            keys = ((retailer, reference) for reference in references)
            looked.listings.update(zip(keys, listings, strict=True))


def _target(link: DueLink) -> Target:
    """Where the link leads, by its text, and what X and earlier looks said of it."""
    return target_of_link(link.url) if link.resolved_url is None else end_of(link.resolved_url)


def _is_known_end(url: str) -> bool:
    """Whether an address of the shop's tells by its text what it is: nobody has to be asked."""
    return isinstance(read(url), ProductLink | NotAProduct)


def _listed(product: DueProduct) -> Listed:
    return product.brand_id, product.retailer, product.reference


def _listed_links(claims: Claims, looked: Looked) -> dict[tuple[UUID, UUID], Listed]:
    """For each link that leads to a product its brand may sell: what the retailer calls that."""
    found: dict[tuple[UUID, UUID], Listed] = {}
    for link in claims.links:
        target = looked.target_of(link)
        if isinstance(target, ProductLink):
            retailer = claims.retailers[link.brand_id].get(target.marketplace)
            if retailer is not None:
                reference = Reference(target.marketplace, target.retailer_product_id)
                found[link.brand_id, link.id] = link.brand_id, retailer, reference
    return found


async def _take_listings(
    session: WriteSession, wanted: Collection[Listed], looked: Looked, *, now: datetime
) -> dict[Listed, UUID | None]:
    """Take over what retailers said; the products' ids, None for what is no product."""
    known: dict[Listed, UUID | None] = {}
    for listed in sorted(set(wanted), key=str):
        brand_id, retailer, reference = listed
        listing = looked.listings.get((retailer, reference))
        if listing is not None:
            product = await take_listing(
                session,
                brand_id=brand_id,
                retailer=retailer,
                reference=reference,
                listing=listing,
                now=now,
            )
            known[listed] = product.id if product else None
    return known


def _settle(
    link: TweetLink,
    claimed: DueLink,
    claims: Claims,
    looked: Looked,
    known: Mapping[Listed, UUID | None],
    *,
    now: datetime,
) -> None:
    """Say of a held link what was found out, or when to look again."""
    before = _target(claimed)
    if isinstance(before, ShortLink) and before.url in looked.ends:
        link.resolved_url = looked.ends[before.url]
    target = looked.target_of(claimed)
    listed = _listed_links(claims, looked).get((claimed.brand_id, claimed.id))
    if target is None or (listed is not None and listed not in known):
        _miss(link, now=now)
        return
    found = known[listed] if listed else None
    own = {target: found} if isinstance(target, ProductLink) and found else {}
    settle_link(link, target, claims.retailers[claimed.brand_id], own)
    if link.verdict is LinkVerdict.PENDING:  # the retailer knows no such product
        link.verdict = LinkVerdict.NOT_A_PRODUCT
    link.next_look_at = None


def _miss(link: TweetLink, *, now: datetime) -> None:
    if link.looks <= len(RETRY_DELAYS):
        link.next_look_at = now + RETRY_DELAYS[max(link.looks, 1) - 1]
        return
    link.verdict = LinkVerdict.NOT_A_PRODUCT
    link.next_look_at = None


async def _record_products(
    session: WriteSession, due: Sequence[DueProduct], looked: Looked, *, now: datetime
) -> None:
    """What retailers said of products that were due, or that they said nothing."""
    held = await products.lock_products(session, {(each.brand_id, each.id) for each in due})
    claimed = {(each.brand_id, each.id): each for each in due}
    for product in held:
        each = claimed[product.brand_id, product.id]
        if product.look_ups != each.look_ups:
            continue
        listing = looked.listings.get((each.retailer, each.reference))
        if listing is None:
            await miss_listing(session, product, now=now)
            continue
        await take_listing(
            session,
            brand_id=each.brand_id,
            retailer=each.retailer,
            reference=each.reference,
            listing=listing,
            now=now,
        )


async def _remember(
    session: WriteSession, ends: Mapping[str, str | None], *, now: datetime
) -> None:
    rows = [
        (url, end, now + (NOWHERE_REMEMBERED if end is None else REMEMBERED))
        for url, end in sorted(ends.items())
    ]
    if rows:
        await queries.remember_links(session, rows, now=now)
