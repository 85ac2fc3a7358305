"""Reading a world: the whole file is checked before anything is loaded."""

import json
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from app.cli.failures import CommandFailed
from app.cli.world import MOMENT_FORMS, World
from app.cli.world_checks import faults_of

FILE_BYTES_MAX = 64 * 1024 * 1024
FAULTS_SHOWN_MAX = 10


class BadWorld(CommandFailed):
    """The world cannot be loaded; the message says where and what to mend."""


def read_json(path: Path, *, bytes_max: int = FILE_BYTES_MAX) -> Any:
    """What the JSON file holds.

    Raises:
        CommandFailed: it cannot be read, is too large, or is no JSON.
    """
    try:
        if path.stat().st_size > bytes_max:
            raise CommandFailed(f"{path} is larger than {bytes_max} bytes: split it.")
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CommandFailed(f"Cannot read {path}: {error.strerror}. Check the path.") from None
    except UnicodeDecodeError:
        raise CommandFailed(f"{path} is not UTF-8: save it as UTF-8.") from None
    except (ValueError, RecursionError) as error:
        raise CommandFailed(f"{path} is no JSON: {error}.") from None


def read_world(path: Path) -> World:
    """The world of a file.

    Raises:
        CommandFailed: the file cannot be read, or `BadWorld` where it cannot be loaded.
    """
    return parse_world(read_json(path), source=str(path))


def demo_data() -> Mapping[str, Any]:
    """The world of `hashcart demo`, which comes with the program, as it stands in its file."""
    data: Mapping[str, Any] = json.loads(
        resources.files("app.cli").joinpath("demo_world.json").read_text(encoding="utf-8")
    )
    return data


def parse_world(data: Mapping[str, Any], *, source: str = "the world") -> World:
    """The world that *data* describes, of the form in `world.py`.

    Raises:
        BadWorld: naming at most `FAULTS_SHOWN_MAX` faults, each by its place.
    """
    try:
        world = World.model_validate(data)
    except ValidationError as error:
        raise _bad(source, [_fault(dict(one)) for one in error.errors(include_url=False)]) from None
    if faults := list(faults_of(world)):
        raise _bad(source, faults)
    return world


def _fault(error: Mapping[str, Any]) -> str:
    parts = [part for part in error["loc"] if part not in MOMENT_FORMS]
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
    reason = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        reason = "The format has no such key"
    return f"{place.lstrip('.') or 'the file'}: {reason}"


def _bad(source: str, faults: Sequence[str]) -> BadWorld:
    shown = "\n".join(f"  {fault}" for fault in faults[:FAULTS_SHOWN_MAX])
    more = len(faults) - FAULTS_SHOWN_MAX
    rest = f"\n  and {more} more" if more > 0 else ""
    return BadWorld(f"Nothing was loaded: mend {source} at\n{shown}{rest}")
