"""Codes of errors: each is explained, printed, and the one that a client meets."""

import ast
import re

from app.graphql.codes import CODES, printed_codes, status_of
from app.graphql.errors import ErrorCode
from tests.tree import ROOT, python_files


def test_every_code_is_explained_once_with_a_remedy() -> None:
    assert set(CODES) == set(ErrorCode)
    assert [code for code, meaning in CODES.items() if not (meaning.when and meaning.remedy)] == []


def test_the_printed_page_holds_every_code_with_its_status() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \| (\d{3}) \|", printed_codes(), re.MULTILINE)

    assert rows == [(code.value, str(status_of(code))) for code in CODES]
    assert (ROOT / "graphql/errors.md").read_text(encoding="utf-8") == printed_codes()


def test_every_code_is_used_and_no_error_has_another() -> None:
    used = {
        node.attr
        for path in python_files("app")
        if path.name not in ("codes.py",)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "ErrorCode"
    }

    assert used == {code.name for code in ErrorCode}
