"""Amazon: links that the shopper opens, for whatever is well formed, and nothing else."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from app.products.facts import Found, Reference, Unknown
from app.products.links import MARKETPLACE_BY_DOMAIN
from app.retailers.adapter import HandOff, Line, Refusal, Refused
from app.retailers.amazon import Amazon

DEADLINE = timedelta(seconds=5)


def a_line(**changes: Any) -> Line:
    usual: dict[str, Any] = {
        "idempotency_key": "k",
        "account": None,
        "marketplace": "US",
        "retailer_product_id": "B0ACMEBT01",
        "quantity": 1,
    }
    return Line(**(usual | changes))


async def test_a_line_is_handed_off_to_the_cart_form_of_its_marketplace() -> None:
    lines = [a_line(affiliate_tag="acme-20"), a_line(marketplace="UK", quantity=3)]

    assert await Amazon().add(lines, deadline=DEADLINE) == [
        HandOff(
            url="https://www.amazon.com/gp/aws/cart/add.html"
            "?ASIN.1=B0ACMEBT01&Quantity.1=1&AssociateTag=acme-20"
        ),
        HandOff(url="https://www.amazon.co.uk/gp/aws/cart/add.html?ASIN.1=B0ACMEBT01&Quantity.1=3"),
    ]


@pytest.mark.parametrize(("domain", "marketplace"), MARKETPLACE_BY_DOMAIN.items())
async def test_each_marketplace_has_its_own_site(domain: str, marketplace: str) -> None:
    [outcome] = await Amazon().add([a_line(marketplace=marketplace)], deadline=DEADLINE)

    assert isinstance(outcome, HandOff)
    assert urlsplit(outcome.url).hostname == f"www.{domain}"


async def test_a_tag_cannot_change_the_address() -> None:
    tag = "acme-20&ASIN.2=B0EVIL0000#x"

    [outcome] = await Amazon().add([a_line(affiliate_tag=tag)], deadline=DEADLINE)

    assert isinstance(outcome, HandOff)
    assert parse_qs(urlsplit(outcome.url).query) == {
        "ASIN.1": ["B0ACMEBT01"],
        "Quantity.1": ["1"],
        "AssociateTag": [tag],
    }


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"marketplace": "XX"}, Refusal.MARKETPLACE_MISMATCH),
        ({"retailer_product_id": "0306406153"}, Refusal.NOT_A_PRODUCT),
        ({"retailer_product_id": "boot"}, Refusal.NOT_A_PRODUCT),
    ],
)
async def test_what_amazon_cannot_have_is_refused_for_good(
    changes: dict[str, Any], reason: Refusal
) -> None:
    [outcome] = await Amazon().add([a_line(**changes)], deadline=DEADLINE)

    assert isinstance(outcome, Refused)
    assert (outcome.reason, outcome.retryable) == (reason, False)


async def test_every_well_formed_asin_on_a_marketplace_is_found_and_nothing_is_told_of_it() -> None:
    asked = [
        Reference("US", "B0ACMEBT01"),
        Reference("DE", "080442957X"),
        Reference("US", "0306406153"),
        Reference("XX", "B0ACMEBT01"),
    ]

    told = await Amazon().look_up(asked, deadline=DEADLINE)

    assert told == [Found(), Found(), Unknown(), Unknown()]


async def test_amazon_takes_nothing_back_and_links_no_account() -> None:
    amazon = Amazon()

    [removal] = await amazon.remove([a_line()], deadline=DEADLINE)
    account = await amazon.open_account(idempotency_key="a", marketplace="US", deadline=DEADLINE)

    for outcome in (removal, account):
        assert isinstance(outcome, Refused)
        assert (outcome.reason, outcome.retryable) == (Refusal.RETAILER_REJECTED, False)
        assert outcome.detail
