"""A built wheel carries its data and runs where there is no clone."""

import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from app.core.migrate import head_revision
from tests.tree import ROOT, command, files, name_of, texts

DATA = ("graphql/", "migrations/", "openapi/")


def run(*arguments: str, cwd: Path, path: str = "") -> str:
    """What a command prints; the test fails with its report when it fails."""
    environment = {name: value for name, value in os.environ.items() if "PYTHON" not in name}
    finished = subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env=environment | ({"PYTHONPATH": path} if path else {}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout.strip()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this clone, built without the network."""
    folder = tmp_path_factory.mktemp("dist")
    run("-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder), cwd=ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder outside the clone into which the wheel is installed."""
    folder = tmp_path_factory.mktemp("site")
    options = ("--no-deps", "--no-index", "--disable-pip-version-check", "--target", str(folder))
    run("-m", "pip", "install", "--quiet", *options, str(wheel), cwd=folder)
    return folder


def test_the_wheel_holds_the_program_its_data_and_nothing_else(wheel: Path) -> None:
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    committed = {name_of(path) for path in files()}

    program = {name for name in committed if name.startswith("app/")}
    program -= {name for name in program if name.startswith("app/explorer/source/")}
    data = {f"app/_data/{name}" for name in committed if name.startswith(DATA)}
    assert held == program | data
    assert "app/_data/graphql/schema.graphql" in data
    assert "app/explorer/assets/explorer.html" in program


def test_the_installed_program_is_not_the_clone(site: Path) -> None:
    found = run("-c", "import app; print(app.__file__)", cwd=site.parent, path=str(site))

    assert Path(found) == site / "app" / "__init__.py"


def test_the_command_runs_outside_the_clone(site: Path) -> None:
    version = tomllib.loads(texts()["pyproject.toml"])["project"]["version"]

    told = run("-c", command(), "--version", cwd=site.parent, path=str(site))

    assert told.split()[-1] == version
    assert (site / "bin" / "hashcart").is_file()


def test_the_installed_program_finds_its_migrations(site: Path) -> None:
    code = "from app.core.migrate import head_revision; print(head_revision())"

    head = run("-c", code, cwd=site.parent, path=str(site))

    assert head == head_revision()


def test_the_installed_program_finds_its_schema(site: Path) -> None:
    code = "from app.core.migrate import data_folder; print(data_folder('graphql'))"

    folder = Path(run("-c", code, cwd=site.parent, path=str(site)))

    assert folder == site / "app" / "_data" / "graphql"
    assert (folder / "schema.graphql").read_text() == texts()["graphql/schema.graphql"]
