"""The guard: which addresses may be called, and that no form of another one is ever reached.

A server on the loopback stands for all that must not be reached.
"""

import aiohttp
import pytest

from app.core.http import (
    PUBLIC,
    URL_CHARACTERS_MAX,
    Guard,
    Unreachable,
    is_public,
    open_guarded,
)
from tests.core.http_servers import Names, a_server, answering, never


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "93.184.215.14",
        "2606:4700:4700::1111",
        "2a00:1450:4001:81b::200e",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
        "2002:808:808::1",
    ],
)
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.255.255.254",
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "100.64.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.0.0.9",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:0:127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a00:1",
        "64:ff9b:1::808:808",
        "100::1",
        "2001::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:2::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:a00:1::1",
        "2002:c0a8:101::1",
        "3fff::1",
        "5f00::1",
        "4000::1",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "",
        "localhost",
        "127.1",
        "0x7f.1",
        "2130706433",
        "8.8.8.8 ",
        "not an address",
    ],
)
def test_every_other_address_is_not_public_however_it_is_wrapped(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "https://amzn.to/4acmeBt",
        "http://amzn.to/4acmeBt",
        "https://amzn.to:443/x",
        "http://amzn.to:80/x",
        "http://amzn.to:443/x",
        "HTTPS://AMZN.TO/x",
    ],
)
def test_urls_of_the_web_may_be_called(url: str) -> None:
    assert PUBLIC.permits_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "amzn.to/x",
        "//amzn.to/x",
        "/x",
        "ftp://amzn.to/x",
        "file:///etc/passwd",
        "gopher://amzn.to/x",
        "javascript:alert(1)",
        "data:text/plain,x",
        "https://",
        "https:///x",
        "https://user@amzn.to/x",
        "https://user:secret@amzn.to/x",
        "https://@amzn.to/x",
        "https://amzn.to:22/x",
        "https://amzn.to:8443/x",
        "https://amzn.to:99999/x",
        "https://amzn.to:x/",
        "https://[::1/x",
        "https://amzn.to\\@evil.example/x",
        "https://amzn.to/\r\nHost: evil.example",
        "https://amzn.to/\0",
        "https://amzn.to/" + "x" * URL_CHARACTERS_MAX,
    ],
)
def test_urls_of_another_form_may_not(url: str) -> None:
    assert not PUBLIC.permits_url(url)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "0x7f.1",
        "0x7f000001",
        "2130706433",
        "017700000001",
        "0177.0.0.1",
        "0.0.0.0",
        "0",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[0:0:0:0:0:0:0:1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[2001:0:4136:e378:8000:63bf:80ff:fffe]",
        "[fe80::1%25lo]",
        "\u2460\u2461\u2466.\u24ea.\u24ea.\u2460",
        "\uff11\uff12\uff17.\uff10.\uff10.\uff11",
        "127\u30020\u30020\u30021",
    ],
)
async def test_no_form_of_an_address_reaches_the_loopback(host: str) -> None:
    async with a_server(answering("HTTP/1.1 200 OK")) as server:
        guard = Guard(ports=frozenset({server.port}))
        async with open_guarded(guard) as client:
            try:
                led = await client.follow(server.url(host), until=never)
            except Unreachable:
                led = None

        assert led is None
        assert server.connections == 0


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "::1", "::ffff:127.0.0.1", "0.0.0.0", "10.0.0.1", "169.254.169.254"],
)
async def test_no_name_reaches_what_it_resolves_to_if_that_is_private(address: str) -> None:
    async with a_server(answering("HTTP/1.1 200 OK")) as server:
        guard = Guard(ports=frozenset({server.port}))
        names = Names(innocent_example=address)
        async with open_guarded(guard, resolver=names) as client:
            with pytest.raises(Unreachable):
                await client.follow(server.url("innocent.example"), until=never)

        assert server.connections == 0


def test_the_connector_knows_the_hook_that_the_guard_relies_on() -> None:
    assert "socket_factory" in aiohttp.TCPConnector.__init__.__annotations__
