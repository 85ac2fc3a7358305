"""Shoppable tweets: registered, edited, paused, gone; each move with its event.

Nothing here commits or goes outside. A tweet's standing follows from its links and their products:
whatever changes these ends in `judge`.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import chain
from uuid import UUID

from app.brands.models import Brand
from app.core.database import WriteSession
from app.core.ids import uuid7
from app.core.versions import VersionConflict, why_stale
from app.events.catalogue import EventType
from app.events.states import ActorKind
from app.products.problems import ProductNotFound
from app.products.queries import find_product
from app.tweets import queries
from app.tweets.facts import BrandPost, NewTweet, TweetFacts
from app.tweets.models import ShoppableTweet
from app.tweets.moves import Told, judge, move, tell
from app.tweets.problems import BadTweet, TweetKnown, TweetNotFound, TweetNotOnX
from app.tweets.queries import VersionKey
from app.tweets.reading import write_links
from app.tweets.rules import TEXT_CHARACTERS_MAX, chain_of, may_sell, why_not_register
from app.tweets.states import GONE, TweetStatus
from app.tweets.unsold import forget_unsold, remember_unsold, take_unsold
from app.x.ids import moment_of
from app.x.payloads import Url


async def detect_tweets(
    session: WriteSession, posts: Sequence[BrandPost], *, now: datetime
) -> list[TweetFacts]:
    """Register the brands' own posts that may sell something, and take over edits of known ones.

    In any order and any number of times, the same comes of it: the newest version's text and links
    count. Returns the tweets that the posts belong to, as they are now.
    """
    if not posts:
        return []
    ordered = sorted(posts, key=lambda each: each.post.id)
    known = await _known(session, {version for each in ordered for version in _versions(each)})
    told: list[Told] = []
    touched: dict[UUID, ShoppableTweet] = {}
    for each in ordered:
        tweet = await _take_post(session, each, known, told, now=now)
        if tweet is not None:
            touched[tweet.id] = tweet
    await tell(session, told, now=now, actor=ActorKind.UPSTREAM)
    await judge(session, touched.values(), now=now)
    facts = await queries.tweets_by_key(session, _keys(touched.values()))
    return [facts[tweet.brand_id, tweet.id] for tweet in touched.values()]


async def note_versions(
    session: WriteSession, chains: Collection[Collection[int]], *, now: datetime
) -> None:
    """Add ids to known edit chains of which only the ids are told; the links come with the post."""
    tweets = await queries.lock_by_xid(session, set(chain.from_iterable(chains)))
    versions = await queries.versions_of(session, tweets)
    told: list[Told] = []
    for tweet in tweets:
        own = {xid for (_, xid), key in versions.items() if key == tweet.id}
        new = set(chain.from_iterable(ids for ids in chains if not own.isdisjoint(ids))) - own
        if new and await queries.insert_versions(session, tweet, new, now=now):
            # The links are still those of the version that was read.
            tweet.newest_xid = tweet.newest_xid or max(own)
            told.append((tweet, EventType.TWEET_EDITED))
    await tell(session, told, now=now, actor=ActorKind.UPSTREAM)


async def mark_deleted(session: WriteSession, xids: Collection[int], *, now: datetime) -> None:
    """Posts were deleted: who deletes one version deletes the tweet. Its text goes with it."""
    await forget_unsold(session, xids)
    for tweet in await queries.lock_by_xid(session, xids):
        if tweet.status is not TweetStatus.DELETED:
            tweet.text = None
            await move(session, tweet, TweetStatus.DELETED, now=now, actor=ActorKind.UPSTREAM)


async def mark_withheld(
    session: WriteSession, xids: Collection[int], *, now: datetime, withheld: bool
) -> None:
    """X withholds the posts, or shows them again: then the tweet is again what it was."""
    for tweet in await queries.lock_by_xid(session, xids):
        if withheld and tweet.status not in GONE:
            tweet.status_before_withheld = tweet.status.value
            await move(session, tweet, TweetStatus.WITHHELD, now=now, actor=ActorKind.UPSTREAM)
        elif not withheld and tweet.status is TweetStatus.WITHHELD:
            before = TweetStatus(tweet.status_before_withheld or TweetStatus.DETECTED)
            tweet.status_before_withheld = None
            if before is TweetStatus.PAUSED:
                await move(session, tweet, before, now=now, actor=ActorKind.UPSTREAM)
            else:
                await judge(session, [tweet], now=now, actor=ActorKind.UPSTREAM, always=True)


async def register_tweet(
    session: WriteSession,
    *,
    brand_id: UUID,
    new: NewTweet,
    now: datetime,
    actor: ActorKind = ActorKind.APP,
) -> ShoppableTweet | BadTweet | TweetKnown | ProductNotFound:
    """Register a post by the brand's own word; LIVE at once where nothing has to be looked at."""
    if problem := why_not_register(new, now):
        return problem
    brand = await session.get_one(Brand, brand_id)
    primary_id = new.primary_product_id
    if primary_id is not None and await find_product(session, brand_id, primary_id) is None:
        return ProductNotFound(product_id=primary_id)
    known = await queries.lock_by_version(session, [(brand_id, new.xid)])
    author_xid = new.author_xid or brand.x_user_id
    by_brand = author_xid == brand.x_user_id
    tweet = None
    if not known:
        tweet = await _insert(
            session,
            brand_id,
            [new.xid],
            now=now,
            conversation_xid=new.conversation_xid or new.xid,
            author_xid=author_xid,
            authored_by_brand=by_brand,
            text=new.text if by_brand else None,
            primary_product_id=primary_id,
            campaign=new.campaign,
        )
        known = await queries.lock_by_version(session, [(brand_id, new.xid)])
    if tweet is None:
        return TweetKnown(tweet_id=known[0].id)
    await write_links(session, tweet, [Url(url, None, None) for url in new.urls], now=now)
    await tell(session, [(tweet, EventType.TWEET_DETECTED)], now=now, actor=actor)
    await judge(session, [tweet], now=now)
    return tweet


