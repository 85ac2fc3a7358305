"""The README tells the truth about commands, settings and seed files."""

import json
import re

import typer
from pydantic import SecretStr

from app.cli.main import app
from app.cli.world_file import parse_world
from app.core.settings import PREFIX, Settings
from tests.cli.test_commands import every_command
from tests.tree import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    """The cells of the table below a heading."""
    section = README.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_table_of_commands_is_complete() -> None:
    told = {name.strip("`").removeprefix("hashcart ") for name, _ in rows("Commands")}

    assert told == {name for name, _ in every_command(typer.main.get_command(app))}


def test_the_table_of_settings_has_every_setting_with_its_default() -> None:
    told = {name.strip("`"): default.strip("`") for name, default, _ in rows("Settings")}

    assert told == {
        PREFIX + name.upper(): _told(
            field.get_default(call_default_factory=True, validated_data={"port": 8000})
        )
        for name, field in Settings.model_fields.items()
    }


def _told(default: object) -> str:
    if isinstance(default, SecretStr):
        return "for development only"
    return "" if default is None else str(default)


def test_every_variable_that_the_readme_names_is_a_setting() -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}

    assert set(re.findall(r"HASHCART_[A-Z_]+", README)) == known


def test_the_seed_file_in_the_readme_can_be_loaded() -> None:
    [example] = re.findall(r"```json\n(.*?)```", README, re.DOTALL)

    assert len(parse_world(json.loads(example)).tweets) == 1


def test_every_file_that_the_readme_links_is_there() -> None:
    links = re.findall(r"\]\((?!https?:)([^)]+)\)", README)

    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
