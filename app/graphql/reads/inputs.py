"""Arguments and input types of the schema, made from declarations."""

from collections.abc import Mapping
from typing import Any

import strawberry
from strawberry import UNSET
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.arguments import StrawberryArgument


def argument(name: str, annotation: Any, description: str) -> StrawberryArgument:
    """An argument of a bound field; optional arguments are absent or null alike."""
    return StrawberryArgument(
        python_name=name,
        graphql_name=None,
        type_annotation=StrawberryAnnotation(annotation),
        description=description,
        default=UNSET,
    )


def optional_member(description: str, name: str | None = None) -> Any:
    """An optional member of an input type; *name* where Python cannot spell the schema's."""
    return strawberry.field(name=name, description=description, default=UNSET)


def make_input(name: str, description: str, members: Mapping[str, tuple[Any, Any]]) -> type[Any]:
    """An input type of the schema: Python name → its annotation and its field."""
    annotations = {each: annotation for each, (annotation, _) in members.items()}
    fields = {each: field for each, (_, field) in members.items()}
    made = type(name, (), {"__annotations__": annotations, **fields})
    return strawberry.input(made, name=name, description=description)
