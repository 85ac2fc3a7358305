"""Links: which lead to a product, and which only look as if they did."""

import pytest

from app.products.links import (
    MARKETPLACE_BY_DOMAIN,
    URL_CHARACTERS_MAX,
    ForeignLink,
    NotAProduct,
    ProductLink,
    ShortLink,
    canonical_url,
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
        f"/anything?asin=short&asin={ASIN}",
        f"/anything?asin={ASIN.lower()}",
        f"/dp//{ASIN}/../dp/{ASIN}",
        f"//dp/{ASIN}",
        f"/-/en/dp/{ASIN}",
        f"/Acme-Trail-Boot/gp/product/{ASIN}/ref=x",
        f"/gp/aw/d/{ASIN}/ref=mp_s_a_1_1",
        f"/exec/obidos/ASIN/{ASIN}/acme-20",
        f"/o/ASIN/{ASIN}/ref=nosim",
        f"/dp/{ASIN}%2Fref=x",
        f"/%64%70/{ASIN}",
        f"/dp/{ASIN}?asin=B0OTHERAS1",
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
        "/x?asin=",
        "/x?noasin=B0ACMEBT01",
        "/x#/dp/B0ACMEBT01",
        f"/dp/{ASIN}x",
        f"/dp/{ASIN};x=1",
        f"/dpx/{ASIN}",
        f"/gp/productx/{ASIN}",
        f"/obidos/ASIN/{ASIN}",
        f"/exec/obidos/tg/detail/{ASIN}",
        f"/asin/{ASIN}",
        "/dp/B0ACMEBT0\u0661",
        "/dp/\uff22\uff10\uff21\uff23\uff2d\uff25\uff22\uff34\uff10\uff11",
        "/dp/080442957x0",
        "/dp/0804429570",
        "/dp/9780306406",
        "/dp/A0ACMEBT01",
        "/x?" + "a=1&" * 100 + f"asin={ASIN}",
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
        f"https://amazon.com.evil.example/dp/{ASIN}",
        f"https://evil-amazon.com/dp/{ASIN}",
        f"https://amazon-com.example/dp/{ASIN}",
        f"https://amazon.com-deals.example/dp/{ASIN}",
        f"https://amazon.evil.example/dp/{ASIN}",
        f"https://www.amazon.com%2eevil.example/dp/{ASIN}",
        f"https://www.amazon.com%00.evil.example/dp/{ASIN}",
        f"https://www.amazon.com#@evil.example/dp/{ASIN}?x=" + "x" * URL_CHARACTERS_MAX,
        f"https://evil.example#@www.amazon.com/dp/{ASIN}",
        f"https://evil.example?@www.amazon.com/dp/{ASIN}",
        f"https://@www.amazon.com/dp/{ASIN}",
        f"https://www.amazon.com:@evil.example/dp/{ASIN}",
        f"https://www.amazon.com../dp/{ASIN}",
        f"https://.amazon.com/dp/{ASIN}",
        f"https://www..amazon.com/dp/{ASIN}",
        f"https://www.www.amazon.com/dp/{ASIN}",
        f"https://amazon.com.au.evil.example/dp/{ASIN}",
        f"https://amazon.org/dp/{ASIN}",
        f"https://amazon.net/dp/{ASIN}",
        f"https://amazon/dp/{ASIN}",
        f"https://xn--www-amazon-4vc.com/dp/{ASIN}",
        f"https://www.xn--mazon-3ve.com/dp/{ASIN}",
        f"https://www.amaz\u043en.com/dp/{ASIN}",
        f"https://www.amazon\u3002com/dp/{ASIN}",
        f"https://www.amazon\uff0ecom/dp/{ASIN}",
        f"https://www.\uff41mazon.com/dp/{ASIN}",
        f"https://www.amazon.com\u200b/dp/{ASIN}",
        f"https://www.amazon.com\u2044dp/{ASIN}",
        f"https://www.amazon.com:80/dp/{ASIN}",
        f"http://www.amazon.com:443/dp/{ASIN}",
        f"https://www.amazon.com:0/dp/{ASIN}",
        f"https://www.amazon.com:65536/dp/{ASIN}",
        f"https:www.amazon.com/dp/{ASIN}",
        f"https:/www.amazon.com/dp/{ASIN}",
        f"https:///www.amazon.com/dp/{ASIN}",
        f"data:text/html,https://www.amazon.com/dp/{ASIN}",
        "https://amzn.to.evil.example/4acmeBt",
        "https://www.amzn.to.example/4acmeBt",
        "https://user@amzn.to/4acmeBt",
        "https://amzn.to:8080/4acmeBt",
        "https://amzn.com/4acmeBt",
        "https://b.co/4acmeBt",
        "https://52.94.236.248/dp/B0ACMEBT01",
        "https://[::1/dp/B0ACMEBT01",
        "https://[v1.amazon.com]/dp/B0ACMEBT01",
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
        ("B0ACMEBT011", False),
        ("B0ACME-T01", False),
        ("B0ACMEBT01\n", False),
        ("B000000000", True),
        ("0000000000", True),
        ("1000000000", False),
        ("0987654321", False),
        ("0987654322", True),
        ("097522980X", True),
        ("097522980x", False),
        ("09752298X0", False),
        ("\u0660306406152", False),
        ("A0ACMEBT01", False),
        ("9780306406", False),
        ("", False),
    ],
)
def test_an_asin_begins_with_b_or_is_an_isbn(text: str, *, expected: bool) -> None:
    assert is_asin(text) is expected


@pytest.mark.parametrize("position", range(9))
def test_every_digit_of_an_isbn_counts_in_its_check_digit(position: int) -> None:
    right = "0306406152"
    for digit in set("0123456789") - {right[position]}:
        assert not is_asin(right[:position] + digit + right[position + 1 :])


@pytest.mark.parametrize(("domain", "marketplace"), MARKETPLACE_BY_DOMAIN.items())
def test_the_canonical_address_leads_back_to_the_product(domain: str, marketplace: str) -> None:
    url = canonical_url(marketplace, ASIN)

    assert url == f"https://www.{domain}/dp/{ASIN}"
    assert read(url) == ProductLink(marketplace, ASIN)


ENDINGS = (
    ("com", "co.uk", "de", "fr", "it", "es", "ca", "co.jp", "in", "com.mx", "com.br", "com.au"),
    ("nl", "se", "pl", "sg", "ae", "sa", "eg", "com.tr", "com.be", "ie", "co.za"),
)


def test_marketplaces_are_those_that_amazon_has_shops_for() -> None:
    assert set(MARKETPLACE_BY_DOMAIN) == {f"amazon.{ending}" for row in ENDINGS for ending in row}
