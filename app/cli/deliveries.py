"""What `hashcart simulate` sends: payloads from files, or generated at a rate."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import orjson

from app.cli.failures import CommandFailed
from app.cli.replies import Replies
from app.cli.world_file import read_json
from app.core import clock

FILES_MAX = 10_000


async def from_files(paths: Sequence[Path]) -> AsyncIterator[bytes]:
    """The bodies of files and folders, in the order given; all are read before the first is sent.

    Raises:
        CommandFailed: as `bodies_in`.
    """
    for body in [body for path in paths for body in bodies_in(path)]:
        yield body


def bodies_in(path: Path) -> Iterator[bytes]:
    """The bodies of one file, or of a folder's `.json` files by name.

    Raises:
        CommandFailed: it holds neither a payload, nor a list of them, nor `deliveries`.
    """
    if not path.is_dir():
        yield from _bodies(read_json(path), path)
        return
    files = sorted(path.glob("*.json"))
    if not 0 < len(files) <= FILES_MAX:
        raise CommandFailed(f"{path} holds {len(files)} .json files: 1 to {FILES_MAX} would do.")
    for file in files:
        yield from _bodies(read_json(file), file)


def _bodies(data: Any, path: Path) -> Iterator[bytes]:
    if isinstance(data, dict) and isinstance(data.get("deliveries"), list):
        data = data["deliveries"]
    for entry in data if isinstance(data, list) else [data]:
        body = entry["body"] if isinstance(entry, dict) and "body" in entry else entry
        if isinstance(body, str):
            yield body.encode()
        elif isinstance(body, dict):
            yield orjson.dumps(body)
        else:
            raise CommandFailed(
                f"{path} must hold a payload (a JSON object), a list of them, or `deliveries`."
            )


async def at_rate(
    replies: Replies, *, per_second: float, seconds: float, duplicates: float, seed: int
) -> AsyncIterator[bytes]:
    """Generated replies, evenly spaced; a share of *duplicates* is delivered a second time.

    The number is `per_second * seconds`, and duplicates beside. What falls behind its time is not
    skipped but sent as soon as it can be.
    """
    random = Random(seed)
    began = time.monotonic()
    for position in range(round(per_second * seconds)):
        ahead = began + position / per_second - time.monotonic()
        if ahead > 0:
            await asyncio.sleep(ahead)
        body = replies.write(clock.now())
        yield orjson.dumps(body)
        if random.random() < duplicates:
            yield orjson.dumps(replies.deliver_again(body))
