"""Who asks: one installation of one app at one brand, with the scopes it was granted."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, Uuid, bindparam


class Scope(StrEnum):
    """What a token may do. The value is the text of OAuth's `scope` parameter."""

    BRAND_READ = "brand:read"
    BRAND_WRITE = "brand:write"
    TWEETS_READ = "tweets:read"
    TWEETS_WRITE = "tweets:write"
    INTENTS_READ = "intents:read"
    INTENTS_ACT = "intents:act"
    SHOPPERS_IDENTIFY = "shoppers:identify"
    ADVOCATES_READ = "advocates:read"
    REVIEWS_READ = "reviews:read"
    EVENTS_READ = "events:read"


VIEWER_BRAND_ID = "viewer_brand_id"
VIEWER_TOKEN_ID = "viewer_token_id"


@dataclass(frozen=True, slots=True)
class Viewer:
    """The one an answer is for. `token_id` names the token in logs; it is not the token."""

    brand_id: UUID
    installation_id: UUID
    app_id: UUID
    token_id: UUID
    scopes: frozenset[Scope]
    expires_at: datetime | None
    trusted_documents_only: bool = False
    """Whether the app runs no other documents than those that its operator wrote down."""

    def parameters(self) -> dict[str, Any]:
        """The values of the parameters that visibility predicates are made of."""
        return {VIEWER_BRAND_ID: self.brand_id, VIEWER_TOKEN_ID: self.token_id}


def viewer_brand_id() -> BindParameter[UUID]:
    """The viewer's brand, as a parameter of a visibility predicate."""
    return bindparam(VIEWER_BRAND_ID, type_=Uuid())


def viewer_token_id() -> BindParameter[UUID]:
    """The viewer's token, as a parameter of a visibility predicate."""
    return bindparam(VIEWER_TOKEN_ID, type_=Uuid())


def is_own_brand(row: Any) -> ColumnElement[bool]:
    """The predicate of what belongs to a brand: that it is the viewer's."""
    mine: ColumnElement[bool] = row.brand_id == viewer_brand_id()
    return mine
