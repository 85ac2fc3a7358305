"""Who replies to what when ingest is measured: one brand, its posts, people with accounts."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from app.cli.access import issue_token
from app.cli.cast import authors_of, posts_of
from app.cli.replies import Author, Post, Replies
from app.cli.seed import seed_world
from app.cli.world_file import parse_world
from app.core.resources import open_resources
from app.core.settings import Settings
from app.core.viewer import Scope
from app.x.ids import first_id_at
from benchmarks.databases import Filled, Postgres, copied, run

POSTS = 20
BRAND = "door"
TEMPLATE = "door_template"
X_USER_IDS_FROM = 1_700_000_000_000_000_000


@dataclass(frozen=True)
class Cast:
    """Who replies to what, a token that sees it, and what a payload looks like."""

    posts: Sequence[Post] = field(repr=False)
    authors: Sequence[Author] = field(repr=False)
    token: str = field(repr=False)
    body: bytes = field(repr=False)


@asynccontextmanager
async def door_template(postgres: Postgres, filled: Filled, pairs: int) -> AsyncIterator[Cast]:
    """Make the database `TEMPLATE`: the filled one and people for *pairs* of person and post."""
    data = _world(-(-pairs // POSTS))
    world = parse_world(data)
    async with copied(postgres, filled.name, TEMPLATE) as url:
        async with open_resources(Settings(), url) as resources:
            await seed_world(resources.sessions, resources.keys, data)
            issued = await issue_token(resources.sessions, slug=BRAND, scopes=frozenset(Scope))
        await run(url, "VACUUM (ANALYZE)")  # as a database is that has run for a while
        posts, authors = posts_of(world), authors_of(world)
        sample = Replies(posts, authors, seed=0).write_by(authors[0], posts[0], datetime.now(UTC))
        yield Cast(posts, authors, issued.token, orjson.dumps(sample))


def _world(people: int) -> dict[str, Any]:
    posted = datetime.now(UTC) - timedelta(days=1)
    asins = [f"B0BENCH{number:03}" for number in range(POSTS)]
    return {
        "format": 1,
        "brands": [
            {
                "slug": BRAND,
                "name": "Door & Sons",
                "x_user_id": str(X_USER_IDS_FROM),
                "x_handle": "door_and_sons",
                "marketplaces": ["US"],
                "triggers": [{"tag": "AmazonCart", "marketplace": "US"}],
            }
        ],
        "products": [
            {
                "brand": BRAND,
                "marketplace": "US",
                "asin": asin,
                "title": f"Door number {number}",
                "canonical_url": f"https://www.amazon.com/dp/{asin}",
                "price_minor": 1000 + number,
                "currency": "USD",
            }
            for number, asin in enumerate(asins)
        ],
        "tweets": [
            {
                "brand": BRAND,
                "id": str(first_id_at(posted + timedelta(seconds=number))),
                "text": f"Number {number}. Reply with #AmazonCart",
                "urls": [{"url": f"https://www.amazon.com/dp/{asin}"}],
            }
            for number, asin in enumerate(asins)
        ],
        "shoppers": [
            {
                "x_user_id": str(X_USER_IDS_FROM + 1 + number),
                "x_handle": f"person_{number}",
                "linked": [{"marketplace": "US"}],
            }
            for number in range(people)
        ],
    }
