"""What a test needs beyond Python, on which PostgreSQL it runs, and how large its counts are.

A pytest plugin. A test says `@pytest.mark.needs("chromium")`; where that is missing the test is
left out, and the last lines of the run say so and how to get it. Four variables rule a run:

- `HASHCART_TEST_SCALE`: `small` (default), `check` or `soak`, the argument that `scale` answers.
- `HASHCART_PG_MAJOR`: runs on that PostgreSQL only the tests that touch the database, without those
  marked `once`.
- `HASHCART_TEST_PYTHON_ALONE=1`: leaves out what needs more programs than Python and what its
  packages carry, also where they are here: it takes as long, and shows as much, everywhere.
- `HASHCART_TEST_NOTHING_LEFT_OUT=1`: whatever is missing is an error.
"""

import os
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import pytest

from app.core.postgres.binaries import find_binaries
from app.core.postgres.errors import PostgresUnavailable
from app.core.postgres.privileges import in_user_namespace

CLIENTS = Path(__file__).parent / "clients"
EXPLORER = Path(__file__).parents[1] / "app" / "explorer" / "source"

Count = TypeVar("Count")


class Scale(StrEnum):
    """How large the counts are: for every day, for `make check`, for `make soak`."""

    SMALL = "small"
    CHECK = "check"
    SOAK = "soak"


@dataclass(frozen=True)
class Need:
    """Something a machine with Python alone may lack."""

    is_here: Callable[[], bool]
    remedy: str
    """What to do to get it, for the last lines of a run."""
    is_program: bool = True
    """Whether it is something to install, and not how the tests are run."""

    def may_be_used(self) -> bool:
        """Whether tests that need it are to run."""
        return not (self.is_program and python_alone()) and self.is_here()


def has_postgresql(major: int) -> bool:
    """Whether the launcher would find the programs of that PostgreSQL."""
    try:
        find_binaries(major=major)
    except PostgresUnavailable:
        return False
    return True


def chromium() -> str | None:
    """The browser's path: Chromium by any of its names, else Chrome."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


def has_node() -> bool:
    """Whether Node.js 20 or newer is here, and the packages of `tests/clients` where it has any."""
    node = shutil.which("node")
    if node is None:
        return False
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    version = re.match(r"v(\d+)", answer.stdout)
    installed = (CLIENTS / "node_modules").is_dir() or not (CLIENTS / "package.json").is_file()
    return version is not None and int(version.group(1)) >= 20 and installed


def has_explorer_packages() -> bool:
    """Whether the explorer can be built: Node.js, and the packages of its source."""
    return has_node() and (EXPLORER / "node_modules").is_dir()


def is_root() -> bool:
    """Whether this process may act as any user."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def has_user_namespaces() -> bool:
    """Whether root may run a program in a user namespace here."""
    try:
        return is_root() and in_user_namespace(Path("/"), find_binaries()) is not None
    except PostgresUnavailable:
        return False


NEEDS = {
    "node": Need(has_node, "install Node.js 20 or newer, then: npm ci --prefix tests/clients"),
    "chromium": Need(lambda: chromium() is not None, "on Debian: apt-get install chromium"),
    "explorer-packages": Need(
        has_explorer_packages,
        "install Node.js 20 or newer, then: npm ci --prefix app/explorer/source",
    ),
    "postgresql-15": Need(
        lambda: has_postgresql(15), "on Debian 12: apt-get install postgresql-15"
    ),
    "root": Need(is_root, "run the tests as root", is_program=False),
    "user-namespaces": Need(
        has_user_namespaces,
        "run the tests as root, outside of a chroot and of a container",
        is_program=False,
    ),
}


def chosen_scale() -> Scale:
    """The scale of this run.

    Raises:
        pytest.UsageError: the variable holds another word.
    """
    word = os.environ.get("HASHCART_TEST_SCALE", Scale.SMALL)
    if word not in list(Scale):
        raise pytest.UsageError(f"HASHCART_TEST_SCALE={word}: say small, check or soak.")
    return Scale(word)


def scale(*, small: Count, check: Count, soak: Count) -> Count:
    """The count for this run; a test that asks for one is marked `scaled`."""
    return {Scale.SMALL: small, Scale.CHECK: check, Scale.SOAK: soak}[chosen_scale()]


