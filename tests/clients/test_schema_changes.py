"""graphql-inspector guards the schema: what breaks clients stands in its changelog, with a note."""

import os
from pathlib import Path
from typing import Any

import pytest

from app.cli.schema_changes import without_note
from app.graphql.changes import Level, changes_between
from tests.clients.programs import lines_of
from tests.tree import ROOT

SCHEMA = ROOT / "graphql/schema.graphql"
RELEASED = ROOT / "graphql/released.graphql"
CHANGELOG = ROOT / "graphql/CHANGELOG.md"

pytestmark = pytest.mark.needs("node")


async def breaks(old: Path, *new: Path) -> list[dict[str, Any]]:
    """What graphql-inspector calls breaking."""
    found = await lines_of("changes", OLD=str(old), NEW=os.pathsep.join(map(str, new)))
    return [each for each in found if each["criticality"] == "BREAKING"]


async def test_what_breaks_clients_since_the_last_release_is_in_the_changelog_with_a_note() -> None:
    changelog = CHANGELOG.read_text(encoding="utf-8")
    unreleased = changelog.split("\n## ")[1]

    for found in await breaks(RELEASED, SCHEMA):
        place = ".".join(found["path"].split(".")[:2])
        assert place in unreleased, f"{found['message']} Run `hashcart schema --write`."
    assert without_note(changelog) == []


BROKEN = {
    "a field goes": ('  """How many."""\n  quantity: Int!\n', ""),
    "a field may be null": ("  acceptQuotes: Boolean!\n", "  acceptQuotes: Boolean\n"),
    "an enum value goes": ("  THREAD_ROOT\n", "  ROOT_OF_THREAD\n"),
    "an argument becomes needed": ("operationCost(", "operationCost(\n    needed: Int!\n"),
    "an input's member becomes needed": ("  expectedVersion: Int\n", "  expectedVersion: Int!\n"),
    "a member of a union goes": ("union LogItem = LogEntry | ", "union LogItem = "),
    "a type is called otherwise": ("AccountLinkEdge", "AccountEdge"),
}


async def test_the_guard_and_the_command_see_the_same_breaks(tmp_path: Path) -> None:
    text = SCHEMA.read_text(encoding="utf-8")
    files = {}
    for name, (old, new) in BROKEN.items():
        assert old in text, name
        files[name] = tmp_path / f"{name}.graphql"
        files[name].write_text(text.replace(old, new), encoding="utf-8")
    wider = tmp_path / "wider.graphql"
    wider.write_text(f"{text}\nextend type Query {{\n  more: Int\n}}\n", encoding="utf-8")

    seen = {each["file"] for each in await breaks(SCHEMA, wider, *files.values())}

    assert seen == {str(file) for file in files.values()}
    for name, file in files.items():
        ours = changes_between(text, file.read_text(encoding="utf-8"))
        assert ours[0].level is Level.BREAKING, name
    added = changes_between(text, wider.read_text(encoding="utf-8"))
    assert [(each.level, each.text) for each in added] == [
        (Level.SAFE, "Field Query.more was added.")
    ]
