"""The SQL of an operation alone, by pgbench with prepared statements and generic plans."""

import os
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.databases import Postgres, with_query
from benchmarks.load import Load

CLIENTS = 4
"""As many connections as one server process reads on."""

OPTIONS = "options=-cplan_cache_mode%3Dforce_generic_plan%20-cjit%3Doff%20-ctimezone%3DUTC"


@dataclass(frozen=True)
class Script:
    """A statement with `$1`, `$2` ..., and the values of each request that takes its turn."""

    sql: str
    requests: Sequence[Sequence[Any]] = field(repr=False)


def run_pgbench(postgres: Postgres, database: str, script: Script, seconds: float) -> Load:
    """Load PostgreSQL for that long with the statement; times of single answers are not known."""
    with TemporaryDirectory(prefix="hashcart-pgbench-") as folder:
        words = [str(postgres.binaries.program("pgbench")), "-n", "-M", "prepared"]
        words += ["-c", str(CLIENTS), "-j", "1", "-T", str(max(1, round(seconds)))]
        for turn, values in enumerate(script.requests):
            path = Path(folder) / f"{turn}.sql"
            path.write_text(_numbered(script.sql, turn) + ";\n", encoding="utf-8")
            words += ["-f", str(path)]
            for number, value in enumerate(values, 1):
                words += ["-D", f"p{number}_{turn}={value}"]
        done = subprocess.run(
            [*words, with_query(postgres.url_for(database), OPTIONS)],
            env=postgres.binaries.environ(os.environ),
            capture_output=True,
            text=True,
            check=False,
        )
    answers = re.search(r"transactions actually processed: (\d+)", done.stdout)
    rate = re.search(r"^tps = ([0-9.]+)", done.stdout, re.MULTILINE)
    if done.returncode or answers is None or rate is None:
        raise RuntimeError(f"pgbench ended with code {done.returncode}: {done.stderr}")
    return Load(int(answers[1]), int(answers[1]) / float(rate[1]), None, None, 0)


def _numbered(sql: str, turn: int) -> str:
    """Each script has variables of its own, since `-D` is one list for all of them."""
    return re.sub(r"\$(\d+)", rf":p\g<1>_{turn}", sql)
