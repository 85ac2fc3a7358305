"""The command `hashcart seed`."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.output import say


def seed(
    file: Annotated[Path, typer.Argument(help="A world in JSON; app/cli/world.py describes it.")],
) -> None:
    """Load brands, products, tweets, shoppers, advocates and reviews from FILE.

    The whole file is checked first, and loaded in one transaction: all of it or nothing. Running it
    again changes nothing; after an edit it updates. It records no events.
    """
    from app.cli.runtime import opened, run
    from app.cli.seed import SeedReport, seed_world
    from app.cli.world_file import parse_world, read_json

    world = read_json(file)
    parse_world(world, source=str(file))

    async def seeded() -> SeedReport:
        async with opened() as resources:
            return await seed_world(resources.sessions, resources.keys, world)

    report = run(seeded())
    entries = ", ".join(f"{count} {name}" for name, count in report.entries.items() if count)
    say(f"{file} holds {entries or 'nothing'}. Rows new or changed: {report.rows_changed}.")
