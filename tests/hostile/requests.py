"""Hostile requests: raw bytes for a server, by kind. The same seed makes the same ones."""

from collections.abc import Callable, Sequence
from random import Random
from typing import TypeAlias

import orjson

from app.ingest.routes import BODY_BYTES_MAX
from app.x.signature import SIGNATURE_HEADER, sign
from tests.hostile.raw import Attempt, Headers, request, signed
from tests.needs import scale
from tests.walk import DOOR, SECRET

SLOW_SECONDS = 12.0
"""Longer than the door waits for a body."""

SLOW_SHARE = scale(small=0.0, check=0.01, soak=0.01)
PAUSE_SECONDS_MAX = 0.05
USELESS = b'{"data":{"event_type":"aurora.sighted","payload":{"id":"1"}}}'
"""Signed, it is answered 200 and changes nothing."""

Kind: TypeAlias = Callable[[Random, bytes], Attempt]

REFUSED = frozenset(range(400, 500))
ANY = frozenset(range(100, 500))


class Attacker:
    """Makes attempts. *replies* are payloads that would change something, were they let in."""

    def __init__(self, seed: int, replies: Sequence[bytes]) -> None:
        self._random = Random(seed)
        self._replies = replies

    def make(self) -> Attempt:
        """The next attempt."""
        random = self._random
        kinds = SLOW if random.random() < SLOW_SHARE else QUICK
        return random.choice(kinds)(random, random.choice(self._replies))


def _bad_signature(random: Random, body: bytes) -> Attempt:
    good = sign(SECRET, body)
    forged = (
        b"",
        b"sha256=",
        sign("another secret", body).encode(),
        sign(SECRET, body + b" ").encode(),
        good[:-1].encode(),
        good.removeprefix("sha256=").encode(),
        good.replace("sha256", "SHA256").encode(),
        good.replace("sha256", "sha1").encode(),
        good.swapcase().encode(),
        b"sha256=" + bytes(random.randrange(128, 256) for _ in range(30)),
        b"sha256=" + b"A" * 5_000,
        f"{good},{good}".encode(),
    )
    header = (SIGNATURE_HEADER.encode(), random.choice(forged))
    attached = random.choice(([header], [header, header], []))
    return Attempt("bad signature", (request(body, headers=attached),), frozenset({401}))


def _another_body(random: Random, body: bytes) -> Attempt:
    """A signature that belongs to a body which was changed on the way."""
    at = random.randrange(len(body))
    changed = bytearray(body)
    changed[at] ^= 1 << random.randrange(8)
    raw = request(bytes(changed), headers=[signed(body)])
    return Attempt("changed body", (raw,), frozenset({401}))


def _method(random: Random, body: bytes) -> Attempt:
    names = (b"PUT", b"DELETE", b"PATCH", b"OPTIONS", b"TRACE", b"BREW", b"post", b"P" * 3_000)
    raw = request(body, method=random.choice(names), headers=[signed(body)])
    return Attempt("method", (raw,), REFUSED)


def _headers(random: Random, body: bytes) -> Attempt:
    strange: tuple[Headers, ...] = (
        [(b"x-noise", b"n" * 70_000)],
        [(b"x-%d" % number, b"n") for number in range(1_000)],
        [(b"x-nul", b"a\x00b")],
        [(b"bad name", b"n")],
        [(b"", b"n")],
        [(b"x-folded", b"a\r\n b")],
        [(b"x-bytes", bytes(range(128, 256)))],
        [(b"Host", b"other.example")],
        [(b"Expect", b"100-continue")],
        [(b"Upgrade", b"h2c"), (b"HTTP2-Settings", b"AAMAAABkAAQAAP__")],
        [(b"Content-Encoding", b"gzip")],
        [(b"X-HTTP-Method-Override", b"GET")],
        [(b"X-Forwarded-For", b"127.0.0.1"), (b"Forwarded", b"for=_hidden")],
    )
    raw = request(body, headers=random.choice(strange), host=random.random() < 0.9)
    return Attempt("headers", (raw,), ANY - {200}, silent=True)


def _length(random: Random, body: bytes) -> Attempt:
    lengths = (
        b"-1",
        b"+5",
        b"abc",
        b"1e3",
        b"9" * 30,
        b"0x10",
        b"5, 6",
        b" ",
        b"1 2",
        b"18446744073709551617",
    )
    raw = request(body, headers=[(SIGNATURE_HEADER.encode(), b"x")], length=random.choice(lengths))
    return Attempt("content-length", (raw,), REFUSED, silent=True)


def _two_lengths(random: Random, body: bytes) -> Attempt:
    """Two lengths, or a length beside chunks: a request may hide behind another."""
    hidden = request(body, headers=[(SIGNATURE_HEADER.encode(), b"x")])
    other = random.choice(
        (
            (b"Content-Length", b"0"),
            (b"Transfer-Encoding", b"chunked"),
            (b"Transfer-Encoding", b"x"),
        )
    )
    raw = request(b"0\r\n\r\n" + hidden, headers=[other])
    return Attempt("two lengths", (raw,), REFUSED, silent=True)


