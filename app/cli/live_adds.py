"""Following `cartAdds` as any client would: graphql-transport-ws, with a cursor to go on from.

Source:
    The GraphQL over WebSocket Protocol of graphql-ws.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from app.cli.failures import CommandFailed

PROTOCOL = Subprotocol("graphql-transport-ws")
RECONNECT_SECONDS = 0.5
RECONNECTS_MAX = 240
"""Connections that failed in a row before the client gives up: two minutes."""

OPEN_SECONDS_MAX = 10.0
DOCUMENT = """
subscription Adds($after: String) {
  cartAdds(after: $after) {
    __typename
    ... on CartAdd {
      cursor seq outcome occurredAt
      cartIntent {
        shopper { id }
        product { title marketplace }
        offer { amountMinor currency }
        tweet { rootXid }
      }
    }
    ... on LogHeartbeat { cursor }
  }
}
"""


@dataclass(frozen=True)
class LiveAdd:
    """One add as the subscription told it; or a hand-off, which is none."""

    seq: int
    handed_off: bool
    occurred_at: str
    shopper_id: str
    product: str
    price: str
    tweet_xid: str


async def follow_adds(url: str, token: str) -> AsyncIterator[LiveAdd]:
    """Adds as they happen, from now on; a broken connection is made again without missing any.

    Args:
        url: The endpoint, `ws://...`.
        token: An access token with `intents:read` and `events:read`.

    Raises:
        CommandFailed: the server refuses the subscription, or stays away for two minutes.
    """
    cursor: str | None = None
    failures = 0
    while failures < RECONNECTS_MAX:
        try:
            async with connect(
                url, subprotocols=[PROTOCOL], open_timeout=OPEN_SECONDS_MAX, proxy=None
            ) as socket:
                async for item in _items(socket, token, cursor):
                    failures = 0
                    cursor = item.get("cursor", cursor)
                    if item["__typename"] == "CartAdd":
                        yield _read(item)
        except (OSError, WebSocketException):
            pass
        failures += 1
        await asyncio.sleep(RECONNECT_SECONDS)
    raise CommandFailed(f"{url} cannot be reached; see that the server runs.")


async def _items(
    socket: ClientConnection, token: str, cursor: str | None
) -> AsyncIterator[dict[str, Any]]:
    """What the subscription sends, until the server completes it."""
    payload = {"Authorization": f"Bearer {token}"}
    await _send(socket, {"type": "connection_init", "payload": payload})
    async for frame in socket:
        message = orjson.loads(frame)
        match message["type"]:
            case "connection_ack":
                operation = {"query": DOCUMENT, "variables": {"after": cursor}}
                await _send(socket, {"id": "1", "type": "subscribe", "payload": operation})
            case "ping":
                await _send(socket, {"type": "pong"})
            case "next" if "errors" not in message["payload"]:
                yield message["payload"]["data"]["cartAdds"]
            case "next" | "error":
                told = orjson.dumps(message["payload"]).decode()
                raise CommandFailed(f"The server refuses the subscription: {told}")
            case "complete":
                return
            case _:
                pass


async def _send(socket: ClientConnection, message: dict[str, Any]) -> None:
    await socket.send(orjson.dumps(message).decode())


def _read(item: dict[str, Any]) -> LiveAdd:
    intent = item["cartIntent"]
    return LiveAdd(
        seq=int(item["seq"]),
        handed_off=item["outcome"] == "HANDED_OFF",
        occurred_at=item["occurredAt"],
        shopper_id=intent["shopper"]["id"],
        product=intent["product"]["title"] if intent["product"] else "a product",
        price=_price(intent["offer"]),
        tweet_xid=intent["tweet"]["rootXid"] if intent["tweet"] else "",
    )


def _price(offer: dict[str, Any] | None) -> str:
    """The demo's currencies have two digits after the point."""
    if offer is None:
        return "price unknown"
    return f"{int(offer['amountMinor']) / 100:.2f} {offer['currency']}"
