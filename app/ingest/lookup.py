"""Gathering what the decisions of a batch refer to, in a fixed number of statements."""

from collections.abc import Iterable, Sequence

from app.core.database import WriteSession
from app.core.keys import Keys
from app.ingest import queries
from app.ingest.facts import Directory
from app.ingest.rules import parent_of
from app.shoppers.queries import suppressed
from app.shoppers.service import x_lookup
from app.tweets.queries import tweets_by_version
from app.x.payloads import Delivery, GrantRevoked, PostCreated, PostEdited


async def look_up(session: WriteSession, keys: Keys, deliveries: Sequence[Delivery]) -> Directory:
    """The directory of everything that these deliveries name."""
    created = [delivery for delivery in deliveries if isinstance(delivery, PostCreated)]
    users = _users(created)
    users |= {each.user_id for each in deliveries if isinstance(each, GrantRevoked)}
    accounts = await queries.find_accounts(session, users)
    tweets = await tweets_by_version(session, _posts(created, accounts.brands))
    brand_ids = {tweet.brand_id for found in tweets.values() for tweet in found}
    people = {each.user_id for each in deliveries if not isinstance(each, PostEdited)}
    lookups = {x_lookup(keys, user_id): user_id for user_id in people}
    gone = await suppressed(session, lookups)
    return Directory(
        brands=await queries.find_brands(session, brand_ids | set(accounts.brands.values())),
        brand_of_account=accounts.brands,
        bots=accounts.bots,
        tweets=tweets,
        suppressed=frozenset(lookups[lookup] for lookup in gone),
        lookups={user_id: lookup for lookup, user_id in lookups.items()},
    )


def _users(deliveries: Iterable[PostCreated]) -> set[int]:
    """Every X user that may be a brand's account or a bot."""
    users: set[int | None] = set()
    for delivery in deliveries:
        post = delivery.post
        users |= {delivery.filter_user_id, post.author_id, post.in_reply_to_user_id}
        users.update(post.mentioned_user_ids)
    return {user for user in users if user is not None}


def _posts(deliveries: Iterable[PostCreated], brand_accounts: Iterable[int]) -> set[int]:
    """Every post that may be a registered tweet, and earlier versions of brands' own posts."""
    own = frozenset(brand_accounts)
    posts: set[int | None] = set()
    for delivery in deliveries:
        post = delivery.post
        posts |= {parent_of(post), post.conversation_id}
        if post.author_id in own:
            posts.update(post.edit_ids)
    return {post for post in posts if post is not None}
