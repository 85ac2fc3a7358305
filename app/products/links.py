"""What a link in a post leads to, by its text alone: the URL is parsed, then hosts are allowed.

A host counts only as a whole: `amazon.com.evil.example` and `https://amazon.com@evil.example` are
not Amazon. An ASIN is found by the path form that names it, never by "any ten characters".
"""

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

URL_CHARACTERS_MAX = 4096

MARKETPLACE_BY_DOMAIN = MappingProxyType(
    {
        "amazon.com": "US",
        "amazon.ca": "CA",
        "amazon.com.mx": "MX",
        "amazon.com.br": "BR",
        "amazon.co.uk": "UK",
        "amazon.ie": "IE",
        "amazon.de": "DE",
        "amazon.fr": "FR",
        "amazon.it": "IT",
        "amazon.es": "ES",
        "amazon.nl": "NL",
        "amazon.se": "SE",
        "amazon.pl": "PL",
        "amazon.com.be": "BE",
        "amazon.com.tr": "TR",
        "amazon.ae": "AE",
        "amazon.sa": "SA",
        "amazon.eg": "EG",
        "amazon.in": "IN",
        "amazon.co.jp": "JP",
        "amazon.sg": "SG",
        "amazon.com.au": "AU",
        "amazon.co.za": "ZA",
    }
)
"""Amazon's shops by registrable domain."""

DOMAIN_BY_MARKETPLACE = MappingProxyType(
    {marketplace: domain for domain, marketplace in MARKETPLACE_BY_DOMAIN.items()}
)
"""The same the other way round: each marketplace has one shop."""

SHORT_HOSTS = frozenset({"amzn.to", "a.co", "amzn.eu", "amzn.asia"})
"""Hosts whose links must be followed to know the product."""

_SUBDOMAINS = ("", "www.", "smile.", "m.")
_HOSTS = MappingProxyType(
    {
        subdomain + domain: marketplace
        for domain, marketplace in MARKETPLACE_BY_DOMAIN.items()
        for subdomain in _SUBDOMAINS
    }
)
_PORTS = MappingProxyType({"http": 80, "https": 443})

_ASIN = re.compile(r"[A-Z0-9]{10}")
_PATH = re.compile(
    r"""
    (?:^|/) (?: dp | gp/product | gp/aw/d | gp/offer-listing | product-reviews | product
              | exec/obidos/ASIN | exec/obidos/tg/detail/- | o/ASIN )
    / ([A-Za-z0-9]{10}) (?: / | $ )
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class ProductLink:
    """A product's page. The id (an ASIN) is unique only within the marketplace."""

    marketplace: str
    retailer_product_id: str


@dataclass(frozen=True, slots=True)
class NotAProduct:
    """A page of an allowed shop that is no product's."""

    marketplace: str


@dataclass(frozen=True, slots=True)
class ShortLink:
    """A shop's short link: where it leads is not in its text."""

    url: str


@dataclass(frozen=True, slots=True)
class ForeignLink:
    """A page of no allowed shop, or no URL at all."""


Target: TypeAlias = ProductLink | NotAProduct | ShortLink | ForeignLink


def target_of(
    url: str, *, expanded_url: str | None = None, unwound_url: str | None = None
) -> Target:
    """Where a link leads, by what X says of it: the unwound URL first, then the expanded one.

    `url` is X's own wrapper and says nothing; it counts only where X gave nothing else.
    """
    return read(unwound_url or expanded_url or url)


def read(url: str) -> Target:
    """Where *url* itself leads."""
    parts = _split(url)
    if parts is None or not parts.hostname:
        return ForeignLink()
    host = parts.hostname.removesuffix(".")
    if host in SHORT_HOSTS:
        return ShortLink(url)
    marketplace = _HOSTS.get(host)
    if marketplace is None:
        return ForeignLink()
    product_id = _product_id(parts)
    return ProductLink(marketplace, product_id) if product_id else NotAProduct(marketplace)


def _split(url: str) -> SplitResult | None:
    """The URL's parts; None where it has a user, a strange port or scheme, or cannot be parsed."""
    if len(url) > URL_CHARACTERS_MAX or not url.isprintable() or "\\" in url:
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    default = _PORTS.get(parts.scheme)
    if default is None or port not in (None, default) or "@" in parts.netloc:
        return None
    return parts


def _product_id(parts: SplitResult) -> str | None:
    """The product's id in the path, else in the query `asin=`; None where neither names one."""
    found = _PATH.search(unquote(parts.path))
    candidates = [found.group(1)] if found else []
    try:
        query = parse_qs(parts.query, max_num_fields=50)
    except ValueError:
        query = {}
    candidates += [value for name in query if name.lower() == "asin" for value in query[name]]
    for candidate in candidates:
        if is_asin(asin := candidate.upper()):
            return asin
    return None


def canonical_url(marketplace: str, asin: str) -> str:
    """The address of a product's page without anything that is only somebody's.

    Raises:
        KeyError: the marketplace is none of the shop's.
    """
    return f"https://www.{DOMAIN_BY_MARKETPLACE[marketplace]}/dp/{asin}"


def is_asin(text: str) -> bool:
    """Whether *text* can be an ASIN: `B` and nine more, or a book's ISBN-10 with its check digit.

    Source:
        ISO 2108:2005 annex C, the ISBN-10 check digit (modulo 11, ten is written X).
    """
    if not _ASIN.fullmatch(text):
        return False
    return text[0] == "B" or _is_isbn10(text)


def _is_isbn10(text: str) -> bool:
    if not (text[:9].isdecimal() and (text[9].isdecimal() or text[9] == "X")):
        return False
    digits = [10 if letter == "X" else int(letter) for letter in text]
    return (
        sum(weight * digit for weight, digit in zip(range(10, 0, -1), digits, strict=True)) % 11
        == 0
    )
