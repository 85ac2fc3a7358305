"""What the demo shows: the seeded brand, how to ask and follow it, and its adds as they come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from app.brands.models import Brand
from app.cli.access import issue_token
from app.cli.failures import CommandFailed
from app.cli.live_adds import LiveAdd, follow_adds
from app.cli.output import answer
from app.cli.seed import seed_world
from app.cli.sender import Door, Tally, send_all
from app.cli.simulate import own_door
from app.cli.trickle import Trickle
from app.cli.world import World
from app.cli.world_file import demo_data, parse_world
from app.core.resources import Resources
from app.oauth.rules import default_scopes

TOKEN_DAYS = 30
CURL = """\
  curl -s {address}/graphql -H 'Content-Type: application/json' \\
    -H 'Authorization: Bearer {token}' \\
    -d '{{"query": "{{ cartIntents(first: 5) {{ nodes {{ status product {{ title }} }} }} }}"}}'"""
SUBSCRIPTION = """\
  subscription { cartAdds { ... on CartAdd { seq cartIntent { product { title } } } } }"""


@dataclass(frozen=True)
class Show:
    """A demo that is loaded and may begin."""

    resources: Resources
    world: World
    token: str
    traffic: Trickle

    @classmethod
    async def load(cls, resources: Resources, *, seed: int) -> "Show":
        """Load the demo's world, or bring it up to date, and make a token for its brand."""
        data = demo_data()
        world = parse_world(data, source="the demo's world")
        await seed_world(resources.sessions, resources.keys, data)
        async with resources.sessions() as session:
            slugs = [brand.slug for brand in world.brands]
            statement = select(Brand.slug, Brand.created_at).where(Brand.slug.in_(slugs))
            anchors = {row.slug: row.created_at for row in await session.execute(statement)}
        issued = await issue_token(
            resources.sessions,
            slug=world.brands[0].slug,
            scopes=default_scopes(),
            label="demo",
            lifetime=timedelta(days=TOKEN_DAYS),
        )
        return cls(resources, world, issued.token, Trickle(resources, world, anchors, seed=seed))

    @property
    def address(self) -> str:
        """Where the server answers, without a path."""
        return own_door(self.resources.settings).removesuffix("/ingest/x/webhook")

    @property
    def shopper(self) -> str:
        """The handle of somebody whose page is worth a look."""
        return f"@{self.world.shoppers[0].x_handle}"

    def introduce(self, logs: Sequence[Path]) -> None:
        """Tell where everything is and what to paste."""
        brand = self.world.brands[0]
        logs_told = " and ".join(str(log) for log in logs)
        answer(
            f"""
{brand.name} is live: replies to its posts become carts.

  Explorer   {self.address}/graphql
  Shopper    {self.address}/s   (sign in as anybody who is listed there, such as {self.shopper})
  Token      {self.token}   (for {TOKEN_DAYS} days)
  Logs       {logs_told}

Ask, in another terminal:
{CURL.format(address=self.address, token=self.token)}

Follow, in any client that speaks graphql-transport-ws:
{SUBSCRIPTION}

Live adds (Ctrl-C stops the demo):"""
        )

    async def trickle(self) -> None:
        """Post simulated replies to the door, until cancelled.

        Raises:
            CommandFailed: the door accepts no more.
        """
        settings, tally = self.resources.settings, Tally()
        door = Door(own_door(settings), settings.x_consumer_secret.get_secret_value())
        await send_all(self.traffic.bodies(), door, tally, concurrency=4)
        raise CommandFailed(f"The server accepts no more replies: {tally.last_trouble}")

    async def follow(self, adds: int) -> None:
        """Tell of each add as the brand's own software would learn of it; end after *adds*."""
        told = 0
        url = f"{self.address.replace('http', 'ws', 1)}/graphql"
        async for add in follow_adds(url, self.token):
            answer(_line(add, self.world.brands[0].x_handle))
            told += not add.handed_off
            if told >= adds:
                return


def _line(add: LiveAdd, handle: str) -> str:
    moment = datetime.fromisoformat(add.occurred_at)
    return (
        f"  {moment:%H:%M:%S}  #{add.seq:<5} {add.product:<34} {add.price:>11}  "
        f"shopper {add.shopper_id[-12:]}  x.com/{handle}/status/{add.tweet_xid}"
        + "  handed off, not added"
        * add.handed_off
    )
