"""Every example operation becomes the statement and the answer that stand beside it.

HASHCART_GOLDEN=write writes both anew; the diff is for reading.
"""

import os
from pathlib import Path
from typing import Any

import orjson
import pytest

from app.core.migrate import data_folder
from app.graphql.reads.explain import pretty
from tests.golden_world import FJORD
from tests.reads.conftest import Asker

FOLDER = data_folder("graphql") / "operations"
OPERATIONS = sorted(FOLDER.glob("*/*.graphql"))


def _read(operation: Path) -> tuple[str, dict[str, Any]]:
    """The document and its variables."""
    file = operation.with_suffix(".variables.json")
    variables: dict[str, Any] = orjson.loads(file.read_bytes()) if file.exists() else {}
    return operation.read_text(encoding="utf-8"), variables


def _compare(file: Path, text: str) -> None:
    if os.environ.get("HASHCART_GOLDEN") == "write":
        file.write_text(text, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == text, "Run HASHCART_GOLDEN=write and read the diff."


@pytest.mark.parametrize(
    "operation", OPERATIONS, ids=lambda path: f"{path.parent.name}/{path.stem}"
)
async def test_an_example_operation_has_its_golden_statement_and_answer(
    asker: Asker, operation: Path
) -> None:
    query, variables = _read(operation)

    answer = await asker.ask(query, FJORD.viewer(), variables)

    assert len(asker.statements) == 1
    _compare(operation.with_suffix(".sql"), pretty(asker.statements[0]))
    shown = orjson.dumps(answer, option=orjson.OPT_INDENT_2).decode() + "\n"
    _compare(operation.with_suffix(".json"), shown)
    assert answer == await asker.ask_reference(query, FJORD.viewer(), variables)


def test_every_feature_with_root_fields_has_an_example_operation() -> None:
    with_examples = {operation.parent.name for operation in OPERATIONS}

    with_roots = {
        path.parent.name
        for path in (Path(__file__).parents[2] / "app").glob("*/schema.py")
        if "root_many(" in path.read_text() or "root_one(" in path.read_text()
    }

    assert with_roots - with_examples == set()
