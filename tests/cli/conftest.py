"""Commands over a database of the test's own."""

import pytest

from tests.cli.commands import Commands


@pytest.fixture
def commands(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], own_database: str
) -> Commands:
    """Commands whose HASHCART_DATABASE_URL is a migrated database of this test alone."""
    return Commands(monkeypatch, capsys, own_database)
