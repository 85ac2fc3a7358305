"""Finding shoppable tweets by any id of their edit chains, many at a time.

Tweets are locked in the order of their ids, everywhere: so two batches cannot wait for each other.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from app.core.bulk import insert_rows, run
from app.core.database import WriteSession
from app.core.ids import uuid7
from app.products.facts import ProductFacts, ProductName
from app.products.states import Availability, ProductKind, ProductStatus
from app.tweets.facts import LinkFacts, TweetFacts, TweetName
from app.tweets.models import ShoppableTweet, ShortLink, TweetLink, TweetVersion
from app.tweets.states import LinkVerdict, TweetStatus
from app.x.payloads import Url

FORGOTTEN_TOGETHER_MAX = 1_000
"""Most remembered short links that are forgotten at a time; as many are never remembered."""

_PRODUCT = (
    "product.id, product.retailer, product.marketplace, product.retailer_product_id, "
    "product.title, product.kind, product.status, product.availability"
)

_TWEET = f"""
    tweet.brand_id, tweet.id, tweet.root_xid, tweet.status, tweet.registered_at,
    ARRAY(
        SELECT chain.xid FROM tweet_version AS chain
        WHERE chain.brand_id = tweet.brand_id AND chain.tweet_id = tweet.id
    ),
    {_PRODUCT}
"""

_PRIMARY = """
LEFT JOIN product
    ON product.brand_id = tweet.brand_id AND product.id = tweet.primary_product_id
"""

_BY_VERSION = f"""
SELECT version.xid, {_TWEET}
FROM tweet_version AS version
JOIN shoppable_tweet AS tweet
    ON tweet.brand_id = version.brand_id AND tweet.id = version.tweet_id
{_PRIMARY}
WHERE version.xid = ANY($1::bigint[])
"""

_BY_KEY = f"""
SELECT NULL::bigint, {_TWEET}
FROM unnest($1::uuid[], $2::uuid[]) AS asked (brand_id, id)
JOIN shoppable_tweet AS tweet ON tweet.brand_id = asked.brand_id AND tweet.id = asked.id
{_PRIMARY}
"""

_LINKS = f"""
SELECT link.brand_id, link.tweet_id, link.verdict, {_PRODUCT}
FROM unnest($1::uuid[], $2::uuid[]) AS asked (brand_id, id)
JOIN tweet_link AS link ON link.brand_id = asked.brand_id AND link.tweet_id = asked.id
LEFT JOIN product ON product.brand_id = link.brand_id AND product.id = link.product_id
ORDER BY link.brand_id, link.tweet_id, link.position
"""

_CLAIM_LINKS = """
UPDATE tweet_link AS link SET next_look_at = $2, looks = looks + 1
FROM (
    SELECT brand_id, id FROM tweet_link
    WHERE next_look_at <= $1
    ORDER BY next_look_at
    LIMIT $3
    FOR UPDATE SKIP LOCKED
) AS due
WHERE link.brand_id = due.brand_id AND link.id = due.id
RETURNING link.brand_id, link.id, link.tweet_id, link.looks, link.resolved_url,
    link.url, link.expanded_url, link.unwound_url
"""

_FORGET_LINKS = f"""
DELETE FROM short_link WHERE url IN (
    SELECT url FROM short_link WHERE expires_at <= $1
    ORDER BY expires_at
    LIMIT {FORGOTTEN_TOGETHER_MAX}
    FOR UPDATE SKIP LOCKED
)
"""

TweetKey = tuple[UUID, UUID]
"""A brand's id and a tweet's id there."""

VersionKey = tuple[UUID, int]
"""A brand's id and the X id of a version of a tweet there."""


@dataclass(frozen=True, slots=True)
class DueLink:
    """A link that is to be looked at now. `looks` fences what is found out."""

    brand_id: UUID
    id: UUID
    tweet_id: UUID
    looks: int
    resolved_url: str | None
    url: Url


async def tweets_by_version(
    session: WriteSession, xids: Collection[int]
) -> dict[int, list[TweetFacts]]:
    """The registered tweets that these X ids name, by X id; unlocked, in no order.

    Two brands may have registered the same post, so an id may name several.
    """
    found: dict[int, list[TweetFacts]] = {}
    for xid, tweet in await _facts(session, await run(session, _BY_VERSION, list(xids))):
        found.setdefault(xid, []).append(tweet)
    return found