async def pause_tweet(
    session: WriteSession,
    *,
    brand_id: UUID,
    tweet_id: UUID,
    now: datetime,
    actor: ActorKind = ActorKind.APP,
    expected_version: int | None = None,
) -> ShoppableTweet | TweetNotFound | TweetNotOnX | VersionConflict:
    """Let replies to the tweet ask in vain until it is resumed; once is as good as twice."""
    tweet = await _here(session, brand_id, tweet_id, expected_version)
    if isinstance(tweet, ShoppableTweet) and tweet.status is not TweetStatus.PAUSED:
        tweet.version += 1
        await move(session, tweet, TweetStatus.PAUSED, now=now, actor=actor)
    return tweet


async def resume_tweet(
    session: WriteSession,
    *,
    brand_id: UUID,
    tweet_id: UUID,
    now: datetime,
    actor: ActorKind = ActorKind.APP,
    expected_version: int | None = None,
) -> ShoppableTweet | TweetNotFound | TweetNotOnX | VersionConflict:
    """End a pause: the tweet is again what its links make of it. One that is not paused stays."""
    tweet = await _here(session, brand_id, tweet_id, expected_version)
    if isinstance(tweet, ShoppableTweet) and tweet.status is TweetStatus.PAUSED:
        tweet.version += 1
        await judge(session, [tweet], now=now, actor=actor, always=True)
    return tweet


async def set_primary_product(
    session: WriteSession,
    *,
    brand_id: UUID,
    tweet_id: UUID,
    product_id: UUID | None,
    now: datetime,
    actor: ActorKind = ActorKind.APP,
    expected_version: int | None = None,
) -> ShoppableTweet | TweetNotFound | TweetNotOnX | VersionConflict | ProductNotFound:
    """Say which product replies to the tweet mean; None: its only one, or the shopper chooses.

    The product need not be linked in the text. Replies that wait for a choice go on waiting.
    """
    tweet = await _here(session, brand_id, tweet_id, expected_version)
    if not isinstance(tweet, ShoppableTweet) or tweet.primary_product_id == product_id:
        return tweet
    if product_id is not None and await find_product(session, brand_id, product_id) is None:
        return ProductNotFound(product_id=product_id)
    tweet.primary_product_id = product_id
    tweet.version += 1
    changed = (tweet, EventType.TWEET_PRIMARY_PRODUCT_SET)
    await tell(session, [changed], now=now, actor=actor)
    await judge(session, [tweet], now=now)
    return tweet


async def _here(
    session: WriteSession, brand_id: UUID, tweet_id: UUID, expected_version: int | None
) -> ShoppableTweet | TweetNotFound | TweetNotOnX | VersionConflict:
    """The tweet, held, where it can be seen on X and is as it was expected."""
    found = await queries.lock_tweets(session, [(brand_id, tweet_id)])
    if not found:
        return TweetNotFound(tweet_id=tweet_id)
    [tweet] = found
    if tweet.status in GONE:
        return TweetNotOnX(tweet_id=tweet_id, status=tweet.status)
    return why_stale(expected_version, tweet.version) or tweet


