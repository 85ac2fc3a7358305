"""Payloads for chosen outcomes, with a line on each that says what to look for."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import orjson

from app.cli.failures import CommandFailed
from app.cli.plays import Role, author_for, play, roles_of
from app.cli.replies import Author, Replies
from app.cli.world import World
from app.core import clock


@dataclass(frozen=True)
class Played:
    """The bodies of one outcome, in their order, and what to tell of them."""

    bodies: Sequence[bytes]
    line: str


def plays(world: World, names: Sequence[str] | None, *, seed: int) -> list[Played]:
    """One play for each named outcome, or for every one that the world allows.

    Raises:
        CommandFailed: the world does not allow one of them; the message lists those it does.
    """
    random, roles = Random(seed), roles_of(world)
    cast = {
        name: (role, author)
        for name, role in roles.items()
        if (author := author_for(role, world, random)) is not None
    }
    wanted = list(cast) if names is None else [name.upper() for name in names]
    if missing := [name for name in wanted if name not in cast]:
        raise CommandFailed(
            f"This world does not come to {', '.join(missing)}. It comes to {', '.join(cast)}; "
            "more tweets, products and shoppers in its file allow more."
        )
    if not cast:
        raise CommandFailed("The world has no tweet with an id: nothing to answer.")
    replies = Replies([role.post for role in roles.values()], [], seed=seed)
    return [_played(*cast[name], replies) for name in wanted]


def _played(role: Role, author: Author, replies: Replies) -> Played:
    bodies = play(role, author, replies, clock.now())
    post = bodies[0]["data"]["payload"]
    about = f"x.com/{role.post.brand_handle}/status/{role.post.xid}"
    return Played(
        [orjson.dumps(body) for body in bodies],
        f"{role.outcome:<24} {post['id']}  by @{author.handle}, about {about}",
    )