def python_alone() -> bool:
    """Whether this run keeps to what Python and its packages carry."""
    return os.environ.get("HASHCART_TEST_PYTHON_ALONE") == "1"


def nothing_may_be_left_out() -> bool:
    """Whether this run fails when something that a test needs is missing."""
    return os.environ.get("HASHCART_TEST_NOTHING_LEFT_OUT") == "1"


def chosen_major() -> int | None:
    """The PostgreSQL that this run was asked to keep to, if it was.

    Raises:
        pytest.UsageError: the variable holds no number.
    """
    word = os.environ.get("HASHCART_PG_MAJOR", "")
    if word and not word.isdecimal():
        raise pytest.UsageError(f"HASHCART_PG_MAJOR={word}: say a major version, such as 15.")
    return int(word) if word else None


_LEFT_OUT = pytest.StashKey[Counter[str]]()


def pytest_configure(config: pytest.Config) -> None:
    """Declares the markers, and refuses a wrong variable before anything runs."""
    config.addinivalue_line(
        "markers", f"needs(what): is left out where *what* is missing; one of {', '.join(NEEDS)}"
    )
    config.addinivalue_line("markers", "database: starts PostgreSQL itself, without server_url")
    config.addinivalue_line(
        "markers", "once: which PostgreSQL it runs on makes no difference to it"
    )
    config.addinivalue_line("markers", "scaled: its counts grow with HASHCART_TEST_SCALE")
    config.stash[_LEFT_OUT] = Counter()
    chosen_scale()
    chosen_major()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what this run was not asked for, and what cannot run here."""
    asked = [item for item in items if chosen_major() is None or _is_of_every_postgresql(item)]
    needs = {item: _needs_of(item) for item in asked}
    here = {name: NEEDS[name].may_be_used() for name in set(chain.from_iterable(needs.values()))}
    missing = {item: [name for name in needs[item] if not here[name]] for item in asked}
    kept = [item for item in asked if not missing[item]]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
    items[:] = kept
    left_out = config.stash[_LEFT_OUT]
    left_out.update(name for names in missing.values() for name in names)
    if left_out and nothing_may_be_left_out():
        raise pytest.UsageError("Nothing may be left out. " + " ".join(_sentences(left_out)))


def _touches_the_database(item: pytest.Item) -> bool:
    through_a_fixture = "server_url" in getattr(item, "fixturenames", ())
    return through_a_fixture or item.get_closest_marker("database") is not None


def _is_of_every_postgresql(item: pytest.Item) -> bool:
    return _touches_the_database(item) and item.get_closest_marker("once") is None


def _needs_of(item: pytest.Item) -> list[str]:
    names = {str(name) for marker in item.iter_markers("needs") for name in marker.args}
    if _touches_the_database(item) and f"postgresql-{chosen_major()}" in NEEDS:
        names.add(f"postgresql-{chosen_major()}")
    for name in names:
        if name not in NEEDS:
            raise pytest.UsageError(
                f"{item.nodeid} needs {name!r}, which tests/needs.py does not know: add it there."
            )
    return sorted(names)


def _sentences(left_out: Counter[str]) -> list[str]:
    return [
        f"{count} {'test needs' if count == 1 else 'tests need'} {name}; {_remedy(NEEDS[name])}."
        for name, count in sorted(left_out.items())
    ]


def _remedy(need: Need) -> str:
    return "make check runs them" if need.is_program and python_alone() else need.remedy


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """The last lines: what was left out and how to get it."""
    left_out = config.stash[_LEFT_OUT]
    if left_out:
        terminalreporter.section("left out on this machine")
        for sentence in _sentences(left_out):
            terminalreporter.write_line(sentence)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Takes over what a process of pytest-xdist left out: each collects all of the tests."""
    left_out = node.config.stash[_LEFT_OUT]
    left_out |= Counter(getattr(node, "workeroutput", {}).get("left_out", {}))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A run in which everything was left out, and said so, did not fail, unless nothing may be."""
    left_out = session.config.stash[_LEFT_OUT]
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left_out"] = dict(left_out)
    nothing_ran = session.exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED
    if left_out and nothing_may_be_left_out():
        # A process of pytest-xdist that ends for this reason leaves the others without one.
        session.exitstatus = pytest.ExitCode.USAGE_ERROR
    elif nothing_ran and left_out:
        session.exitstatus = pytest.ExitCode.OK
