"""Links: which lead to a product, and which only look as if they did."""

import pytest

from app.products.links import (
    MARKETPLACE_BY_DOMAIN,
    URL_CHARACTERS_MAX,
    ForeignLink,
    NotAProduct,
    ProductLink,
    ShortLink,
    is_asin,
    read,
    target_of,
)

ASIN = "B0ACMEBT01"
PRODUCT = ProductLink("US", ASIN)


@pytest.mark.parametrize(
    "path",
    [
        f"/dp/{ASIN}",
        f"/dp/{ASIN}/",
        f"/dp/{ASIN}?tag=acme-20",
        f"/dp/{ASIN}#reviews",
        f"/dp/{ASIN.lower()}",
        f"/Acme-Trail-Boot/dp/{ASIN}/ref=sr_1_1?tag=acme-20",
        f"/%E5%95%86%E5%93%81/dp/{ASIN}",
        f"/gp/product/{ASIN}",
        f"/gp/aw/d/{ASIN}",
        f"/gp/offer-listing/{ASIN}",
        f"/exec/obidos/ASIN/{ASIN}",
        f"/exec/obidos/tg/detail/-/{ASIN}/103-1",
        f"/o/ASIN/{ASIN}",
        f"/product-reviews/{ASIN}",
        f"/Acme-Boot/product-reviews/{ASIN}/ref=x",
        f"/product/{ASIN}",
        f"/anything?asin={ASIN}",
        f"/anything?x=1&ASIN={ASIN}",
    ],
)
def test_each_form_of_a_products_address_names_the_product(path: str) -> None:
    assert read(f"https://www.amazon.com{path}") == PRODUCT


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/stores/page/5B0E7C7A-0001-4C1B-9F3A-ACMEBOOTS001",
        f"/{ASIN}",
        "/dp/B0ACMEBT0",
        "/dp/B0ACMEBT011",
        "/dp/0306406153",
        "/dp/TRAILBOOTS",
        f"/adp/{ASIN}",
        f"/gp/help/{ASIN}",
        f"/dp/x/{ASIN}",
        "/hz/wishlist/ls/2ABCDEFGH1",
        "/s?k=B0ACMEBT01",
        "/x?asin=short",
    ],
)
def test_another_page_of_the_shop_is_no_product(path: str) -> None:
    assert read(f"https://www.amazon.com{path}") == NotAProduct("US")


@pytest.mark.parametrize(("domain", "marketplace"), MARKETPLACE_BY_DOMAIN.items())
@pytest.mark.parametrize("subdomain", ["", "www.", "smile.", "m.", "WWW."])
def test_the_host_tells_the_marketplace(subdomain: str, domain: str, marketplace: str) -> None:
    assert read(f"https://{subdomain}{domain}/dp/{ASIN}") == ProductLink(marketplace, ASIN)


@pytest.mark.parametrize(
    "url",
    [
        f"https://www.amazon.com.evil.example/dp/{ASIN}",
        f"https://www.amazon.com@evil.example/dp/{ASIN}",
        f"https://evil.example@www.amazon.com/dp/{ASIN}",
        f"https://user:secret@www.amazon.com/dp/{ASIN}",
        f"https://evil.example/https://www.amazon.com/dp/{ASIN}",
        f"https://evil.example\\@www.amazon.com/dp/{ASIN}",
        f"https://xn--amazn-mye.com/dp/{ASIN}",
        f"https://www.\u0430mazon.com/dp/{ASIN}",
        f"https://www.amazon.com:8443/dp/{ASIN}",
        f"https://www.amazon.com:x/dp/{ASIN}",
        f"https://www.amazon.co/dp/{ASIN}",
        f"https://www.notamazon.com/dp/{ASIN}",
        f"https://sellercentral.amazon.com/dp/{ASIN}",
        f"ftp://www.amazon.com/dp/{ASIN}",
        f"javascript://www.amazon.com/dp/{ASIN}",
        f"//www.amazon.com/dp/{ASIN}",
        f"www.amazon.com/dp/{ASIN}",
        f"https://www.amazon.com\n.evil.example/dp/{ASIN}",
        f"https://www.amazon.com/dp/{ASIN}?" + "x" * URL_CHARACTERS_MAX,
        "https://[::1/dp/B0ACMEBT01",
        "https://",
        "not a link",
        "",
    ],
)
def test_a_look_alike_is_foreign(url: str) -> None:
    assert read(url) == ForeignLink()


@pytest.mark.parametrize(
    "url",
    [
        f"https://www.amazon.com:443/dp/{ASIN}",
        f"http://amazon.com:80/dp/{ASIN}",
        f"https://www.amazon.com./dp/{ASIN}",
    ],
)
def test_the_schemes_own_port_and_a_final_dot_change_nothing(url: str) -> None:
    assert read(url) == PRODUCT


@pytest.mark.parametrize("host", ["amzn.to", "a.co", "amzn.eu", "amzn.asia"])
def test_a_short_link_does_not_tell_where_it_leads(host: str) -> None:
    assert read(f"https://{host}/4acmeBt") == ShortLink(f"https://{host}/4acmeBt")


def test_what_x_unwound_counts_before_what_it_expanded() -> None:
    product, short = f"https://www.amazon.com/dp/{ASIN}", "https://amzn.to/4acmeBt"

    assert target_of("https://t.co/x", expanded_url=short, unwound_url=product) == PRODUCT
    assert target_of("https://t.co/x", expanded_url=product) == PRODUCT
    assert target_of("https://t.co/x", expanded_url=short) == ShortLink(short)
    assert target_of("https://t.co/x") == ForeignLink()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("B0ACMEBT01", True),
        ("0306406152", True),
        ("080442957X", True),
        ("0306406153", False),
        ("0804429570", False),
        ("X804429570", False),
        ("b0acmebt01", False),
        ("B0ACMEBT0", False),
        ("B0ACMEBT0\u0661", False),
    ],
)
def test_an_asin_begins_with_b_or_is_an_isbn(text: str, *, expected: bool) -> None:
    assert is_asin(text) is expected
