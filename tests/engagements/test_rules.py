"""What is left of a post's content, by what X told of it and of its author."""

from collections.abc import Collection

import pytest

from app.engagements.rules import content_state_of
from app.engagements.states import ContentState, StandingKind

DELETED, SUSPENDED = StandingKind.DELETED, StandingKind.SUSPENDED
WITHHELD, PROTECTED = StandingKind.WITHHELD, StandingKind.PROTECTED


@pytest.mark.parametrize(
    ("post", "account", "state"),
    [
        ((), (), ContentState.PRESENT),
        ((DELETED,), (), ContentState.DELETED),
        ((DELETED, WITHHELD), (SUSPENDED, PROTECTED), ContentState.DELETED),
        ((WITHHELD,), (), ContentState.WITHHELD),
        ((WITHHELD,), (PROTECTED,), ContentState.WITHHELD),
        ((), (DELETED,), ContentState.WITHHELD),
        ((), (SUSPENDED,), ContentState.WITHHELD),
        ((), (WITHHELD,), ContentState.WITHHELD),
        ((), (PROTECTED, SUSPENDED), ContentState.WITHHELD),
        ((), (PROTECTED,), ContentState.PROTECTED),
    ],
)
def test_the_strictest_that_holds_says_what_is_left(
    post: Collection[StandingKind], account: Collection[StandingKind], state: ContentState
) -> None:
    assert content_state_of(post, account) is state
