"""Calls to addresses that strangers name: only to public ones, every wait and length bounded.

A name may resolve to anything, and to something else a moment later. So the guard looks at the
address that is about to be connected to, at every connection; what was looked up before, or stands
in the URL, decides nothing. TLS still checks the name.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Any, TypeAlias
from urllib.parse import urljoin, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver

URL_CHARACTERS_MAX = 4096
HOPS_MAX = 5
"""Most requests that following one link makes."""

HOP_SECONDS_MAX = 5.0
FOLLOW_SECONDS_MAX = 10.0
"""From the first name looked up to the last hop's header; bodies are never read."""

CONNECTIONS_MAX = 20

_Network: TypeAlias = IPv4Network | IPv6Network
_DEFAULT_PORTS = {"http": 80, "https": 443}
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LATER = frozenset({408, 425, 429})

_NAT64 = IPv6Network("64:ff9b::/96")
_TEREDO = IPv6Network("2001::/32")
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_REFUSED = tuple(
    ip_network(text)
    for text in (
        "192.0.0.0/24",  # IETF protocol assignments, RFC 6890
        "192.88.99.0/24",  # the anycast of 6to4 relays, RFC 7526
        "198.18.0.0/15",  # benchmarks, RFC 2544
        "240.0.0.0/4",  # reserved, RFC 1112
        "2001:db8::/32",  # documentation, RFC 3849
        "3fff::/20",  # documentation, RFC 9637
        "5f00::/16",  # segment routing, RFC 9602
    )
)
"""What some versions of Python's `is_global` let pass."""


def is_public(address: str) -> bool:
    """Whether an IP address is one on the public internet, whichever way it is wrapped.

    IPv4 inside IPv6 (mapped, 6to4, NAT64) is judged as what it leads to. Teredo, local NAT64,
    multicast, site-local and all that is not global unicast are refused, as is no address.

    Source:
        IANA's special-purpose address registries (RFC 6890) and, for what Python's `is_global`
        leaves out, the RFCs named beside `_REFUSED`.
    """
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, IPv6Address):
        inner = _wrapped(found)
        if inner is None:
            return found in _GLOBAL_UNICAST and found not in _TEREDO and _is_plain(found)
        found = inner
    return _is_plain(found)


def _wrapped(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that packets to *address* end at, if it is only a wrapping."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour


def _is_plain(address: IPv4Address | IPv6Address) -> bool:
    refused = address.is_multicast or any(address in network for network in _REFUSED)
    return address.is_global and not refused


@dataclass(frozen=True)
class Guard:
    """What may be called. `networks` are permitted though not public: for tests and intranets."""

    ports: frozenset[int] = frozenset({80, 443})
    networks: tuple[_Network, ...] = ()

    def permits_address(self, address: str) -> bool:
        """Whether this IP address may be connected to."""
        if is_public(address):
            return True
        try:
            found = ip_address(address)
        except ValueError:
            return False
        return any(found in network for network in self.networks)

    def permits_url(self, url: str) -> bool:
        """Whether *url* has a form that may be called: its scheme, its port, no user in it.

        Where its name leads is judged at the connection.
        """
        if len(url) > URL_CHARACTERS_MAX or not url.isprintable() or "\\" in url:
            return False
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            return False
        default = _DEFAULT_PORTS.get(parts.scheme)
        if default is None or not parts.hostname or "@" in parts.netloc:
            return False
        return (default if port is None else port) in self.ports

    def open_socket(self, address: Any) -> socket.socket:
        """A socket for an address as `getaddrinfo` gives it, if that may be connected to.

        Raises:
            OSError: it may not.
        """
        family, kind, protocol, _, place = address
        if not self.permits_address(place[0]):
            raise OSError("The address is not public.")
        return socket.socket(family=family, type=kind, proto=protocol)


PUBLIC = Guard()
"""The internet, by the usual ports."""


class Unreachable(Exception):
    """There is no answer now. Whether nobody is there or nobody may be there is not told apart."""


@dataclass(frozen=True)
class GuardedClient:
    """Asks where links lead. Made by `open_guarded`."""

    guard: Guard
    session: aiohttp.ClientSession
    seconds: float

    async def follow(self, url: str, *, until: Callable[[str], bool]) -> str | None:
        """Where *url* leads: the first address on the way that *until* accepts, unasked itself.

        Else where the redirects end. None where they lead nowhere: refused by who answers, to an
        address of another form, or after `HOPS_MAX` hops still on their way.

        Raises:
            Unreachable: it may be asked again later.
        """
        try:
            async with asyncio.timeout(self.seconds):
                return await self._follow(url, until)
        except aiohttp.InvalidURL:
            return None
        except (aiohttp.ClientError, OSError, TimeoutError, UnicodeError):
            raise Unreachable from None

    async def _follow(self, url: str, until: Callable[[str], bool]) -> str | None:
        for _ in range(HOPS_MAX):
            if until(url):
                return url
            if not self.guard.permits_url(url):
                return None
            async with self.session.get(url, allow_redirects=False) as answer:
                status, location = answer.status, answer.headers.get("Location")
                answer.close()  # The body is nobody's affair, however long it is.
            if status in _LATER or status >= 500:
                raise Unreachable
            if status not in _REDIRECTS:
                return url if status < 300 else None
            if not location:
                return None
            url = _joined(url, location)
        return url if until(url) else None


def _joined(url: str, location: str) -> str:
    """The address that a redirect names; an empty one, which nobody may call, where none is."""
    if len(location) > URL_CHARACTERS_MAX:
        return ""
    try:
        return urljoin(url, location)
    except ValueError:
        return ""


@asynccontextmanager
async def open_guarded(
    guard: Guard = PUBLIC,
    *,
    resolver: AbstractResolver | None = None,
    seconds: float = FOLLOW_SECONDS_MAX,
) -> AsyncIterator[GuardedClient]:
    """A client that keeps no cookies, reads no environment and shares no connection.

    To follow one link takes *seconds* at most.
    """
    connector = aiohttp.TCPConnector(
        limit=CONNECTIONS_MAX,
        force_close=True,
        use_dns_cache=False,
        socket_factory=guard.open_socket,
        resolver=resolver,
    )
    timeout = aiohttp.ClientTimeout(total=HOP_SECONDS_MAX)
    async with aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=timeout,
        trust_env=False,
        auto_decompress=False,
        headers={"User-Agent": "Hashcart", "Accept-Encoding": "identity"},
    ) as session:
        yield GuardedClient(guard, session, seconds)
