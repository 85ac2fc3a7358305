"""Enums in the API: every value is described by what its member says it means."""

import strawberry

from app.core.described import DescribedEnum


def shown_enum(enum: type[DescribedEnum], description: str) -> None:
    """Show *enum* in the API under its own name.

    Raises:
        ValueError: a member says nothing of what it means.
    """
    strawberry.enum(enum, description=description)
    for value in enum.__strawberry_definition__.values:  # type: ignore[attr-defined]  # just made
        meaning = enum[value.name].meaning
        if not meaning:
            raise ValueError(f"{enum.__name__}.{value.name}: say what it means, beside its value.")
        value.description = meaning
