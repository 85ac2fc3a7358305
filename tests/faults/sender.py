"""X's side of the door: each delivery is sent again until it is answered with 200."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

import httpx

from app.x.signature import SIGNATURE_HEADER, sign
from tests.faults.patience import PATIENCE_SECONDS
from tests.walk import DOOR, SECRET

IN_FLIGHT_MAX = 16
PAUSE_SECONDS = 0.25
ANSWER_SECONDS_MAX = 10.0
"""X waits that long."""

REPEATABLE = frozenset({503})
"""What the door may answer beside 200; anything else is a fault of its own."""


@dataclass
class Sender:
    """Sends deliveries to the door at *address*, and counts."""

    address: str
    accepted: int = 0
    repeated: int = 0
    refused: int = 0
    """Tries that were answered, but not with 200."""

    async def send(self, bodies: Sequence[bytes], *, per_second: float) -> None:
        """Send them all, so many a second as long as none is unanswered; end when all are kept."""
        free = asyncio.Semaphore(IN_FLIGHT_MAX)
        async with self._client() as client, asyncio.TaskGroup() as sending:
            for body in bodies:
                await free.acquire()
                task = sending.create_task(self._until_kept(client, body))
                task.add_done_callback(lambda _: free.release())
                await asyncio.sleep(1 / per_second)

    async def try_once(self, body: bytes) -> int | None:
        """The status of the answer; None where there was none."""
        async with self._client() as client:
            return await self._post(client, body)

    def _client(self) -> httpx.AsyncClient:
        limits = httpx.Limits(max_connections=IN_FLIGHT_MAX)
        return httpx.AsyncClient(timeout=ANSWER_SECONDS_MAX, limits=limits, trust_env=False)

    async def _until_kept(self, client: httpx.AsyncClient, body: bytes) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (status := await self._post(client, body)) != httpx.codes.OK:
            assert status is None or status in REPEATABLE, f"The door answered {status}."
            assert time.monotonic() < deadline, "A delivery was not kept in time."
            self.repeated += 1
            self.refused += status is not None
            await asyncio.sleep(PAUSE_SECONDS)
        self.accepted += 1

    async def _post(self, client: httpx.AsyncClient, body: bytes) -> int | None:
        headers = {SIGNATURE_HEADER: sign(SECRET, body), "content-type": "application/json"}
        try:
            answer = await client.post(
                f"http://{self.address}{DOOR}", content=body, headers=headers
            )
        except httpx.TransportError:
            return None
        return answer.status_code
