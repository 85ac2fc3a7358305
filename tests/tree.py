"""The files of this repository, for tests that read them as text."""

import os
import subprocess
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@cache
def files() -> tuple[Path, ...]:
    """Every file that is or would be committed, sorted; without git, all that no tool made."""
    git = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        listed = subprocess.run(git, cwd=ROOT, capture_output=True, check=True, text=True)
    except (FileNotFoundError, subprocess.CalledProcessError):
        return tuple(sorted(_walk()))
    found = (ROOT / name for name in listed.stdout.split("\0") if name)
    return tuple(sorted(path for path in found if path.is_file()))


def _walk() -> Iterator[Path]:
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    ignored = [line.rstrip("/") for line in lines if line and not line.startswith("#")]

    def kept(name: str) -> bool:
        return name != ".git" and not any(fnmatch(name, pattern) for pattern in ignored)

    for folder, below, names in os.walk(ROOT):
        below[:] = filter(kept, below)
        yield from (Path(folder, name) for name in names if kept(name))


def python_files(*folders: str) -> list[Path]:
    """The Python files below *folders* of the top level."""
    tops = {ROOT / folder for folder in folders}
    return [path for path in files() if path.suffix == ".py" and tops & set(path.parents)]


@cache
def texts() -> dict[str, str]:
    """Each text file's contents by its name from the top; files that are not UTF-8 are left out."""
    found = {}
    for path in files():
        try:
            found[name_of(path)] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
    return found


def name_of(path: Path) -> str:
    """The path as seen from the top, with forward slashes."""
    return path.relative_to(ROOT).as_posix()


def command() -> str:
    """Python code that does what the installed command `hashcart` does."""
    entry = tomllib.loads(texts()["pyproject.toml"])["project"]["scripts"]["hashcart"]
    module, _, function = entry.partition(":")
    return f"from {module} import {function}; {function}()"
