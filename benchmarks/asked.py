"""What an operation under measurement is."""

from dataclasses import dataclass
from typing import Any

from benchmarks.databases import BrandData


@dataclass(frozen=True)
class Asked:
    """One request: whose token it carries, and its variables."""

    brand: BrandData
    variables: dict[str, Any]


@dataclass(frozen=True)
class Operation:
    """An operation, and the requests that take turns in a measurement."""

    name: str
    about: str
    document: str
    requests: tuple[Asked, ...]
    main: bool = False
    """Whether it is asked of peers as well, and its SQL measured alone."""
