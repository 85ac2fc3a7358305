"""The example operations of `graphql/operations`, as the explorer's page is told of them."""

import re
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from app.core.migrate import data_folder

READY = (
    "carts/cart_intents",
    "carts/cart_adds",
    "events/events",
    "tweets/newest_tweets",
    "advocates/advocates",
    "brands/brand",
)
"""Those that stand in tabs when the page is opened for the first time, in this order."""

_OPERATION = re.compile(r"^(query|mutation|subscription)\s+(\w+)", re.MULTILINE)
_COMMENT = re.compile(r"(?:^#.*\n)+")


@dataclass(frozen=True)
class Example:
    """One operation; `sql` is the statement that it becomes, where a golden file tells it."""

    feature: str
    name: str
    kind: str
    about: str
    document: str
    variables: str | None
    sql: str | None
    ready: bool

    @classmethod
    def read(cls, path: Path) -> "Example":
        """The operation at a path, and what lies beside it.

        Raises:
            ValueError: it holds no named operation.
        """
        document = path.read_text(encoding="utf-8")
        operation = _OPERATION.search(document)
        if operation is None:
            raise ValueError(f"Name the operation of {path}: `query Name`.")
        kind, name = operation.groups()
        return cls(
            feature=path.parent.name,
            name=name,
            kind=kind,
            about=_about(document),
            document=document,
            variables=_beside(path, ".variables.json"),
            sql=_beside(path, ".sql"),
            ready=f"{path.parent.name}/{path.stem}" in READY,
        )


def _about(document: str) -> str:
    comment = _COMMENT.match(document)
    lines = comment.group().splitlines() if comment else []
    return " ".join(line.removeprefix("#").strip() for line in lines)


def _beside(path: Path, suffix: str) -> str | None:
    file = path.with_suffix(suffix)
    return file.read_text(encoding="utf-8") if file.exists() else None


def example_operations() -> list[Example]:
    """All of them: those that stand ready first, then by feature and name."""
    folder = data_folder("graphql") / "operations"
    paths = sorted(folder.glob("*/*.graphql"))
    places = {f"{path.parent.name}/{path.stem}": path for path in paths}
    first = [places[name] for name in READY]
    return [Example.read(path) for path in [*first, *(each for each in paths if each not in first)]]


def examples_json() -> bytes:
    """All of them as the page reads them."""
    return orjson.dumps([asdict(example) for example in example_operations()])
