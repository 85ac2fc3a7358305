"""The schema's changes since an older one, and the changelog that tells them.

The changelog needs no history of git: `released.graphql` is the schema of the last release, and
what was told of earlier ones stays as it stands.
"""

import re
import subprocess
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from app.cli.contract import RELEASED_FILE, SCHEMA_FILE
from app.cli.failures import CommandFailed
from app.graphql.changes import Change, Level, NoSchema, changes_between

GIT_SECONDS_MAX = 30.0

UNRELEASED = "## Unreleased"
_HEAD = """# Changelog of the schema

What changed for clients, release by release; `hashcart schema --write` writes the first part from
`released.graphql` and `schema.graphql`. Below every breaking change stands by hand, indented, what
to do: without it `hashcart schema --check` fails, and what is written there stays.
"""
_TITLES = {
    Level.BREAKING: "### Breaking",
    Level.DANGEROUS: "### Dangerous: clients may meet what they do not know",
    Level.SAFE: "### Safe",
}
_RELEASE = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+")


def changes_since(old: str | None, new: str) -> list[Change]:
    """What changed from *old*: a file, a revision of git, or None for the last release.

    Raises:
        CommandFailed: there is no such schema.
    """
    try:
        return changes_between(_older(old), new)
    except NoSchema as error:
        raise CommandFailed(f"{old or RELEASED_FILE} holds no GraphQL schema: {error}") from None


def _older(old: str | None) -> str:
    path = Path(RELEASED_FILE if old is None else old)
    if path.is_file():
        return path.read_text(encoding="utf-8")
    if old is None:
        raise CommandFailed(f"There is no {RELEASED_FILE} here: name a file or a revision of git.")
    shown = subprocess.run(
        ["git", "show", "--end-of-options", f"{old}:{SCHEMA_FILE}"],
        capture_output=True,
        text=True,
        timeout=GIT_SECONDS_MAX,
        check=False,
    )
    if shown.returncode:
        raise CommandFailed(
            f"{old} is neither a file nor a revision of git that holds {SCHEMA_FILE}."
        )
    return shown.stdout


def told(changes: Sequence[Change]) -> str:
    """The changes as lines, the worst first; of those in words alone only how many they are."""
    lines = [f"{change.level:<10}{change.text}" for change in changes if not change.in_words]
    counts = [f"{sum(change.level is level for change in changes)} {level}" for level in Level]
    words = sum(change.in_words for change in changes)
    return "\n".join([*lines, f"{', '.join(counts)} ({words} of them in descriptions alone)."])


def changelog(before: str, changes: Sequence[Change]) -> str:
    """The changelog *before*, with these changes in its first part; notes by hand stay."""
    notes = _notes(_unreleased(before))
    parts = [_HEAD, UNRELEASED, ""]
    for level in Level:
        entries = [_entry(change, notes) for change in changes if change.level is level]
        lines = [line for entry in entries for line in entry]
        if lines:
            parts += [_TITLES[level], "", *lines, ""]
    if parts[-2] == UNRELEASED:
        parts += ["Nothing yet.", ""]
    return "\n".join(parts + _released(before)).rstrip("\n") + "\n"


def _entry(change: Change, notes: Mapping[str, Sequence[str]]) -> list[str]:
    """A change with its note. That a description changed is told by the schema itself."""
    return [] if change.in_words else [f"- {change.text}", *notes.get(change.text, ())]


def without_note(text: str) -> list[str]:
    """The breaking changes in the first part of a changelog below which nothing is said."""
    part = _unreleased(text)
    begin = part.index(_TITLES[Level.BREAKING]) if _TITLES[Level.BREAKING] in part else len(part)
    breaking: list[str] = []
    for line in part[begin + 1 :]:
        if line.startswith("#"):
            break
        if line.startswith("- "):
            breaking.append(line.removeprefix("- "))
    notes = _notes(part)
    return [each for each in breaking if not notes.get(each)]


def closed_under(text: str, version: str, day: date) -> str:
    """The changelog with its first part under the name of a release.

    Raises:
        CommandFailed: *version* is none, or was released before.
    """
    if not _RELEASE.fullmatch(version):
        raise CommandFailed(f"A release has a version such as 1.2.0, not {version!r}.")
    if f"## {version} " in text:
        raise CommandFailed(f"{version} was released before; raise the version.")
    first = "\n".join([UNRELEASED, "", "Nothing yet.", "", f"## {version} ({day})"])
    return text.replace(UNRELEASED, first, 1)


def _unreleased(text: str) -> list[str]:
    lines = text.splitlines()
    if UNRELEASED not in lines:
        return []
    rest = lines[lines.index(UNRELEASED) + 1 :]
    end = next((place for place, line in enumerate(rest) if line.startswith("## ")), len(rest))
    return rest[:end]


def _released(text: str) -> list[str]:
    lines = text.splitlines()
    first = (
        place for place, line in enumerate(lines) if line.startswith("## ") and line != UNRELEASED
    )
    return lines[next(first, len(lines)) :]


def _notes(lines: Sequence[str]) -> dict[str, list[str]]:
    """What stands indented below each change, by its text."""
    notes: dict[str, list[str]] = {}
    change = ""
    for line in lines:
        if line.startswith("- "):
            change = line.removeprefix("- ")
        elif line.startswith("  ") and line.strip() and change:
            notes.setdefault(change, []).append(line)
        else:
            change = ""
    return notes
