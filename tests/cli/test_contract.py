"""The commands that show what clients rely on, and what the engine makes of an operation."""

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


def test_explain_prints_every_stage_and_postgresql_s_own_plan(commands: Commands) -> None:
    created = commands.run(
        *("brand", "create", "--slug", "acme", "--name", "Acme"),
        *("--x-user-id", "1510000000000000001", "--x-handle", "AcmeBoots"),
    )
    assert created.code == 0

    finished = commands.run("explain", OPERATION, "--brand", "acme", "--analyze")

    assert finished.code == 0
    titles = [line for line in finished.out.splitlines() if line.startswith("-- ")]
    assert titles == ["-- Plan", "-- SQL", "-- Parameters", "-- Assembler", "-- PostgreSQL"]
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
