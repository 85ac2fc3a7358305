"""Worlds for tests, and what of a database is compared."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import asyncpg

CORPUS = Path(__file__).parents[1] / "corpus"

SMALL: dict[str, Any] = {
    "format": 1,
    "brands": [
        {
            "slug": "acme",
            "name": "Acme Boots",
            "x_user_id": "1510000000000000001",
            "x_handle": "AcmeBoots",
            "marketplaces": ["US"],
            "triggers": [{"tag": "AmazonCart", "marketplace": "US"}],
        }
    ],
    "products": [
        {
            "brand": "acme",
            "marketplace": "US",
            "asin": "B0ACMEBT01",
            "title": "Acme Trail Boot",
            "price_minor": 12900,
            "currency": "USD",
            "canonical_url": "https://www.amazon.com/dp/B0ACMEBT01",
        }
    ],
    "tweets": [
        {
            "brand": "acme",
            "name": "first-snow",
            "created_at": {"days_ago": 3.5},
            "text": "First snow. https://t.co/Aa11Bb22Cc",
            "urls": [
                {
                    "url": "https://t.co/Aa11Bb22Cc",
                    "expanded_url": "https://www.amazon.com/dp/B0ACMEBT01",
                }
            ],
        }
    ],
    "shoppers": [
        {
            "x_user_id": "1720000000000000002",
            "x_handle": "mara_k_inv",
            "linked": [{"marketplace": "US"}],
            "consents": [{"kind": "HANDLE_TO_BRAND", "brand": "acme"}],
        }
    ],
    "advocates": [
        {
            "brand": "acme",
            "x_user_id": "1720000000000000002",
            "score": 40,
            "components": [{"name": "reviews published", "points": 40}],
            "enrolled_at": {"days_ago": 30},
        }
    ],
    "reviews": [
        {
            "brand": "acme",
            "name": "dry-feet",
            "product": {"marketplace": "US", "asin": "B0ACMEBT01"},
            "advocate": "1720000000000000002",
            "status": "PUBLISHED",
            "rating": 5,
            "title": "Dry feet",
            "body": "All winter.",
            "verified_purchase": True,
            "incentivized": False,
            "insider": False,
            "submitted_at": {"days_ago": 9},
            "published_at": {"days_ago": 8},
        }
    ],
}

TABLES = (
    "brand",
    "brand_log",
    "brand_marketplace",
    "trigger",
    "x_account",
    "product",
    "sandbox_product",
    "shoppable_tweet",
    "tweet_version",
    "tweet_link",
    "person",
    "suppression",
    "account_link",
    "consent",
    "sandbox_cart",
    "shopper",
    "advocate",
    "advocate_review",
    "event",
)
"""Every table that a seed may write, and the log, which it may not."""


def small_world() -> dict[str, Any]:
    """One of everything, to be changed at will."""
    return deepcopy(SMALL)


def corpus_world() -> dict[str, Any]:
    """The corpus's world."""
    world: dict[str, Any] = json.loads((CORPUS / "world.json").read_text(encoding="utf-8"))
    return world


async def contents(url: str) -> dict[str, list[str]]:
    """All rows that a seed may write, as text, and the versions that PostgreSQL gives them."""
    connection = await asyncpg.connect(url)
    try:
        return {
            table: [
                row[0]
                for row in await connection.fetch(
                    f"SELECT xmin::text || ' ' || {table}::text FROM {table} ORDER BY 1"
                )
            ]
            for table in TABLES
        }
    finally:
        await connection.close()


async def counts(url: str) -> dict[str, int]:
    """How many rows each of these tables holds, without those that are empty."""
    return {table: len(rows) for table, rows in (await contents(url)).items() if rows}
