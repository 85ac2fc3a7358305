"""A subscriber over a bare socket: next to no CPU for each frame, so that many fit on one core.

Source: RFC 6455, and the GraphQL over WebSocket Protocol of graphql-ws.
"""

import socket
from collections.abc import Sequence

import orjson

CART_ADDS = """
subscription Adds {
  cartAdds {
    __typename
    ... on CartAdd { seq outcome occurredAt cartIntent { engagementXid status } }
    ... on LogHeartbeat { cursor }
    ... on LogLag { cursor }
  }
}
"""
OPEN_SECONDS_MAX = 20.0
RECEIVE_BYTES = 1 << 18
TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
_KEY = "AAAAAAAAAAAAAAAAAAAAAA=="


class SubscriptionEnded(Exception):
    """The server closed the socket or refused the subscription."""


class Subscription:
    """One socket with one `cartAdds` subscription that stands at the end of the log."""

    def __init__(self, port: int, token: str) -> None:
        self._buffer = bytearray()
        self._socket = socket.create_connection(("127.0.0.1", port), OPEN_SECONDS_MAX)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._shake_hands()
        self._send({"type": "connection_init", "payload": {"Authorization": f"Bearer {token}"}})
        self._await("connection_ack")
        self._send({"id": "1", "type": "subscribe", "payload": {"query": CART_ADDS}})
        self._await("next")  # the heartbeat that tells where it starts
        self._socket.setblocking(False)

    def fileno(self) -> int:
        """For waiting on."""
        return self._socket.fileno()

    def close(self) -> None:
        """Leave without a word."""
        self._socket.close()

    def adds(self) -> list[dict[str, object]]:
        """The adds that arrived by now.

        Raises:
            SubscriptionEnded: the server ended it, or tells that it lags.
        """
        found = []
        for message in self._receive():
            told = orjson.loads(message)
            if told["type"] == "ping":
                self._send({"type": "pong"})
            elif told["type"] != "next" or told["payload"].get("errors"):
                raise SubscriptionEnded(message[:500].decode())
            else:
                item = told["payload"]["data"]["cartAdds"]
                if item["__typename"] == "LogLag":
                    raise SubscriptionEnded("The subscriber was too slow for its queue.")
                if item["__typename"] == "CartAdd":
                    found.append(item)
        return found

    def _shake_hands(self) -> None:
        lines = [
            "GET /graphql HTTP/1.1",
            "Host: 127.0.0.1",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {_KEY}",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Protocol: graphql-transport-ws",
        ]
        self._socket.sendall("\r\n".join([*lines, "", ""]).encode())
        while b"\r\n\r\n" not in self._buffer:
            self._read()
        head, _, rest = bytes(self._buffer).partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 101"):
            raise SubscriptionEnded(head.decode())
        self._buffer = bytearray(rest)

    def _await(self, kind: str) -> None:
        while True:
            for message in self._frames():
                if orjson.loads(message)["type"] != kind:
                    raise SubscriptionEnded(message[:500].decode())
                return
            self._read()

    def _read(self) -> None:
        part = self._socket.recv(RECEIVE_BYTES)
        if not part:
            raise SubscriptionEnded("The server closed the socket.")
        self._buffer += part

    def _receive(self) -> list[bytes]:
        try:
            self._read()
        except BlockingIOError:
            return []
        return self._frames()

    def _frames(self) -> list[bytes]:
        """The payloads of the text frames that are whole by now; pings are answered."""
        found: list[bytes] = []
        start, buffer = 0, self._buffer
        while (frame := _frame_at(buffer, start)) is not None:
            kind, begin, start = frame
            payload = bytes(buffer[begin:start])
            if kind == TEXT:
                found.append(payload)
            elif kind == PING:
                self._send_frame(PONG, payload)
            elif kind == CLOSE:
                raise SubscriptionEnded(f"The server closed the socket: {payload[2:]!r}")
        del buffer[:start]
        return found

    def _send(self, message: dict[str, object]) -> None:
        self._send_frame(TEXT, orjson.dumps(message))

    def _send_frame(self, kind: int, payload: bytes) -> None:
        """Masked with zeros, which leaves the payload as it is."""
        length = len(payload)
        size = bytes([0x80 | length]) if length < 126 else b"\xfe" + length.to_bytes(2, "big")
        self._socket.sendall(bytes([0x80 | kind]) + size + bytes(4) + payload)


def _frame_at(buffer: Sequence[int], start: int) -> tuple[int, int, int] | None:
    """Kind, begin and end of the payload of the whole frame at *start*; None: not whole yet."""
    if len(buffer) < start + 2:
        return None
    length, begin = buffer[start + 1] & 0x7F, start + 2
    if length >= 126:
        wide = 2 if length == 126 else 8
        length = int.from_bytes(bytes(buffer[begin : begin + wide]), "big")
        begin += wide
    end = begin + length
    return (buffer[start] & 0x0F, begin, end) if len(buffer) >= end and end >= begin else None
