"""What the tables' CHECK constraints demand of a random row beyond its columns."""

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from tests.reads.generated.values import MOMENTS

Values = dict[str, Any]


def _cart_intent(row: Values, random: Random) -> None:
    if row["status"] != "FAILED":
        row["failure_reason"] = row["failure_retryable"] = row["failure_detail"] = None
    else:
        row["failure_reason"] = row["failure_reason"] or "INTERNAL"
        row["failure_retryable"] = bool(row["failure_retryable"])
    if row["offer_amount_minor"] is None or row["offer_currency"] is None:
        row["offer_amount_minor"] = row["offer_currency"] = None
    row["next_attempt_at"] = random.choice(MOMENTS) if row["status"] == "QUEUED" else None
    row["claimed_until"] = None
    row["quantity"] = max(1, row["quantity"])
    if row["status"] != "ADDED":
        row["remove_due_at"] = None


def _product(row: Values, random: Random) -> None:
    if row["price_amount_minor"] is None or row["price_currency"] is None:
        row["price_amount_minor"] = row["price_currency"] = None
    else:
        row["price_amount_minor"] = max(0, row["price_amount_minor"])


def _shoppable_tweet(row: Values, random: Random) -> None:
    if not row["authored_by_brand"]:
        row["text"] = None


def _advocate(row: Values, random: Random) -> None:
    row["score"] = random.choice((0, 1, 42, 42, 100))


def _advocate_review(row: Values, random: Random) -> None:
    if row["host"] != "BRAND_SITE":
        row["rating"] = row["title"] = row["body"] = None
    elif row["rating"] is not None:
        row["rating"] = random.choice((1, 3, 3, 5))
    if row["status"] == "PUBLISHED":
        for name in ("verified_purchase", "incentivized", "insider"):
            row[name] = bool(row[name])


def _account_link(row: Values, random: Random) -> None:
    row["sealed_external_reference"] = b"sealed"


SHAPES: Mapping[str, Callable[[Values, Random], None]] = {
    "account_link": _account_link,
    "advocate": _advocate,
    "advocate_review": _advocate_review,
    "cart_intent": _cart_intent,
    "product": _product,
    "shoppable_tweet": _shoppable_tweet,
}
"""By table."""
