"""Malformed GraphQL requests, made of good ones. The same seed makes the same ones."""

import hashlib
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from random import Random
from typing import Any, TypeAlias
from urllib.parse import quote_from_bytes

import orjson

from app.core.migrate import data_folder
from tests.hostile.trees import Pairs, Raw, nested, places, write

MODERN = "application/graphql-response+json"

STRANGE: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    2**31,
    2**63,
    Raw(b"18446744073709551616"),
    0.5,
    1e300,
    "",
    "\x00",
    "x" * 40_000,
    "é\N{SNOWMAN}\U0001f6d2",
    "\u202e\ufeff",
    "Q2FydEludGVudDo=",
    "QnJhbmQ6MDE5",
    [],
    {},
    [[]],
    [None],
    ["x"] * 300,
    {"eq": None},
    {"": ""},
    {"__proto__": 1},
    Raw(b'"\\ud800"'),
    Raw(b'"\\u0000"'),
    Raw(b'"\xff\xfe"'),
    Raw(b"NaN"),
    Raw(b"1e999"),
    Raw(b"9" * 5_000),
    Raw(b"-"),
    Raw(b"'x'"),
    Raw(b""),
    nested(40),
    nested(2_000),
    nested(600, b'{"a":', b"}"),
)
PIECES: tuple[str, ...] = (
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "!",
    "$",
    "$x",
    "...",
    "... on Brand",
    "...Unknown",
    "@skip(if: $x)",
    "@include(if: true)",
    "@deprecated",
    "@oneOf",
    "query",
    "mutation M { __typename }",
    "subscription",
    "fragment F on F { ...F }",
    "type X { y: Z }",
    "__schema { types { name } }",
    '__type(name: "\\u0000") { fields { name } }',
    "__typename",
    "null",
    "true",
    "1e999",
    "-",
    "9" * 400,
    '"',
    '"""',
    '"\\u{110000}"',
    '"\\ud800"',
    "\x00",
    "\ufeff",
    "\u2028",
    "#",
    "#\n",
    ":",
    "a: ",
    "id",
    "nodes { id }",
    "first: -1",
    "first: 501",
    'after: "x"',
    "filter: {}",
    "{a:" * 40,
)
HEADERS: tuple[tuple[str, bytes], ...] = (
    ("accept", b""),
    ("accept", b"*/*;q=2, ;;;, a/b/c"),
    ("accept", b"text/event-stream"),
    ("accept", b"text/html"),
    ("accept", b"application/json;charset=utf-7"),
    ("accept", b"\xff\xfe"),
    ("accept", b"application/json," * 300),
    ("content-type", b""),
    ("content-type", b"application/json; charset=\xff"),
    ("content-type", b"application/json;" * 300),
    ("content-type", b"multipart/form-data; boundary=x"),
    ("content-encoding", b"gzip"),
    ("authorization", b""),
    ("authorization", b"Bearer \xff"),
    ("authorization", b"Bearer"),
)


@dataclass(frozen=True)
class Malformed:
    """What is sent; over a socket only the body counts, as the payload of `subscribe`."""

    kind: str
    body: bytes
    method: str = "POST"
    query: bytes = b""
    headers: tuple[tuple[str, bytes], ...] = ()


Tree: TypeAlias = dict[str, Any]
Kind: TypeAlias = Callable[["Mangler", Tree], Malformed]


def good_requests() -> list[Tree]:
    """The example operations with their variables."""
    found = []
    for path in sorted((data_folder("graphql") / "operations").glob("*/*.graphql")):
        beside = path.with_suffix(".variables.json")
        variables = orjson.loads(beside.read_bytes()) if beside.exists() else {}
        found.append({"query": path.read_text(encoding="utf-8"), "variables": variables})
    return found


class Mangler:
    """Makes good requests bad."""

    def __init__(self, seed: int, requests: Sequence[Tree]) -> None:
        self.random = Random(seed)
        self._requests = requests

    def make(self) -> Malformed:
        """The next request."""
        request = deepcopy(self.random.choice(self._requests))
        return self.random.choice(KINDS)(self, request)

    def strange(self) -> Any:
        """A value that nothing expects."""
        return deepcopy(self.random.choice(STRANGE))

    def mangled(self, document: str) -> str:
        """A document with one to three changes."""
        for _ in range(self.random.randint(1, 3)):
            at = self.random.randrange(len(document) + 1)
            until = min(len(document), at + self.random.choice((0, 0, 1, 2, 20)))
            piece = self.random.choice((*PIECES, "", document[at : at + 30]))
            document = document[:at] + piece + document[until:]
        return document


def _bytes(mangler: Mangler, request: Tree) -> Malformed:
    body = bytearray(orjson.dumps(request))
    for _ in range(mangler.random.randint(1, 5)):
        at = mangler.random.randrange(len(body))
        match mangler.random.randrange(4):
            case 0:
                body[at] ^= 1 << mangler.random.randrange(8)
            case 1:
                del body[at : at + mangler.random.randrange(1, 40)]
            case 2:
                body[at:at] = mangler.random.randbytes(3)
            case _:
                body[at:at] = body[at : at + 50]
        body = body or bytearray(b"{")
    return Malformed("bytes", bytes(body))