def _short(random: Random, body: bytes) -> Attempt:
    """A body that ends before its length says, or goes on after it."""
    said = random.choice((len(body) * 2, len(body) + 1, 10**9, len(body) // 2, 1))
    raw = request(body, headers=[signed(body)], length=b"%d" % said)
    return Attempt("wrong length", (raw,), REFUSED, silent=True)


def _chunks(random: Random, body: bytes) -> Attempt:
    chunked: Headers = [(b"Transfer-Encoding", b"chunked"), (SIGNATURE_HEADER.encode(), b"x")]
    half = len(body) // 2
    bodies = (
        b"zz\r\n" + body,
        b"-5\r\n" + body,
        b"f" * 40 + b"\r\n" + body,
        b"%x\r\n" % len(body) + body,
        b"%x;%b\r\n" % (len(body), b"e" * 20_000) + body + b"\r\n0\r\n\r\n",
        b"%x\r\n%b\r\n0\r\nx-trailer: %b\r\n\r\n" % (len(body), body, b"t" * 20_000),
        b"%x\r\n%bXX%x\r\n%b\r\n0\r\n\r\n" % (half, body[:half], half, body[half:]),
        b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n",
        b"0\r\n\r\n" + body,
        b"\r\n\r\n0\r\n\r\n",
    )
    raw = request(random.choice(bodies), headers=chunked, length=b"")
    return Attempt("chunks", (raw,), REFUSED, silent=True)


def _too_long(random: Random, body: bytes) -> Attempt:
    size = random.choice((BODY_BYTES_MAX + 1, 2 * BODY_BYTES_MAX))
    long = body[:-1] + b" " * (size - len(body)) + body[-1:]
    return Attempt("too long", (request(long, headers=[signed(long)]),), frozenset({413}))


def _no_json(random: Random, body: bytes) -> Attempt:
    """Signed, and still no JSON object."""
    texts = (
        b"",
        b"[]",
        b"null",
        b"7",
        b'"text"',
        body[:-1],
        body + b"}",
        b"\xff" + body,
        b"[" * 9_000,
    )
    text = random.choice(texts)
    return Attempt("no JSON", (request(text, headers=[signed(text)]),), frozenset({400}))


def _useless(random: Random, body: bytes) -> Attempt:
    kinds = (
        b"text/plain",
        b"application/xml",
        b"multipart/form-data; boundary=",
        b"\xff/\xfe",
        b"",
    )
    headers = [signed(USELESS), (b"Content-Type", random.choice(kinds))]
    return Attempt("useless", (request(USELESS, headers=headers),), frozenset({200}))


def _crc(random: Random, body: bytes) -> Attempt:
    queries = (
        b"",
        b"?crc_token=",
        b"?crc=1",
        b"?crc_token",
        b"?CRC_TOKEN=1",
        b"?&=&crc_token=",
        b"?%00",
    )
    raw = request(method=b"GET", path=DOOR.encode() + random.choice(queries))
    return Attempt("CRC without token", (raw,), frozenset({400}))


def _crc_token(random: Random, body: bytes) -> Attempt:
    """Any token is answered: it is only signed."""
    tokens = (b"%00", b"%ff%fe", b"%zz", b"%", b"%ed%a0%80", b"a" * 30_000, b"a&crc_token=b", b"+")
    raw = request(method=b"GET", path=DOOR.encode() + b"?crc_token=" + random.choice(tokens))
    return Attempt("CRC token", (raw,), frozenset({200, 400, 414, 431}))


def _path(random: Random, body: bytes) -> Attempt:
    paths = (
        b"/" + DOOR.encode(),
        DOOR.encode() + b"/",
        DOOR.encode() + b"%00",
        DOOR.encode() + b";a=b",
        DOOR.encode().upper(),
        b"/ingest/x/../x/webhooks",
        b"/ingest/%78/webhook%2f",
        b"/demo/pictures/../../../../../../etc/passwd",
        b"/demo/pictures/%2e%2e/%2e%2e/world.py",
        b"/demo/pictures/%00",
        b"/" + b"a" * 70_000,
        b"/\xff\xfe",
        b"*",
        b"door.example:80",
        b"http://other.example/nothing",
        b"/?a[]=%",
        b"/livez",
        b"/readyz",
        b"/openapi.json",
    )
    raw = request(body, path=random.choice(paths), headers=[(SIGNATURE_HEADER.encode(), b"x")])
    return Attempt("path", (raw,), frozenset(range(300, 500)), silent=True)


def _graphql(random: Random, body: bytes) -> Attempt:
    """The endpoint beside the door, without a token or with a made-up one."""
    documents: tuple[object, ...] = (
        {"query": "{ brand { name } }"},
        {"query": "{" * 5_000},
        {"query": "mutation { x }", "variables": [1]},
        {"query": 7},
        [{"query": "{ __typename }"}] * 100,
        None,
    )
    headers = [
        (
            b"Content-Type",
            random.choice((b"application/json", b"text/plain", b"application/graphql")),
        ),
        (b"Authorization", random.choice((b"Bearer hc_at_x", b"Basic eDp5", b"Bearer", b"\xff"))),
    ]
    text = random.choice((orjson.dumps(random.choice(documents)), body, b"\xff\x00", b""))
    raw = request(text, path=b"/graphql", headers=headers)
    return Attempt("graphql", (raw,), frozenset({200, *REFUSED}))


def _page(random: Random, body: bytes) -> Attempt:
    """The shopper's page, by nobody: forms without a session, answers that no provider gave."""
    paths = (
        b"/s/accounts/connect",
        b"/s/accounts/disconnect",
        b"/s/permission",
        b"/s/leave",
        b"/s/callback?code=x&state=y",
        b"/s/callback?error=%00&state=%ff",
        b"/s/sandbox/authorize?client_id=x&redirect_uri=https://evil.example/",
        b"/s/nothing/%2e%2e/leave",
    )
    forms = (b"", b"csrf=x&retailer=sandbox&marketplace=US", b"a=1&" * 5_000, b"%ff=%00", body)
    headers: list[tuple[bytes, bytes]] = [
        (b"Content-Type", random.choice((b"application/x-www-form-urlencoded", b"text/plain"))),
        (b"Cookie", random.choice((b"", b"session=x", b"\xff=;;;", b"a=" + b"b" * 5_000))),
        (b"Origin", random.choice((b"http://door.example", b"https://evil.example", b"null"))),
    ]
    method = random.choice((b"POST", b"POST", b"GET"))
    raw = request(
        random.choice(forms) if method == b"POST" else b"",
        method=method,
        path=random.choice(paths),
        headers=headers,
    )
    return Attempt("shopper's page", (raw,), frozenset(range(200, 500)))


def _no_http(random: Random, body: bytes) -> Attempt:
    texts = (
        b"\r\n" * 1_000,
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /a-line-without-version\r\n\r\n",
        b"POST / HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
        random.randbytes(500),
        body,
        b"G" * 100_000,
        b"",
    )
    return Attempt("no HTTP", (random.choice(texts),), REFUSED, silent=True)


def _cut_off(random: Random, body: bytes) -> Attempt:
    """A request that ends anywhere, also within its head."""
    raw = request(body, headers=[signed(body)])
    return Attempt("cut off", (raw[: random.randrange(len(raw))],), REFUSED, silent=True)


def _hesitant(random: Random, body: bytes) -> Attempt:
    """A body in pieces with pauses, whose signature is wrong."""
    raw = request(body, headers=[(SIGNATURE_HEADER.encode(), b"x")])
    at = sorted(random.sample(range(1, len(raw)), 2))
    pause = random.uniform(0, PAUSE_SECONDS_MAX)
    parts = (raw[: at[0]], pause, raw[at[0] : at[1]], pause, raw[at[1] :])
    return Attempt("hesitant", parts, frozenset({401}))


def _pipelined(random: Random, body: bytes) -> Attempt:
    """Many at once on one connection, of which none is let in."""
    one = request(body, headers=[(SIGNATURE_HEADER.encode(), b"x")])
    raw = one.replace(b"Connection: close", b"Connection: keep-alive") * 20
    return Attempt("pipelined", (raw + one,), frozenset({401}))


def _websocket(random: Random, body: bytes) -> Attempt:
    headers: Headers = [
        (b"Connection", b"Upgrade"),
        (b"Upgrade", b"websocket"),
        (b"Sec-WebSocket-Version", random.choice((b"13", b"8", b"x"))),
        (b"Sec-WebSocket-Key", random.choice((b"dGhlIHNhbXBsZSBub25jZQ==", b"x", b""))),
        (
            b"Sec-WebSocket-Protocol",
            random.choice((b"graphql-ws", b"graphql-transport-ws", b"\xff")),
        ),
    ]
    path = random.choice((b"/graphql", DOOR.encode(), b"/"))
    head = request(method=b"GET", path=path, headers=headers, length=b"")
    raw = head.replace(b"Connection: close\r\n", b"") + random.choice((b"", b"\x88\x80abcd", body))
    return Attempt("websocket", (raw,), ANY, silent=True)


def _too_slow(random: Random, body: bytes) -> Attempt:
    """A body that does not arrive in time, though its signature is right."""
    raw = request(body, headers=[signed(body)])
    at = random.randrange(len(raw) - len(body), len(raw))
    return Attempt("too slow", (raw[:at], SLOW_SECONDS, raw[at:]), frozenset({408}))


QUICK: tuple[Kind, ...] = (
    _bad_signature,
    _bad_signature,
    _another_body,
    _method,
    _headers,
    _length,
    _two_lengths,
    _short,
    _chunks,
    _too_long,
    _no_json,
    _useless,
    _crc,
    _crc_token,
    _path,
    _graphql,
    _page,
    _no_http,
    _cut_off,
    _hesitant,
    _pipelined,
    _websocket,
)
SLOW: tuple[Kind, ...] = (_too_slow,)