Known = dict[VersionKey, ShoppableTweet]


async def _known(session: WriteSession, asked: Collection[VersionKey]) -> Known:
    """The registered tweets that are asked for, held, by every id of their chains."""
    tweets = await queries.lock_by_version(session, asked)
    by_id = {tweet.id: tweet for tweet in tweets}
    versions = await queries.versions_of(session, tweets)
    return {version: by_id[tweet_id] for version, tweet_id in versions.items()}


async def _take_post(
    session: WriteSession, each: BrandPost, known: Known, told: list[Told], *, now: datetime
) -> ShoppableTweet | None:
    """Register the post or take it over as a version; None where it sells nothing."""
    tweet = _of_chain(known, each)
    if tweet is None and not may_sell(each.post.urls):
        if len(each.post.edit_ids) > 1:
            await remember_unsold(session, each.brand_id, each.post, now=now)
        return None
    if tweet is None:
        tweet = await _register(session, each, now=now)
        if tweet is None:
            known.update(await _known(session, _versions(each)))
            tweet = _of_chain(known, each)
            assert tweet is not None, "somebody else registered it, and tweets are never deleted"
        else:
            known.update(dict.fromkeys(_versions(each), tweet))
            told.append((tweet, EventType.TWEET_DETECTED))
            newer = await take_unsold(session, each.brand_id, each.post)
            each = BrandPost(each.brand_id, newer or each.post)
    if await _take_version(session, tweet, each, known, now=now):
        told.append((tweet, EventType.TWEET_EDITED))
    return tweet


def _versions(each: BrandPost) -> list[VersionKey]:
    return [(each.brand_id, xid) for xid in chain_of(each.post)]


def _of_chain(known: Known, each: BrandPost) -> ShoppableTweet | None:
    """The tweet that the chain belongs to: the one that its oldest known id names."""
    found = (known.get(version) for version in _versions(each))
    return next((tweet for tweet in found if tweet is not None), None)


async def _register(
    session: WriteSession, each: BrandPost, *, now: datetime
) -> ShoppableTweet | None:
    post, xids = each.post, chain_of(each.post)
    tweet = await _insert(
        session,
        each.brand_id,
        xids,
        now=now,
        conversation_xid=post.conversation_id or xids[0],
        author_xid=post.author_id,
        authored_by_brand=True,
        text=post.text[:TEXT_CHARACTERS_MAX],
        newest_xid=post.id,
    )
    if tweet is not None:
        await write_links(session, tweet, post.urls, now=now)
    return tweet


async def _take_version(
    session: WriteSession, tweet: ShoppableTweet, each: BrandPost, known: Known, *, now: datetime
) -> bool:
    """Note the versions that the post tells of, and read it if it is the newest; any change?"""
    own = {xid for (brand_id, xid), one in known.items() if one is tweet}
    newest = tweet.newest_xid or max(own)
    unknown = [xid for xid in chain_of(each.post) if (each.brand_id, xid) not in known]
    added = await queries.insert_versions(session, tweet, unknown, now=now) if unknown else 0
    known.update({(each.brand_id, xid): tweet for xid in unknown})
    tweet.newest_xid = max(newest, each.post.id)
    is_newer = each.post.id > newest
    if is_newer and tweet.status is not TweetStatus.DELETED:
        tweet.text = each.post.text[:TEXT_CHARACTERS_MAX] if tweet.authored_by_brand else None
        await write_links(session, tweet, each.post.urls, now=now)
    return is_newer or bool(added)


async def _insert(
    session: WriteSession, brand_id: UUID, xids: Sequence[int], *, now: datetime, **values: object
) -> ShoppableTweet | None:
    """A new tweet in its first state, with its chain; None where somebody else was quicker.

    He may have registered it by another id of the chain: then a version is his, and ours ends.
    """
    row = {
        "brand_id": brand_id,
        "id": uuid7(),
        "root_xid": xids[0],
        "status": TweetStatus.DETECTED,
        "posted_at": moment_of(xids[0]),
        "registered_at": now,
    }
    async with session.begin_nested() as attempt:
        tweet = await queries.insert_tweet(session, {**row, **values})
        if tweet is None:
            return None
        if await queries.insert_versions(session, tweet, xids, now=now) < len(xids):
            await attempt.rollback()
            return None
    return tweet


def _keys(tweets: Collection[ShoppableTweet]) -> list[tuple[UUID, UUID]]:
    return [(tweet.brand_id, tweet.id) for tweet in tweets]
