"""The commands that show what clients rely on, and what the engine makes of an operation."""

import subprocess
from pathlib import Path

import pytest

from tests.cli.commands import ROOT, Commands

OPERATION = str(ROOT / "graphql/operations/carts/cart_intents.graphql")


def test_schema_prints_the_committed_schema(commands: Commands) -> None:
    finished = commands.run("schema")

    assert finished.code == 0
    assert finished.out == (ROOT / "graphql/schema.graphql").read_text(encoding="utf-8")


def test_schema_check_names_the_stale_file_and_the_remedy(
    commands: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert commands.run("schema", "--write").code == 0
    assert commands.run("schema", "--check").code == 0
    (tmp_path / "graphql/schema.graphql").write_text("type Query", encoding="utf-8")

    finished = commands.run("schema", "--check")

    assert finished.code == 1
    assert finished.err == (
        "graphql/schema.graphql is not current: run `hashcart schema --write` and read what "
        "changed.\n"
    )


OLDER = """
type Query {
  "What was." gone: Int
  kept(first: Int): Kind
  viewer: Int
}
enum Kind { A }
"""


@pytest.fixture
def released(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which the schema is that of the last release."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "graphql"
    folder.mkdir()
    committed = (ROOT / "graphql/schema.graphql").read_text(encoding="utf-8")
    (folder / "released.graphql").write_text(committed, encoding="utf-8")
    return folder


def test_schema_diff_tells_what_changed_since_a_file_and_fails_where_that_breaks_clients(
    commands: Commands, released: Path
) -> None:
    (released / "old.graphql").write_text(OLDER, encoding="utf-8")

    finished = commands.run("schema", "--diff", "graphql/old.graphql")

    lines = finished.out.splitlines()
    assert finished.code == 1
    assert lines[:2] == [
        "breaking  Field Query.gone was removed.",
        "breaking  Field Query.kept was removed.",
    ]
    assert "breaking  Field Query.viewer changed type from Int to Viewer." in lines
    assert "safe      Product was added." in lines
    assert lines[-1].startswith("4 breaking, 0 dangerous, ")


def test_schema_diff_without_a_change_succeeds(commands: Commands, released: Path) -> None:
    finished = commands.run("schema", "--diff")

    assert (finished.code, finished.out) == (
        0,
        "0 breaking, 0 dangerous, 0 safe (0 of them in descriptions alone).\n",
    )


def test_schema_diff_takes_a_revision_of_git(
    commands: Commands, released: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.com"]
    (released / "schema.graphql").write_text(OLDER, encoding="utf-8")
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "older"]):
        subprocess.run([*git, *words], check=True)

    finished = commands.run("schema", "--diff", "HEAD")

    assert finished.code == 1
    assert "breaking  Field Query.gone was removed." in finished.out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--diff", "nowhere"), "nowhere is neither a file nor a revision of git"),
        (("--diff", "--output=x"), "--output=x is neither a file nor a revision of git"),
        (("--diff", "graphql/none.graphql"), "graphql/none.graphql holds no GraphQL schema"),
        (("nowhere",), "An older schema is for --diff"),
        (("--release", "soon"), "A release has a version such as 1.2.0, not 'soon'."),
    ],
)
def test_schema_says_what_it_cannot_compare(
    commands: Commands, released: Path, words: tuple[str, ...], sentence: str
) -> None:
    (released / "none.graphql").write_text("type Query {", encoding="utf-8")
    end = ("--",) if words[1:] == ("--output=x",) else ()

    finished = commands.run("schema", words[0], *end, *words[1:])

    assert finished.code == 1
    assert finished.err.startswith(f"hashcart: {sentence}")


def test_the_changelog_asks_for_a_note_below_a_breaking_change_and_keeps_it(
    commands: Commands, released: Path
) -> None:
    committed = (released / "released.graphql").read_text(encoding="utf-8")
    older = committed.replace("type Query {", "type Query {\n  gone: Int", 1)
    (released / "released.graphql").write_text(older, encoding="utf-8")
    changelog = released / "CHANGELOG.md"
    assert commands.run("schema", "--write").code == 0
    breaking = "- Field Query.gone was removed."
    assert breaking in changelog.read_text(encoding="utf-8")

    unsaid = commands.run("schema", "--check")
    noted = changelog.read_text(encoding="utf-8").replace(
        breaking, f"{breaking}\n  Ask `viewer` for it: it told nothing else."
    )
    changelog.write_text(noted, encoding="utf-8")

    assert unsaid.code == 1
    assert "say below this breaking change what clients are to do: Field Query.gone" in unsaid.err
    assert commands.run("schema", "--release", "1.0.0").code == 0
    closed = changelog.read_text(encoding="utf-8")
    assert closed.index("## Unreleased\n\nNothing yet.\n\n## 1.0.0 (") < closed.index(breaking)
    assert "  Ask `viewer` for it: it told nothing else." in closed
    assert commands.run("schema", "--check").code == 0
    assert changelog.read_text(encoding="utf-8") == closed
    assert (released / "released.graphql").read_text(encoding="utf-8") == committed
    again = commands.run("schema", "--release", "1.0.0")
    assert again.err == "hashcart: 1.0.0 was released before; raise the version.\n"


def test_explain_prints_every_stage_and_postgresql_s_own_plan(commands: Commands) -> None:
    created = commands.run(
        *("brand", "create", "--slug", "acme", "--name", "Acme"),
        *("--x-user-id", "1510000000000000001", "--x-handle", "AcmeBoots"),
    )
    assert created.code == 0

    finished = commands.run("explain", OPERATION, "--brand", "acme", "--analyze")

    assert finished.code == 0
    titles = [line for line in finished.out.splitlines() if line.startswith("-- ")]
    assert titles == [
        "-- Cost",
        "-- Plan",
        "-- SQL",
        "-- Parameters",
        "-- Assembler",
        "-- PostgreSQL",
    ]
    assert "takes tweets:read for cartIntents.edges.node.tweet" in finished.out
    assert "Execution Time:" in finished.out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("nowhere.graphql",), "hashcart: nowhere.graphql cannot be read: "),
        ((OPERATION, "--variables", "{"), "hashcart: --variables is no JSON."),
        ((OPERATION, "--variables", "[]"), "hashcart: --variables must be a JSON object."),
        ((OPERATION, "--variables", '{"first": "x"}'), f"hashcart: {OPERATION}: Variable '$first'"),
        ((OPERATION, "--brand", "nobody"), "hashcart: There is no brand 'nobody'."),
    ],
)
def test_explain_tells_what_is_wrong_in_a_sentence(
    commands: Commands, words: tuple[str, ...], sentence: str
) -> None:
    finished = commands.run("explain", *words)

    assert finished.code == 1
    assert finished.err.startswith(sentence)


def test_an_operation_that_runs_on_the_reference_is_said_to(
    commands: Commands, tmp_path: Path
) -> None:
    operation = tmp_path / "introspection.graphql"
    operation.write_text("{ __schema { queryType { name } } }", encoding="utf-8")

    finished = commands.run("explain", str(operation))

    assert finished.code == 1
    assert "runs on the reference" in finished.err