async def tweets_by_key(
    session: WriteSession, keys: Collection[TweetKey]
) -> dict[TweetKey, TweetFacts]:
    """The tweets with these ids, unlocked."""
    columns = [[key[number] for key in keys] for number in range(2)]
    found = await _facts(session, await run(session, _BY_KEY, *columns))
    return {(tweet.brand_id, tweet.name.id): tweet for _, tweet in found}


async def _facts(
    session: WriteSession, rows: Sequence[tuple[Any, ...]]
) -> list[tuple[Any, TweetFacts]]:
    """The tweets in the columns `_TWEET`, each with what stands before it in its row."""
    links = await _links(session, {(brand_id, tweet_id) for _, brand_id, tweet_id, *_ in rows})
    return [
        (
            before,
            TweetFacts(
                name=TweetName(tweet_id, root_xid),
                brand_id=brand_id,
                status=TweetStatus(status),
                registered_at=registered_at,
                primary=_product(primary),
                links=tuple(links.get((brand_id, tweet_id), ())),
                version_xids=frozenset(versions),
            ),
        )
        for before, brand_id, tweet_id, root_xid, status, registered_at, versions, *primary in rows
    ]


async def _links(
    session: WriteSession, tweets: Collection[TweetKey]
) -> dict[TweetKey, list[LinkFacts]]:
    if not tweets:
        return {}
    brand_ids, tweet_ids = zip(*tweets, strict=True)
    found: dict[TweetKey, list[LinkFacts]] = {}
    for brand_id, tweet_id, verdict, *product in await run(
        session, _LINKS, list(brand_ids), list(tweet_ids)
    ):
        link = LinkFacts(LinkVerdict(verdict), _product(product))
        found.setdefault((brand_id, tweet_id), []).append(link)
    return found


def _product(values: list[Any]) -> ProductFacts | None:
    """The product in the columns `_PRODUCT`; None where the join found none."""
    if values[0] is None:
        return None
    *name, kind, status, availability = values
    return ProductFacts(
        name=ProductName(*name),
        kind=ProductKind(kind),
        status=ProductStatus(status),
        availability=Availability(availability),
    )


async def lock_tweets(session: WriteSession, keys: Collection[TweetKey]) -> list[ShoppableTweet]:
    """Those of the tweets that exist, held, in the order of their ids."""
    return await _locked(
        session, tuple_(ShoppableTweet.brand_id, ShoppableTweet.id).in_(list(keys))
    )


async def lock_by_version(
    session: WriteSession, versions: Collection[VersionKey]
) -> list[ShoppableTweet]:
    """The tweets that these X ids name at these brands, held, in the order of their ids."""
    asked = tuple_(TweetVersion.brand_id, TweetVersion.xid).in_(list(versions))
    return await _locked(session, _named_by(asked))


async def lock_by_xid(session: WriteSession, xids: Collection[int]) -> list[ShoppableTweet]:
    """The tweets that these X ids name at whatever brand, held, in the order of their ids."""
    return await _locked(session, _named_by(TweetVersion.xid.in_(list(xids))))


async def lock_by_product(
    session: WriteSession, products: Collection[tuple[UUID, UUID]], *, limit: int
) -> list[ShoppableTweet]:
    """Tweets that link these products or mean them, held, in the order of their ids."""
    linking = select(TweetLink.brand_id, TweetLink.tweet_id).where(
        tuple_(TweetLink.brand_id, TweetLink.product_id).in_(list(products))
    )
    meaning = select(ShoppableTweet.brand_id, ShoppableTweet.id).where(
        tuple_(ShoppableTweet.brand_id, ShoppableTweet.primary_product_id).in_(list(products))
    )
    keys = linking.union(meaning).limit(limit)
    return await _locked(session, tuple_(ShoppableTweet.brand_id, ShoppableTweet.id).in_(keys))


