"""Where in a log one may start."""

from tests.http.server import Running, TestBrand
from tests.live.sockets import EVENTS, acknowledged


async def cursors(running: Running, brand: TestBrand) -> list[str]:
    """The cursor of each event of the log, by query; the first is that of number 1."""
    query = "{ events(first: 500) { edges { cursor } } }"
    async with running.client() as client:
        answer = await client.post(
            "/graphql",
            json={"query": query},
            headers={"Authorization": f"Bearer {brand.token}"},
        )
    return [edge["cursor"] for edge in answer.json()["data"]["events"]["edges"]]


async def start_cursor(running: Running, brand: TestBrand) -> str:
    """The cursor of now."""
    async with acknowledged(running.socket_address, brand.token) as socket:
        await socket.subscribe("1", EVENTS)
        cursor: str = (await socket.item())["cursor"]
        return cursor
