"""schemathesis asks every root field for all that its arguments can be, and finds nothing."""

import re
import sys
from pathlib import Path

import pytest

from tests.clients.programs import Served, printed
from tests.needs import scale
from tests.tree import ROOT

EVERYTHING_TESTED = re.compile(r"Selected: (\d+)/\1\n  Tested: \1\n")


@pytest.mark.once
@pytest.mark.scaled
async def test_whatever_the_types_allow_is_answered_and_what_they_forbid_refused(
    served: Served, tmp_path: Path
) -> None:
    cases = scale(small=1, check=3, soak=50)
    environment = {
        "SCHEMATHESIS_HOOKS": "tests.clients.schemathesis_hooks",
        "PYTHONPATH": str(ROOT),
    }
    options = {
        "--header": f"Authorization: Bearer {served.other}",
        "--max-examples": str(cases),
        "--generation-allow-x00": "false",
        "--generation-database": "none",
    }
    told = await printed(
        *(sys.executable, "-m", "schemathesis.cli", "run", served.endpoint, "--no-color"),
        *(part for option in options.items() for part in option),
        folder=tmp_path,  # it writes down what failed where it runs
        environment=environment,
    )

    assert EVERYTHING_TESTED.search(told), told
    assert "No issues found" in told, told
