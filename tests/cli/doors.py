"""A webhook door that answers as it is told to, for what a healthy one never answers."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from app.x.signature import SIGNATURE_HEADER, is_signed

SECRET = "consumer_secret_for_tests"


@dataclass
class ScriptedDoor:
    """Answers with *statuses* in turn, then 200; 0 hangs up without an answer."""

    statuses: list[int]
    url: str = ""
    bodies: list[bytes] = field(default_factory=list)
    unsigned: int = 0
    at_once: int = 0
    at_once_most: int = 0
    serving: set["asyncio.Task[None]"] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        task = asyncio.current_task()
        assert task is not None
        self.serving.add(task)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                self.at_once += 1
                self.at_once_most = max(self.at_once, self.at_once_most)
                status = await self._take(head, reader)
                self.at_once -= 1
                if status == 0:
                    break
                writer.write(f"HTTP/1.1 {status} Told\r\ncontent-length: 0\r\n\r\n".encode())
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _take(self, head: bytes, reader: asyncio.StreamReader) -> int:
        lines = head.decode("latin-1").split("\r\n")[1:]
        headers = {
            name.lower(): value.strip()
            for name, separator, value in (line.partition(":") for line in lines)
            if separator
        }
        body = await reader.readexactly(int(headers["content-length"]))
        await asyncio.sleep(0.01)  # others that are sent at once arrive meanwhile
        self.bodies.append(body)
        self.unsigned += not is_signed(SECRET, body, headers.get(SIGNATURE_HEADER))
        return self.statuses.pop(0) if self.statuses else 200


@asynccontextmanager
async def a_door(statuses: Iterable[int] = ()) -> AsyncIterator[ScriptedDoor]:
    """A door on a free port of this machine."""
    door = ScriptedDoor(list(statuses))
    server = await asyncio.start_server(door.serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    door.url = f"http://{host}:{port}/ingest/x/webhook"
    try:
        yield door
    finally:
        server.close()
        await asyncio.gather(*door.serving)
