"""Reviews of every kind, for filters and orders: nulls in every nullable column, ties, two brands.

`Expected` says in Python what a filter means, so that the tests need not believe the SQL.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from app.core.database import WriteSession
from app.core.ids import global_id, parse_global_id
from app.reviews.models import AdvocateReview
from app.reviews.states import ReviewHost, ReviewStatus
from tests.golden_world import FJORD, PRAIRIE, GoldenBrand, at, fill

COUNT = 24
LANGUAGES = (None, "en", "en-GB", "de", "Deutsch", "e%", "")
YES_OR_NO = (None, True, False)
MEMBERS = {
    "host": "host",
    "status": "status",
    "rating": "rating",
    "language": "language",
    "verifiedPurchase": "verified_purchase",
    "productId": "product_id",
    "advocateId": "advocate_id",
    "submittedAt": "submitted_at",
    "publishedAt": "published_at",
}


def reviews_of(brand: GoldenBrand) -> list[AdvocateReview]:
    """The brand's reviews, oldest first; three of each moment."""
    return [_review(brand, position) for position in range(COUNT)]


def _review(brand: GoldenBrand, position: int) -> AdvocateReview:
    host = list(ReviewHost)[position % 3]
    status = list(ReviewStatus)[position % 5]
    own_site = host is ReviewHost.BRAND_SITE
    published = status is ReviewStatus.PUBLISHED
    return AdvocateReview(
        brand_id=brand.id,
        id=brand.key(0x72, position),
        product_id=brand.key(0x20, position % 2),
        advocate_id=brand.key(0x70) if position % 4 else None,
        host=host,
        status=status,
        rating=1 + position % 5 if own_site and position % 2 else None,
        language=LANGUAGES[position % len(LANGUAGES)],
        verified_purchase=bool(position % 2) if published else YES_OR_NO[position // 3 % 3],
        incentivized=False,
        insider=False,
        submitted_at=at(200 + position // 3),
        published_at=at(300 + position) if published else None,
    )


async def fill_reviews(session: WriteSession) -> None:
    """Insert the golden brands, and their further reviews."""
    await fill(session)
    for brand in (FJORD, PRAIRIE):
        session.add_all(reviews_of(brand))
    await session.flush()


class Expected:
    """Which reviews pass a filter, decided row by row in Python."""

    def __init__(self, brand: GoldenBrand) -> None:
        self.rows = [
            *(row for row in brand.all() if isinstance(row, AdvocateReview)),
            *reviews_of(brand),
        ]

    def ids(self, asked: Mapping[str, Any]) -> set[str]:
        """The keys of the reviews that pass."""
        return {str(row.id) for row in self.rows if passes(row, asked)}


def passes(row: AdvocateReview, asked: Mapping[str, Any] | None) -> bool:
    """Whether *row* passes; a missing value equals nothing, and is neither before nor after."""
    return all(
        _holds(row, name, value) for name, value in (asked or {}).items() if value is not None
    )


def _holds(row: AdvocateReview, name: str, value: Any) -> bool:
    match name:
        case "and":
            return all(
                passes(row, each) for each in ([value] if isinstance(value, dict) else value)
            )
        case "or":
            return any(passes(row, each) for each in value)
        case "not":
            return not passes(row, value)
        case _:
            return _matches(row, name, value)


def _matches(row: AdvocateReview, name: str, value: Mapping[str, Any]) -> bool:
    held = getattr(row, MEMBERS[name])
    return all(
        _compares(held, operator, operand, name)
        for operator, operand in value.items()
        if operand is not None
    )


def _compares(held: Any, operator: str, operand: Any, name: str) -> bool:
    if operator == "isNull":
        return (held is None) is bool(operand)
    several = isinstance(operand, list)
    wanted: Any = [_plain(each, name) for each in operand] if several else _plain(operand, name)
    if operator in ("ne", "notIn"):
        return not (held in wanted if several else held == wanted)
    if held is None:
        return False
    return bool(COMPARE[operator](held, wanted))


COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": lambda held, wanted: held == wanted,
    "in": lambda held, wanted: held in wanted,
    "gt": lambda held, wanted: held > wanted,
    "gte": lambda held, wanted: held >= wanted,
    "lt": lambda held, wanted: held < wanted,
    "lte": lambda held, wanted: held <= wanted,
    "startsWith": lambda held, wanted: held.startswith(wanted),
}


def _plain(operand: Any, name: str) -> Any:
    """What an operand of the API stands for in a row."""
    if name.endswith("At"):
        return datetime.fromisoformat(operand)
    if name.endswith("Id"):
        parsed = parse_global_id(operand)
        return parsed[1] if parsed is not None and f"{parsed[0].lower()}Id" == name else "nobody"
    return operand


def every_comparison(brand: GoldenBrand) -> Iterator[dict[str, Any]]:
    """Every operator of every kind of column, with values that are there and that are not."""
    for member, operators in _operands(brand).items():
        for operator, operands in operators.items():
            for operand in operands:
                yield {member: {operator: operand}}


def _operands(brand: GoldenBrand) -> Mapping[str, Mapping[str, list[Any]]]:
    product = global_id("Product", brand.key(0x20, 1))
    nobody = global_id("Product", brand.key(0x20, 9))
    other_type = global_id("Shopper", brand.key(0x20, 1))
    advocate = global_id("Advocate", brand.key(0x70))
    moment = at(203).isoformat()
    return {
        "host": {
            "eq": ["AMAZON"],
            "ne": ["AMAZON"],
            "in": [["AMAZON", "OTHER"], []],
            "notIn": [["AMAZON", "OTHER"], []],
            "isNull": [True, False],
        },
        "rating": {
            "eq": [4, 9],
            "ne": [4, 9],
            "in": [[2, 4], []],
            "notIn": [[2, 4], []],
            **{operator: [2, 3] for operator in ("gt", "gte", "lt", "lte")},
            "isNull": [True, False],
        },
        "language": {
            "eq": ["en", "EN", ""],
            "ne": ["en"],
            "in": [["en", "de", "en"], []],
            "notIn": [["en", "de"], []],
            "startsWith": ["en", "e%", "", "_", "\\"],
            "isNull": [True, False],
        },
        "verifiedPurchase": {"eq": [True, False], "isNull": [True, False]},
        "productId": {
            operator: [product, nobody, other_type, "no id", ""] for operator in ("eq", "ne")
        }
        | {operator: [[product, nobody], ["no id"], []] for operator in ("in", "notIn")}
        | {"isNull": [True, False]},
        "advocateId": {
            "eq": [advocate],
            "ne": [advocate],
            "in": [[advocate], []],
            "notIn": [[advocate], []],
            "isNull": [True, False],
        },
        "submittedAt": {operator: [moment] for operator in ("gt", "gte", "lt", "lte")}
        | {"isNull": [True, False]},
        "publishedAt": {operator: [at(309).isoformat()] for operator in ("gt", "gte", "lt", "lte")}
        | {"isNull": [True, False]},
    }
