"""What is left of a post's content, by what X told of the post and of its author."""

from collections.abc import Collection

from app.engagements.states import ContentState, StandingKind

_GONE = frozenset({StandingKind.DELETED, StandingKind.SUSPENDED, StandingKind.WITHHELD})


def content_state_of(
    post: Collection[StandingKind], account: Collection[StandingKind]
) -> ContentState:
    """What became of the content; the strictest that holds.

    Only the post's own deletion is for ever: an account that is deleted or suspended may come back
    with all its posts, so they count as withheld meanwhile.
    """
    if StandingKind.DELETED in post:
        return ContentState.DELETED
    if StandingKind.WITHHELD in post or not _GONE.isdisjoint(account):
        return ContentState.WITHHELD
    if StandingKind.PROTECTED in account:
        return ContentState.PROTECTED
    return ContentState.PRESENT