def _cut(mangler: Mangler, request: Tree) -> Malformed:
    body = orjson.dumps(request)
    return Malformed("cut", body[: mangler.random.randrange(len(body))])


def _value(mangler: Mangler, request: Tree) -> Malformed:
    """One value of the request is another."""
    request["operationName"] = request["extensions"] = None
    container, key = mangler.random.choice(places(request))
    container[key] = mangler.strange()
    return Malformed("value", write(request))


def _variable(mangler: Mangler, request: Tree) -> Malformed:
    """A variable holds what it cannot, or is not there."""
    found = places(request["variables"])
    if found:
        container, key = mangler.random.choice(found)
        container[key] = mangler.strange()
    else:
        request["variables"] = {"first": mangler.strange(), "after": mangler.strange()}
    return Malformed("variable", write(request))


def _repeated(mangler: Mangler, request: Tree) -> Malformed:
    pairs = [*request.items(), mangler.random.choice(list(request.items()))]
    mangler.random.shuffle(pairs)
    return Malformed("repeated key", write(Pairs(tuple(pairs))))


def _whole(mangler: Mangler, request: Tree) -> Malformed:
    tree = mangler.random.choice(
        (mangler.strange(), [request], [request] * 3, {"query": [request]})
    )
    return Malformed("whole", write(tree))


def _document(mangler: Mangler, request: Tree) -> Malformed:
    request["query"] = mangler.mangled(request["query"])
    return Malformed("document", orjson.dumps(request))


def _named(mangler: Mangler, request: Tree) -> Malformed:
    request["operationName"] = mangler.random.choice(("", "Nobody", "\x00", "query", "x" * 10_000))
    return Malformed("operation name", orjson.dumps(request))


def _several(mangler: Mangler, request: Tree) -> Malformed:
    """Several operations of which none is chosen, or which share a name."""
    other = mangler.random.choice(mangler._requests)
    request["query"] += f"\n{other['query']}\n{mangler.random.choice(('', request['query']))}"
    return Malformed("several", orjson.dumps(request))


def _bomb(mangler: Mangler, request: Tree) -> Malformed:
    count = mangler.random.choice((10, 100, 1_000))
    request["query"] = mangler.random.choice(
        (
            "{brand{...A}}"
            + "".join(f"fragment F{n} on Brand{{...F{n + 1} ...F{n + 1}}}" for n in range(count)),
            "{" + " ".join(f"a{n}: __typename" for n in range(count)) + "}",
            "{ __typename " + "@include(if: true) " * count + "}",
            "{ products(filter: " + "{and: [" * count + "{}" + "]}" * count + ") { totalCount } }",
            "query (" + " ".join(f"$a{n}: Int" for n in range(count)) + ") { __typename }",
            "{ __schema { types { "
            + "fields { type { " * count
            + "name"
            + " } }" * count
            + " } } }",
        )
    )
    return Malformed("bomb", orjson.dumps(request))


def _persisted(mangler: Mangler, request: Tree) -> Malformed:
    digest = hashlib.sha256(request["query"].encode()).hexdigest()
    named: dict[str, Any] = {"version": 1, "sha256Hash": digest}
    key = mangler.random.choice(list(named))
    named[key] = mangler.strange()
    request["extensions"] = {"persistedQuery": mangler.random.choice((named, mangler.strange()))}
    if mangler.random.random() < 0.5:
        del request["query"]
    if mangler.random.random() < 0.3:
        request["documentId"] = mangler.strange()
    return Malformed("persisted", write(request))


def _header(mangler: Mangler, request: Tree) -> Malformed:
    headers = tuple(mangler.random.sample(HEADERS, mangler.random.randint(1, 2)))
    return Malformed("headers", orjson.dumps(request), headers=headers)


def _address(mangler: Mangler, request: Tree) -> Malformed:
    """A request by GET, or by a method that there is none of."""
    digest = hashlib.sha256(request["query"].encode()).hexdigest()
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": digest}}
    parts = {
        b"query": request["query"].encode(),
        b"variables": write(mangler.random.choice((request["variables"], mangler.strange()))),
        b"extensions": write(mangler.random.choice((extensions, mangler.strange()))),
        mangler.random.choice((b"documentId", b"operationName", b"query", b"\xff")): b"\xff",
    }
    chosen = mangler.random.sample(list(parts.items()), mangler.random.randint(0, len(parts)))
    pairs = [b"%b=%b" % (quote_from_bytes(n).encode(), _quoted(v)) for n, v in chosen]
    pairs += mangler.random.choice(([], pairs[:1], [b"%zz"], [b"=", b"&;"]))
    method = mangler.random.choice(("GET", "GET", "GET", "PUT", "DELETE", "OPTIONS", "QUERY"))
    # Without any parameter it is no request for GraphQL: who is no browser is told where to look.
    return Malformed("address", b"", method, b"&".join(pairs) or b"nothing=1")


def _quoted(value: bytes) -> bytes:
    return quote_from_bytes(value[:3_000]).encode()


KINDS: tuple[Kind, ...] = (
    _bytes,
    _cut,
    _value,
    _variable,
    _variable,
    _repeated,
    _whole,
    _document,
    _document,
    _document,
    _named,
    _several,
    _bomb,
    _persisted,
    _header,
    _address,
)
