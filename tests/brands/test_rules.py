"""What a brand must look like."""

from dataclasses import replace

import pytest

from app.brands.problems import BadBrand
from app.brands.rules import NewBrand, NewTrigger, fold_tag, is_tag, why_not_create

FULL_WIDTH = "".join(chr(ord(letter) + 0xFEE0) for letter in "AmazonCart")
WITH_OMICRON = "Amaz\N{GREEK SMALL LETTER OMICRON}nCart"

ACME = NewBrand(
    slug="acme",
    name="Acme Boots",
    x_user_id=1510000000000000001,
    x_handle="AcmeBoots",
    marketplaces=["US", "UK"],
    triggers=[NewTrigger("AmazonCart", "US"), NewTrigger("AmazonBasket", "UK")],
)


def test_a_whole_brand_may_be_made() -> None:
    assert why_not_create(ACME) is None


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        (replace(ACME, slug="Acme Boots"), "slug"),
        (replace(ACME, slug="-acme"), "slug"),
        (replace(ACME, slug="a" * 64), "slug"),
        (replace(ACME, name="   "), "name"),
        (replace(ACME, x_handle="@AcmeBoots"), "X handle"),
        (replace(ACME, x_handle="a" * 16), "X handle"),
        (replace(ACME, x_user_id=0), "X user id"),
        (replace(ACME, x_user_id=2**63), "X user id"),
        (replace(ACME, marketplaces=[]), "marketplaces"),
        (replace(ACME, marketplaces=["US", "US"]), "twice"),
        (replace(ACME, marketplaces=["us"]), "marketplace 'us'"),
        (replace(ACME, triggers=[]), "triggers"),
        (replace(ACME, triggers=[NewTrigger("#AmazonCart", "US")]), "without its #"),
        (replace(ACME, triggers=[NewTrigger("AmazonKorb", "DE")]), "does not sell"),
        (
            replace(
                ACME, triggers=[NewTrigger("amazoncart", "US"), NewTrigger("AmazonCart", "UK")]
            ),
            "same hashtag",
        ),
    ],
)
def test_a_wrong_value_is_named(wrong: NewBrand, named: str) -> None:
    problem = why_not_create(wrong)

    assert isinstance(problem, BadBrand)
    assert named in problem.message


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("AmazonCart", "amazoncart", True),
        (FULL_WIDTH, "AmazonCart", True),
        ("Straße", "STRASSE", True),
        (WITH_OMICRON, "AmazonCart", False),
        ("AmazonCart", "AmazonCarts", False),
    ],
)
def test_hashtags_compare_by_form_and_case_but_not_by_looks(
    left: str, right: str, same: bool
) -> None:
    assert (fold_tag(left) == fold_tag(right)) is same


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("AmazonCart", True),
        ("アマゾンカート", True),
        ("cart_2026", True),
        ("2026", False),
        ("___", False),
        ("", False),
        ("two words", False),
        ("#AmazonCart", False),
        ("a" * 101, False),
    ],
)
def test_what_can_be_a_hashtag(text: str, is_one: bool) -> None:
    assert is_tag(text) is is_one
