"""Among which products an intent waits for a choice."""

from collections.abc import Collection
from uuid import UUID

from app.carts.intents import Intent
from app.carts.rules import candidates, why_not_usable
from app.core.bulk import run
from app.core.database import WriteSession
from app.products.facts import ProductFacts, ProductName
from app.products.states import Availability, ProductKind, ProductStatus
from app.tweets.queries import tweets_by_version

OFFERED_MAX = 50
"""Most products that one choice is among."""

_VARIANTS = """
SELECT id, retailer, marketplace, retailer_product_id, title, kind, status, availability
FROM product WHERE brand_id = $1 AND parent_id = ANY($2::uuid[])
ORDER BY parent_id, id
LIMIT $3
"""


async def products_offered(session: WriteSession, intent: Intent) -> list[ProductFacts]:
    """The usable products of its tweet as they are now, in the order of the text.

    In place of a product that comes in variants stand those of its variants that are known and
    usable. At most `OFFERED_MAX`; unlocked.
    """
    if intent.tweet is None:
        return []
    tweets = await tweets_by_version(session, [intent.tweet.root_xid])
    found = [
        each.product
        for tweet in tweets.get(intent.tweet.root_xid, ())
        if tweet.brand_id == intent.brand_id
        for each in candidates(tweet, intent.marketplace)
        if each.product is not None and each.why_not is None
    ]
    parents = {each.name.id for each in found if each.kind is ProductKind.VARIATION_PARENT}
    variants = await _variants(session, intent.brand_id, parents) if parents else []
    offered = [each for each in found if each.name.id not in parents] + [
        each for each in variants if why_not_usable(each, intent.marketplace) is None
    ]
    return list({each.name.id: each for each in offered}.values())[:OFFERED_MAX]


async def _variants(
    session: WriteSession, brand_id: UUID, parents: Collection[UUID]
) -> list[ProductFacts]:
    rows = await run(session, _VARIANTS, brand_id, list(parents), OFFERED_MAX)
    return [
        ProductFacts(
            name=ProductName(*name),
            kind=ProductKind(kind),
            status=ProductStatus(status),
            availability=Availability(availability),
        )
        for *name, kind, status, availability in rows
    ]
