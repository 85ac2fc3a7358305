"""What became of posts and accounts, as X's compliance streams tell it: one field names the event.

Source:
    X developer documentation, "Compliance event streams": `delete`, `tweet_edit`, `withheld`,
    `drop`, `undrop`, and the same for users. X has no event that ends a withholding: it tells the
    countries again, none when it is over. `scrub_geo` and `user_profile_modification` concern
    nothing that is kept here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from app.x.ids import read_xid
from app.x.json import Json, an_object, either, moment
from app.x.posts import read_chain


@dataclass(frozen=True, slots=True, kw_only=True)
class PostDeleted:
    """A post is gone for ever, and with it all versions of its edit chain."""

    source: str
    xid: int
    user_id: int
    filter_user_id: int | None = None

    @property
    def subject(self) -> str:
        """What makes two deliveries of one source the same."""
        return str(self.xid)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostEdited:
    """A post has the versions `xids`, oldest first. Whose it is X does not tell here."""

    source: str
    xids: tuple[int, ...]
    filter_user_id: int | None = None

    @property
    def subject(self) -> str:
        """What makes two deliveries of one source the same."""
        return str(self.xids[-1])

    @property
    def user_id(self) -> int:
        """What stands in for the author where order is kept: the post itself."""
        return self.xids[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class PostWithheld:
    """A post is withheld somewhere or dropped everywhere, or that is over; `told_at` says when."""

    source: str
    xid: int
    user_id: int
    withheld: bool
    told_at: datetime | None
    filter_user_id: int | None = None

    @property
    def subject(self) -> str:
        """What makes two deliveries of one source the same: it may be told again and again."""
        return f"{self.xid}:{self.withheld}:{self.told_at}"


class AccountChange(StrEnum):
    """What may happen to an account, and be undone."""

    DELETED = "DELETED"
    SUSPENDED = "SUSPENDED"
    WITHHELD = "WITHHELD"
    PROTECTED = "PROTECTED"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChanged:
    """`change` holds of an account from `told_at` on, or no longer does."""

    source: str
    user_id: int
    change: AccountChange
    holds: bool
    told_at: datetime | None
    filter_user_id: int | None = None

    @property
    def subject(self) -> str:
        """What makes two deliveries of one source the same: it may be told again and again."""
        return f"{self.user_id}:{self.holds}:{self.told_at}"


Compliance = PostDeleted | PostEdited | PostWithheld | AccountChanged


def read_compliance(data: Json) -> Compliance | None:
    """What *data* tells in the shape of a compliance stream; None where it tells nothing of use."""
    for name, read in _READERS.items():
        if isinstance(event := data.get(name), dict):
            return read(name, event)
    return None


def _deleted(name: str, event: Json) -> PostDeleted | None:
    xid, author_id = _post(event)
    if xid is None or author_id is None:
        return None
    return PostDeleted(source=name, xid=xid, user_id=author_id)


def _edited(name: str, event: Json) -> PostEdited | None:
    first = read_xid(either(event, "initial_tweet_id", "initial_post_id"))
    latest, _ = _post(event)
    chain = read_chain(either(event, "edit_tweet_ids", "edit_post_ids"))
    xids = sorted({*chain, *(xid for xid in (first, latest) if xid is not None)})
    return PostEdited(source=name, xids=tuple(xids)) if xids else None


def _withheld(name: str, event: Json) -> PostWithheld | None:
    return _withholding(name, event, withheld=_is_withheld_somewhere(event))


def _dropped(name: str, event: Json) -> PostWithheld | None:
    return _withholding(name, event, withheld=name == "drop")


def _withholding(name: str, event: Json, *, withheld: bool) -> PostWithheld | None:
    xid, author_id = _post(event)
    if xid is None or author_id is None:
        return None
    told_at = moment(event.get("event_at"))
    return PostWithheld(source=name, xid=xid, user_id=author_id, withheld=withheld, told_at=told_at)


def _post(event: Json) -> tuple[int | None, int | None]:
    """The ids of the post and its author."""
    post = an_object(either(event, "tweet", "post"))
    return read_xid(post.get("id")), read_xid(post.get("author_id"))


def _is_withheld_somewhere(event: Json) -> bool:
    return event.get("withheld_in_countries") != []


def _account(change: AccountChange, *, holds: bool) -> Callable[[str, Json], AccountChanged | None]:
    def read(name: str, event: Json) -> AccountChanged | None:
        user_id = read_xid(an_object(event.get("user")).get("id"))
        if user_id is None:
            return None
        return AccountChanged(
            source=name,
            user_id=user_id,
            change=change,
            holds=holds and _is_withheld_somewhere(event),
            told_at=moment(event.get("event_at")),
        )

    return read


_READERS: Mapping[str, Callable[[str, Json], Compliance | None]] = MappingProxyType(
    {
        "delete": _deleted,
        "tweet_edit": _edited,
        "post_edit": _edited,
        "withheld": _withheld,
        "drop": _dropped,
        "undrop": _dropped,
        "user_delete": _account(AccountChange.DELETED, holds=True),
        "user_undelete": _account(AccountChange.DELETED, holds=False),
        "user_suspend": _account(AccountChange.SUSPENDED, holds=True),
        "user_unsuspend": _account(AccountChange.SUSPENDED, holds=False),
        "user_withheld": _account(AccountChange.WITHHELD, holds=True),
        "user_protect": _account(AccountChange.PROTECTED, holds=True),
        "user_unprotect": _account(AccountChange.PROTECTED, holds=False),
    }
)
"""Both spellings of an edit: X's documents and its specification disagree."""
