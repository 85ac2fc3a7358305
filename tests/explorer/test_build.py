"""The built files are those of their source, and say what they are made of."""

import json
import re
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

import pytest

from app.explorer.routes import ASSETS, LICENCES, PAGE

SOURCE = ASSETS.parent / "source"
BYTES_MAX = 6_500_000


def source_hash() -> str:
    """What build.mjs writes into the page: each file that the output depends on, by its name."""
    page = (f"page/{path.name}" for path in (SOURCE / "page").iterdir())
    digest = sha256()
    for name in sorted(["build.mjs", "licences.mjs", "package-lock.json", *page]):
        digest.update(f"{name}\0".encode() + (SOURCE / name).read_bytes())
    return digest.hexdigest()


def test_the_built_page_is_that_of_its_source() -> None:
    page = (ASSETS / PAGE).read_text(encoding="utf-8")
    named = re.search(r'content="source ([0-9a-f]{64})"', page)

    assert named is not None
    assert named.group(1) == source_hash(), "Run `make explorer`, and commit what it writes."


@pytest.mark.needs("explorer-packages")
def test_the_source_builds_to_the_very_bytes_that_are_committed(tmp_path: Path) -> None:
    node = shutil.which("node")
    assert node is not None
    built = tmp_path / "assets"

    subprocess.run([node, str(SOURCE / "build.mjs"), str(built)], check=True, timeout=300)

    assert {path.name for path in built.iterdir()} == {path.name for path in ASSETS.iterdir()}
    stale = [
        path.name
        for path in ASSETS.iterdir()
        if (built / path.name).read_bytes() != path.read_bytes()
    ]
    assert stale == [], "Run `make explorer`, and commit what it writes."


@pytest.mark.needs("explorer-packages")
def test_the_source_fits_its_types() -> None:
    compiler = SOURCE / "node_modules" / ".bin" / "tsc"

    told = subprocess.run(
        [compiler], cwd=SOURCE, capture_output=True, text=True, timeout=300, check=False
    )

    assert (told.returncode, told.stdout) == (0, "")


def test_every_package_that_the_source_names_has_its_licence_beside_the_files() -> None:
    told = (ASSETS / LICENCES).read_text(encoding="utf-8")
    packages = json.loads((SOURCE / "package.json").read_text(encoding="utf-8"))["dependencies"]
    locked = json.loads((SOURCE / "package-lock.json").read_text(encoding="utf-8"))["packages"]

    missing = [
        name
        for name in packages
        if f"\n{name} {locked[f'node_modules/{name}']['version']} (" not in told
    ]
    assert missing == []
    assert "GPL" not in {entry.get("license", "")[:3] for entry in locked.values()}


def test_the_files_stay_lean() -> None:
    sizes = {path.name: path.stat().st_size for path in ASSETS.iterdir()}

    assert sum(sizes.values()) <= BYTES_MAX, sizes


def test_the_page_loads_one_script_and_one_sheet_and_every_file_is_named_somewhere() -> None:
    page = (ASSETS / PAGE).read_text(encoding="utf-8")
    [script], [style] = (
        re.findall(r'src="[^"]*/(.+?)"', page),
        re.findall(r'"[^"]*/([^"/]+\.css)"', page),
    )
    texts = [page, *((ASSETS / name).read_text(encoding="utf-8") for name in (script, style))]

    unnamed = {
        path.name
        for path in ASSETS.iterdir()
        if path.name != PAGE and not any(path.name in text for text in texts)
    }
    assert unnamed == set()