def _named_by(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    keys = select(TweetVersion.brand_id, TweetVersion.tweet_id).where(condition)
    return tuple_(ShoppableTweet.brand_id, ShoppableTweet.id).in_(keys)


async def _locked(session: WriteSession, condition: ColumnElement[bool]) -> list[ShoppableTweet]:
    statement = (
        select(ShoppableTweet)
        .where(condition)
        .order_by(ShoppableTweet.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list((await session.scalars(statement)).all())


async def versions_of(
    session: WriteSession, tweets: Collection[ShoppableTweet]
) -> dict[VersionKey, UUID]:
    """All known ids of the tweets' edit chains, with the tweet that each names."""
    keys = [(tweet.brand_id, tweet.id) for tweet in tweets]
    statement = select(TweetVersion.brand_id, TweetVersion.xid, TweetVersion.tweet_id).where(
        tuple_(TweetVersion.brand_id, TweetVersion.tweet_id).in_(keys)
    )
    return {(brand_id, xid): key for brand_id, xid, key in await session.execute(statement)}


async def insert_tweet(session: WriteSession, values: Mapping[str, Any]) -> ShoppableTweet | None:
    """A new tweet; None where its brand has it by now, whoever was quicker."""
    statement = (
        insert(ShoppableTweet)
        .values(**values)
        .on_conflict_do_nothing(index_elements=[ShoppableTweet.brand_id, ShoppableTweet.root_xid])
        .returning(ShoppableTweet)
    )
    return (await session.scalars(statement)).one_or_none()


async def insert_versions(
    session: WriteSession, tweet: ShoppableTweet, xids: Collection[int], *, now: datetime
) -> int:
    """Add ids to the tweet's edit chain; how many were new."""
    rows = [(tweet.brand_id, uuid7(), tweet.id, xid, now) for xid in sorted(xids)]
    columns = ("brand_id", "id", "tweet_id", "xid", "seen_at")
    tail = "ON CONFLICT (brand_id, xid) DO NOTHING RETURNING xid"
    return len(await insert_rows(session, TweetVersion, columns, rows, tail))


async def delete_links(session: WriteSession, tweet: ShoppableTweet) -> None:
    """Forget the links of the version that was read before."""
    statement = delete(TweetLink).where(
        TweetLink.brand_id == tweet.brand_id, TweetLink.tweet_id == tweet.id
    )
    await session.execute(statement)


async def remembered_links(
    session: WriteSession, urls: Collection[str], *, now: datetime
) -> dict[str, str | None]:
    """Where these short links lead, as far as it was found out lately; None: nowhere."""
    statement = select(ShortLink.url, ShortLink.target_url).where(
        ShortLink.url.in_(list(urls)), ShortLink.expires_at > now
    )
    found: dict[str, str | None] = {}
    if urls:
        found.update((url, target) for url, target in await session.execute(statement))
    return found


async def remember_links(
    session: WriteSession, rows: Sequence[tuple[str, str | None, datetime]], *, now: datetime
) -> None:
    """Note where short links lead and until when that counts, and forget what counts no more.

    *rows* stand in the order of their URLs, so that two batches cannot wait for each other.
    """
    await run(session, _FORGET_LINKS, now)
    tail = (
        "ON CONFLICT (url) DO UPDATE SET "
        "target_url = excluded.target_url, expires_at = excluded.expires_at"
    )
    await insert_rows(session, ShortLink, ("url", "target_url", "expires_at"), rows, tail)


async def claim_links(
    session: WriteSession, *, now: datetime, lease_until: datetime, limit: int
) -> list[DueLink]:
    """Links that are to be looked at, longest due first, held until *lease_until*."""
    rows = await run(session, _CLAIM_LINKS, now, lease_until, limit)
    return [
        DueLink(brand_id, link_id, tweet_id, looks, resolved_url, Url(*url))
        for brand_id, link_id, tweet_id, looks, resolved_url, *url in rows
    ]


async def lock_links(
    session: WriteSession, claimed: Sequence[DueLink]
) -> dict[tuple[UUID, UUID], TweetLink]:
    """Those of the claimed links that nobody claimed since, held. Their tweets are held already."""
    key = tuple_(TweetLink.brand_id, TweetLink.id, TweetLink.looks)
    statement = (
        select(TweetLink)
        .where(
            key.in_([(link.brand_id, link.id, link.looks) for link in claimed]),
            TweetLink.verdict == LinkVerdict.PENDING,
        )
        .order_by(TweetLink.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if not claimed:
        return {}
    return {(link.brand_id, link.id): link for link in await session.scalars(statement)}
