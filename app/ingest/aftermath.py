"""What became of posts and accounts: marked, withdrawn, and remembered for what comes later."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from app.brands.service import revoke_grant
from app.carts.withdrawals import withdraw_for_deleted, withdraw_waiting
from app.core.database import WriteSession
from app.core.keys import Keys
from app.engagements.queries import (
    EngagementKey,
    keys_of_nobodys_posts,
    keys_of_posts,
    lock_engagements,
)
from app.engagements.service import mark_locked
from app.engagements.states import ContentState, StandingKind
from app.ingest.facts import Directory
from app.ingest.queries import shoppers_of
from app.ingest.standings import (
    GONE,
    NewStanding,
    account_subject,
    find_standings,
    note_standings,
    post_subject,
)
from app.tweets.service import mark_deleted, mark_withheld
from app.x.ids import moment_of
from app.x.payloads import AccountChanged, Delivery, GrantRevoked, PostDeleted, PostWithheld

Told = Sequence[tuple[Delivery, datetime]]
"""Deliveries, each with the moment of its receipt."""


async def mark_afterwards(
    session: WriteSession, keys: Keys, told: Told, directory: Directory, *, now: datetime
) -> None:
    """Do what these deliveries tell of posts and accounts that may be known, or become known.

    Of who opted out nothing is remembered.
    """
    told = [each for each in told if each[0].user_id not in directory.suppressed]
    posts = [
        (each, moment) for each, moment in told if isinstance(each, PostDeleted | PostWithheld)
    ]
    accounts = [(each, moment) for each, moment in told if isinstance(each, AccountChanged)]
    if posts:
        await _mark_posts(session, keys, posts, now)
    if accounts:
        await _mark_accounts(session, keys, accounts, now)
    for delivery, _ in told:
        brand_id = directory.brand_of_account.get(delivery.user_id)
        if isinstance(delivery, GrantRevoked) and brand_id is not None:
            await revoke_grant(session, brand_id=brand_id, now=now)


async def withdraw_tweets(
    session: WriteSession, keys: Keys, xids: Sequence[int], *, now: datetime
) -> None:
    """Mark tweets that were registered just now, if they were deleted or withheld before."""
    subjects = {post_subject(keys, xid): xid for xid in xids}
    standings = await find_standings(session, subjects)
    held = {subjects[each]: standings.of_post(each) for each in standings.holding}
    await _mark_tweets(session, held, now)


async def _mark_posts(
    session: WriteSession,
    keys: Keys,
    told: Sequence[tuple[PostDeleted | PostWithheld, datetime]],
    now: datetime,
) -> None:
    """Mark the engagements and tweets that these posts are, and withdraw what they asked for."""
    posts = {each.xid: each.user_id for each, _ in told}
    subjects = {xid: post_subject(keys, xid) for xid in posts}
    authors = {xid: account_subject(keys, user_id) for xid, user_id in posts.items()}
    news = [_of_post(each, subjects[each.xid], received_at) for each, received_at in told]
    changed = await note_standings(session, news, now=now)
    xids = sorted(xid for xid, subject in subjects.items() if subject in changed)
    standings = await find_standings(session, {*subjects.values(), *authors.values()})
    held = {xid: standings.of_post(subjects[xid]) for xid in xids}
    await _mark_tweets(session, held, now)
    found = await _engagements(session, {xid: authors[xid] for xid in xids})
    states = {
        xid: standings.content_of(subjects[xid], authors[xid], moment_of(xid)) for xid in xids
    }
    gone = [key for key in found if states[key[1]] is ContentState.DELETED]
    await withdraw_for_deleted(session, gone, now=now)  # intents are locked before engagements
    locked = await lock_engagements(session, found)
    marks = [(each, states[each.xid]) for each in locked if each.xid is not None]
    await mark_locked(session, marks, now=now)


def _of_post(
    told: PostDeleted | PostWithheld, subject: bytes, received_at: datetime
) -> NewStanding:
    if isinstance(told, PostDeleted):
        return NewStanding(subject, StandingKind.DELETED, True, received_at)
    told_at = min(told.told_at or received_at, received_at)
    return NewStanding(subject, StandingKind.WITHHELD, told.withheld, told_at)


async def _mark_tweets(
    session: WriteSession, held: Mapping[int, frozenset[StandingKind]], now: datetime
) -> None:
    """Posts that are registered tweets, by any id of their chains; others are left alone."""
    deleted = [xid for xid, kinds in held.items() if StandingKind.DELETED in kinds]
    withheld = [xid for xid, kinds in held.items() if kinds == {StandingKind.WITHHELD}]
    given_back = [xid for xid, kinds in held.items() if not kinds]
    for xids, holds in ((withheld, True), (given_back, False)):
        if xids:
            await mark_withheld(session, xids, now=now, withheld=holds)
    if deleted:
        await mark_deleted(session, deleted, now=now)


async def _engagements(
    session: WriteSession, authors: Mapping[int, bytes]
) -> frozenset[EngagementKey]:
    """The engagements that these posts are, by X id and what their authors are found by."""
    shoppers = await shoppers_of(session, set(authors.values()))
    posts = [
        (xid, moment_of(xid), shopper)
        for xid, author in authors.items()
        for shopper in shoppers.get(author, ())
    ]
    of_people = await keys_of_posts(session, posts)
    return frozenset(of_people | await keys_of_nobodys_posts(session, authors))


async def _mark_accounts(
    session: WriteSession,
    keys: Keys,
    told: Sequence[tuple[AccountChanged, datetime]],
    now: datetime,
) -> None:
    """Remember what holds of accounts; the sweep marks the posts of those who are shoppers."""
    subjects = {each.user_id: account_subject(keys, each.user_id) for each, _ in told}
    shoppers = await shoppers_of(session, set(subjects.values()))
    news = [
        _of_account(
            each, subjects[each.user_id], received_at, spreads=subjects[each.user_id] in shoppers
        )
        for each, received_at in told
    ]
    await note_standings(session, news, now=now)
    for each in news:
        if each.holds and each.kind in GONE and each.subject in shoppers:
            left = shoppers[each.subject]
            await withdraw_waiting(session, left, now=now, until=each.told_at)


def _of_account(
    told: AccountChanged, subject: bytes, received_at: datetime, *, spreads: bool
) -> NewStanding:
    told_at = min(told.told_at or received_at, received_at)
    kind = StandingKind(told.change.value)
    return NewStanding(subject, kind, told.holds, told_at, spreads)
