"""What a product must look like, value by value."""

from typing import Any

import pytest

from app.products.facts import (
    KEEP,
    Found,
    NewProduct,
    Option,
    Price,
    ProductChanges,
)
from app.products.problems import BadProduct
from app.products.rules import changed_fields, told_fields, why_not_add, why_not_change
from app.products.states import Availability, ProductKind


def a_product(**changes: Any) -> NewProduct:
    usual: dict[str, Any] = {"marketplace": "US", "retailer_product_id": "B0ACMENEW9"}
    return NewProduct(**(usual | changes))


GOOD = {
    "title": "Acme Gloves",
    "description": "Warm.",
    "image_url": "https://images.example/gloves.png",
    "price": Price(2900, "USD"),
    "options": (Option("size", ["S", "M"]),),
}


def test_a_product_needs_no_more_than_its_name_at_the_retailer() -> None:
    assert why_not_add(a_product()) is None
    assert why_not_add(a_product(**GOOD)) is None


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"marketplace": "XX"}, "marketplace"),
        ({"retailer_product_id": "gloves"}, "ASIN"),
        ({"retailer_product_id": "b0acmenew9"}, "ASIN"),
        ({"retailer_product_id": "0306406153"}, "ASIN"),
    ],
)
def test_a_product_must_be_one_that_a_link_can_lead_to(changes: dict[str, Any], word: str) -> None:
    problem = why_not_add(a_product(**changes))

    assert isinstance(problem, BadProduct)
    assert word in problem.message


BAD = [
    {"title": ""},
    {"title": "  "},
    {"title": "x" * 501},
    {"title": "a\0b"},
    {"title": "a\ud83d"},
    {"description": "x" * 5_001},
    {"description": "a\0b"},
    {"image_url": "http://images.example/x.png"},
    {"image_url": "javascript:alert(1)"},
    {"image_url": "https://"},
    {"image_url": "https://user@images.example/x.png"},
    {"image_url": "https://[::1/x.png"},
    {"image_url": "https://images.example/\n"},
    {"image_url": "https://images.example/" + "x" * 2_048},
    {"price": Price(-1, "USD")},
    {"price": Price(2**31, "USD")},
    {"price": Price(1, "usd")},
    {"price": Price(1, "US")},
    {"price": Price(1, "DOLLAR")},
    {"options": (Option("size", []),)},
    {"options": (Option("", ["S"]),)},
    {"options": (Option("size", [""]),)},
    {"options": (Option("size", ["x" * 101]),)},
    {"options": (Option("size", ["a\0b"]),)},
    {"options": (Option("size", ["S"] * 201),)},
    {"options": (Option("size", ["S"]),) * 21},
]


@pytest.mark.parametrize("changes", BAD)
def test_a_value_that_no_product_can_have_is_named(changes: dict[str, Any]) -> None:
    assert isinstance(why_not_change(ProductChanges(**changes)), BadProduct)
    assert isinstance(why_not_add(a_product(**changes)), BadProduct)


def test_what_is_kept_or_taken_away_needs_no_value() -> None:
    assert why_not_change(ProductChanges()) is None
    assert why_not_change(ProductChanges(description=None, image_url=None, price=None)) is None


def test_the_fields_that_a_retailer_tells_are_those_that_it_knows() -> None:
    assert told_fields(Found()) == []
    assert told_fields(Found(title="", amount_minor=1)) == []
    assert told_fields(
        Found(
            title="Boot",
            kind=ProductKind.PHYSICAL,
            availability=Availability.IN_STOCK,
            amount_minor=0,
            currency="USD",
        )
    ) == ["title", "kind", "availability", "price"]


def test_the_fields_that_a_brand_changes_are_those_that_it_names() -> None:
    assert changed_fields(ProductChanges(description="x", title=KEEP)) == []
    assert changed_fields(
        ProductChanges(
            title="x", kind=ProductKind.UNKNOWN, availability=Availability.UNKNOWN, price=None
        )
    ) == ["title", "kind", "availability", "price"]
