"""The root interface of everything that a global id names."""

import strawberry


@strawberry.interface(description="Anything with a global id (Relay's object identification).")
class Node:
    """Anything with a global id."""

    id: strawberry.ID = strawberry.field(description="The global id: opaque, good for `node`.")
