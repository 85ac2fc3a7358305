"""The command `hashcart simulate`: X, as far as the webhook door can tell."""

import asyncio
import time
from collections.abc import AsyncIterator
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from app.cli.failures import CommandFailed
from app.cli.output import answer, say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from app.cli.sender import Door, Tally
    from app.core.settings import Settings

PROGRESS_SECONDS = 1.0
DOOR = "/ingest/x/webhook"
RATE_MAX = 10_000.0
SECONDS_MAX = 86_400.0
CONCURRENCY_MAX = 1_000
GENERATED_AT_ONCE = 32


Paths = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="[FILE|FOLDER]...",
        help="Payloads to send, in this order: a JSON object, a list of them, an object with "
        "`deliveries`, or a folder of such files.",
    ),
]
Url = Annotated[
    str | None, typer.Option(help="The door. [default: that of HASHCART_HOST and HASHCART_PORT]")
]
Rate = Annotated[
    float | None,
    typer.Option(
        min=0.01, max=RATE_MAX, help="Generate so many replies a second, instead of files."
    ),
]
Seconds = Annotated[
    float, typer.Option(min=0.1, max=SECONDS_MAX, help="For how many seconds to generate.")
]
WorldFile = Annotated[
    Path | None,
    typer.Option(help="The seed file whose tweets are answered by its shoppers."),
]
Outcomes = Annotated[
    list[str] | None,
    typer.Option(
        "--outcome",
        metavar="NAME",
        help="Generate what ends so, instead of files: a status or a reason, such as ADDED or "
        "OUT_OF_STOCK; may be given again. A name that is not known lists all there are.",
    ),
]
EveryOutcome = Annotated[
    bool,
    typer.Option(
        "--every-outcome", help="Generate one play for each outcome that the world allows."
    ),
]
Seed = Annotated[
    int, typer.Option(help="The same seed generates the same people, posts and texts.")
]
Duplicates = Annotated[
    float, typer.Option(min=0.0, max=1.0, help="The share that is delivered twice, 0 to 1.")
]
Concurrency = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=CONCURRENCY_MAX,
        help="How many to send at once. [default: 1 for files, to keep their order; else 32]",
    ),
]
ConsumerSecret = Annotated[
    str | None, typer.Option(help="Signs the payloads. [default: HASHCART_X_CONSUMER_SECRET]")
]
Yes = Annotated[bool, typer.Option("--yes", help="Send to another machine; it must be yours.")]


def simulate(
    paths: Paths = None,
    url: Url = None,
    rate: Rate = None,
    seconds: Seconds = 10.0,
    world: WorldFile = None,
    outcomes: Outcomes = None,
    every_outcome: EveryOutcome = False,
    seed: Seed = 1,
    duplicates: Duplicates = 0.0,
    concurrency: Concurrency = None,
    consumer_secret: ConsumerSecret = None,
    yes: Yes = False,
) -> None:
    """Send signed X payloads to a webhook door, from files or generated, and count the answers.

    What is not answered 200 is sent again, at most 12 times in about half a minute; a refusal (4xx)
    is final. Where five in a row are given up, nobody is there, and the rest is not sent. Ends with
    exit code 1 when anything was refused or lost.

    With --every-outcome or --outcome it prints what each post will end in, one line each, if the
    world is still as its file loaded it: name, the post's id, what is answered.
    """
    from app.cli.sender import Door
    from app.core import clock
    from app.core.settings import load_settings

    if [bool(paths), rate is not None, bool(outcomes or every_outcome)].count(True) != 1:
        raise typer.BadParameter(
            "name files to send, or give --rate, or --every-outcome or --outcome; one of them"
        )
    settings = load_settings()
    clock.start_at(settings.clock)
    target = url or own_door(settings)
    refuse_strangers(target, yes=yes)
    door = Door(target, consumer_secret or settings.x_consumer_secret.get_secret_value())
    if paths:
        _send_files(paths, door, concurrency or 1)
    elif rate is None:
        _send_outcomes(world, None if every_outcome else outcomes, door, seed)
    else:
        traffic = _traffic(world, rate, seconds, duplicates, seed)
        _send(traffic, door, concurrency or GENERATED_AT_ONCE)


def _send_files(paths: list[Path], door: "Door", concurrency: int) -> None:
    from app.cli.deliveries import from_files

    _send(from_files(paths), door, concurrency)


def _send_outcomes(world: Path | None, names: list[str] | None, door: "Door", seed: int) -> None:
    """One play for each of these outcomes, None for all; in order, since some are two posts."""
    from app.cli.outcomes import plays
    from app.cli.world_file import read_world

    if world is None:
        raise typer.BadParameter("--outcome needs --world FILE: whose tweets are answered, by whom")
    written = plays(read_world(world), names, seed=seed)
    _send(_each(body for each in written for body in each.bodies), door, 1)
    for each in written:
        answer(each.line)


async def _each(bodies: "Iterable[bytes]") -> AsyncIterator[bytes]:
    for body in bodies:
        yield body


def _traffic(
    world: Path | None, rate: float, seconds: float, duplicates: float, seed: int
) -> AsyncIterator[bytes]:
    from app.cli.cast import authors_of, posts_of
    from app.cli.deliveries import at_rate
    from app.cli.replies import Replies
    from app.cli.world_file import read_world

    if world is None:
        raise typer.BadParameter("--rate needs --world FILE: whose tweets are answered, by whom")
    told = read_world(world)
    replies = Replies(posts_of(told), authors_of(told), seed=seed)
    return at_rate(replies, per_second=rate, seconds=seconds, duplicates=duplicates, seed=seed)


def _send(bodies: AsyncIterator[bytes], door: "Door", concurrency: int) -> None:
    from app.cli.runtime import run

    tally = run(send_with_progress(bodies, door, concurrency=concurrency))
    if tally.lost:
        raise CommandFailed(
            f"{tally.lost} of {tally.sent} were not accepted; the last trouble: "
            f"{tally.last_trouble}"
        )


def own_door(settings: "Settings") -> str:
    """The door of the server that runs with these settings on this machine."""
    host = "127.0.0.1" if settings.host in {"0.0.0.0", "::"} else settings.host
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}{DOOR}"


def refuse_strangers(url: str, *, yes: bool) -> None:
    """A load tool must not meet another machine by mistake.

    Raises:
        CommandFailed: the URL is none, or names another machine without *yes*.
    """
    host = _host_of(url)
    if host is None:
        raise CommandFailed(
            f"{url} is no http or https URL: give one such as http://127.0.0.1:8000{DOOR}"
        )
    if not (yes or _is_loopback(host)):
        raise CommandFailed(
            f"{host} is not this machine: add --yes if it is yours and may be loaded."
        )


def _host_of(url: str) -> str | None:
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return parts.hostname if parts.scheme in {"http", "https"} else None


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


async def send_with_progress(
    bodies: AsyncIterator[bytes], door: "Door", *, concurrency: int
) -> "Tally":
    """Send all, telling once a second and at the end how far it is."""
    from app.cli.sender import Tally, send_all

    tally, began = Tally(), time.monotonic()
    progress = asyncio.create_task(_tell_progress(tally, began))
    try:
        await send_all(bodies, door, tally, concurrency=concurrency)
    finally:
        progress.cancel()
        say(f"{time.monotonic() - began:6.1f} s: {tally.line()}, done")
    return tally


async def _tell_progress(tally: "Tally", began: float) -> None:
    while True:
        await asyncio.sleep(PROGRESS_SECONDS)
        say(f"{time.monotonic() - began:6.1f} s: {tally.line()}")
