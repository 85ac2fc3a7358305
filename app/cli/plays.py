"""Every outcome that replies to a world's tweets can come to, and who must write which posts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

from app.carts.states import CartIntentStatus, FailureReason
from app.cli.cast import NO_ANCHORS, author_of
from app.cli.endings import Answerable, answerable
from app.cli.replies import Author, Body, Post, Replies, stranger
from app.cli.world import ShopperEntry, World
from app.retailers.adapter import Refusal
from app.shoppers.states import ConsentKind

OPTED_OUT = "OPTED_OUT"
CART_REFUSALS = (
    Refusal.RETAILER_REJECTED,
    Refusal.AGE_RESTRICTED,
    Refusal.POLICY_BLOCKED,
    Refusal.LIMITED_QUANTITY,
)

Write = Callable[[Replies, Author, Post, datetime], list[Body]]


@dataclass(frozen=True)
class Needs:
    """Who the author must be: an entry of a world's `shoppers` with these keys, or a stranger."""

    entry: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_anybody(self) -> bool:
        """Whether a stranger will do."""
        return not self.entry

    def are_met_by(self, shopper: ShopperEntry) -> bool:
        """Whether she is so, and nothing about her cart stands in the way."""
        needed = ShopperEntry.model_validate({"x_user_id": "1", **self.entry})
        return (
            shopper.opted_out == needed.opted_out
            and shopper.sandbox_cart == needed.sandbox_cart
            and _subset(needed.linked, shopper.linked)
            and _subset(
                [consent.kind for consent in needed.consents],
                [consent.kind for consent in shopper.consents],
            )
        )


@dataclass(frozen=True)
class Role:
    """One outcome: the tweet that is answered, by whom, and in which way."""

    outcome: str
    post: Post
    needs: Needs
    write: Write

    def entry_for(self, author: Author) -> dict[str, Any]:
        """The author as an entry of a world's `shoppers`, who is what she must be."""
        person = {"x_user_id": str(author.x_user_id), "x_handle": author.handle}
        return {**person, **self.needs.entry}


def roles_of(world: World, anchors: Mapping[str, datetime] = NO_ANCHORS) -> dict[str, Role]:
    """One role for each outcome that this world's tweets allow, by the outcome's name.

    A name is a status, a reason of failure or of misuse, or one of `REPEATED`, `NO_TAG`,
    `OPTED_OUT`. What takes a wait of days or a decision of the shopper is not among them.
    """
    found = answerable(world, anchors)
    roles: dict[str, Role] = {}
    for each in found:
        roles.setdefault(each.outcome, Role(each.outcome, each.post, _needs_of(each), _reply))
    plain = next((each for each in found if each.is_plain), None)
    for role in _roles_at(plain) if plain else []:
        roles.setdefault(role.outcome, role)
    return roles


def play(role: Role, author: Author, replies: Replies, moment: datetime) -> list[Body]:
    """The deliveries of a role, in their order."""
    return role.write(replies, author, role.post, moment)


def author_for(role: Role, world: World, random: Random) -> Author | None:
    """Somebody of the world who is what the role needs, or a stranger; None where nobody is."""
    if role.needs.is_anybody:
        return stranger(random)
    fitting = [shopper for shopper in world.shoppers if role.needs.are_met_by(shopper)]
    return author_of(random.choice(fitting)) if fitting else None


def _needs_of(each: Answerable) -> Needs:
    if each.product is None:
        return Needs()
    if each.outcome == CartIntentStatus.HANDED_OFF:
        return Needs({"consents": [{"kind": ConsentKind.HANDOFF.value}]})
    return _linked(each.post)


def _linked(post: Post, **cart: Any) -> Needs:
    linked = [{"marketplace": post.marketplace}]
    return Needs({"linked": linked, **({"sandbox_cart": cart} if cart else {})})


def _roles_at(plain: Answerable) -> list[Role]:
    """What people of all kinds come to by all kinds of posts about a tweet that sells."""
    post = plain.post
    held = {"marketplace": post.marketplace, "asin": post.asin}
    carts = {
        FailureReason.CART_FULL: _linked(post, full=True),
        FailureReason.ALREADY_IN_CART: _linked(post, holds=[held]),
        **{
            FailureReason(refusal.value): _linked(post, on_add={"refuse": refusal.value})
            for refusal in CART_REFUSALS
        },
    }
    ways: dict[str, Write] = {
        CartIntentStatus.AWAITING_LINK: _reply,
        CartIntentStatus.WITHDRAWN: _reply_and_delete,
        CartIntentStatus.RECEIVED: _reply_to_nothing,
        "REPEATED": _reply_twice,
        "NEAR_MISS": _misspell,
        "REPOST_WITH_TAG": _repost,
        "NO_TAG": _chat,
    }
    return [
        *(Role(outcome, post, needs, _reply) for outcome, needs in carts.items()),
        *(Role(outcome, post, Needs(), write) for outcome, write in ways.items()),
        Role(OPTED_OUT, post, Needs({"opted_out": True}), _reply),
    ]


def _reply(replies: Replies, author: Author, post: Post, moment: datetime) -> list[Body]:
    return [replies.write_by(author, post, moment)]


def _reply_twice(replies: Replies, author: Author, post: Post, moment: datetime) -> list[Body]:
    return [replies.write_by(author, post, moment), replies.write_by(author, post, moment)]


def _reply_and_delete(replies: Replies, author: Author, post: Post, moment: datetime) -> list[Body]:
    body = replies.write_by(author, post, moment)
    return [body, replies.delete(body, moment)]


def _reply_to_nothing(replies: Replies, author: Author, post: Post, moment: datetime) -> list[Body]:
    return [replies.write_to_nothing(author, post, moment)]


def _misspell(replies: Replies, author: Author, post: Post, moment: datetime) -> list[Body]:
    return [replies.write_near_miss(author, post, moment)]


def _repost(replies: Replies, author: Author, post: Post, moment: datetime) -> list[Body]:
    return [replies.repost(author, post, moment)]


def _chat(replies: Replies, author: Author, post: Post, moment: datetime) -> list[Body]:
    return [replies.write_without_tag(author, post, moment)]


def _subset(part: Sequence[Any], whole: Sequence[Any]) -> bool:
    return all(each in whole for each in part)
