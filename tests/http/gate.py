"""A gate before the database: closed, it is away; held, it takes what it is sent and is silent."""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

PORT = 5432
CHUNK_BYTES = 65_536


class Gate:
    """Carries connections at a socket of its own to the database behind."""

    def __init__(self, database_url: str, folder: Path) -> None:
        parts = urlsplit(database_url)
        options = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self._host = options.get("host") or parts.hostname or "127.0.0.1"
        self._port = int(options.get("port") or parts.port or PORT)
        self._path = folder / f".s.PGSQL.{PORT}"
        host = quote(str(folder), safe="/")
        login = parts.netloc.rpartition("@")[0]
        self.url = f"postgresql://{login}@{parts.path}?host={host}&port={PORT}"
        """The address of the same database, through the gate."""
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._flows = asyncio.Event()
        self._flows.set()

    async def open(self) -> None:
        """Let connections through."""
        self._server = await asyncio.start_unix_server(self._carry, self._path)

    async def close(self) -> None:
        """Break every connection and take no more."""
        assert self._server is not None
        self._server.close()
        for writer in list(self._open):
            writer.transport.abort()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._path.unlink(missing_ok=True)

    def hold(self) -> None:
        """Carry nothing on; connections stay, and new ones are taken."""
        self._flows.clear()

    def release(self) -> None:
        """Carry on what was held."""
        self._flows.set()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._open.add(writer)
        with contextlib.suppress(OSError):
            behind_reader, behind_writer = await self._connect()
            self._open.add(behind_writer)
            await asyncio.gather(
                self._pump(reader, behind_writer), self._pump(behind_reader, writer)
            )
            self._open.discard(behind_writer)
        self._open.discard(writer)
        self._tasks.discard(task)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._host.startswith("/"):
            return await asyncio.open_unix_connection(f"{self._host}/.s.PGSQL.{self._port}")
        return await asyncio.open_connection(self._host, self._port)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(CHUNK_BYTES):
                await self._flows.wait()
                writer.write(chunk)
                await writer.drain()
        writer.close()


@asynccontextmanager
async def gated(database_url: str) -> AsyncIterator[Gate]:
    """An open gate before the database; closed at the end."""
    with tempfile.TemporaryDirectory(prefix="hashcart-gate-") as folder:
        gate = Gate(database_url, Path(folder))
        await gate.open()
        try:
            yield gate
        finally:
            gate.release()
            await gate.close()
