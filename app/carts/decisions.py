"""Notes of what a decision about an intent saw, kept for its trace. Pure: values in, values out.

A note holds ids and derived facts only. What is so for almost every reply is not written: the
moment of its match, a parent that is a LIVE tweet, a candidate that is usable. So a reply that goes
straight to its retailer costs little.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from app.carts.intents import Intent, Request
from app.carts.rules import Becomes, Candidate, Way, candidates
from app.products.states import ProductKind
from app.retailers.states import AddMode
from app.tweets.facts import TweetFacts
from app.tweets.states import TweetStatus

CANDIDATES_MAX = 10
"""Most candidates that one note names; a post holds few links."""

PARENT = "PARENT"
"""The tweet is the post that the reply answers."""

LINK_OR_CONSENT = 9
"""The rule that looks for a link or a consent."""


@dataclass
class Notes:
    """What was said of tweets in this batch, by tweet and marketplace."""

    candidates: dict[tuple[UUID, str], list[dict[str, Any]]] = field(default_factory=dict)

    def of_request(
        self, intent: Intent, request: Request, decision: Becomes, way: Way, now: datetime
    ) -> None:
        """Note how the parent, the product and the way to the cart were found for a reply."""
        facts: dict[str, Any] = {}
        if (parent := parent_how(request)) != PARENT:
            facts["parent"] = parent
        if request.tweet is not None:
            if request.tweet.status is not TweetStatus.LIVE:
                facts["tweetStatus"] = request.tweet.status.value
            facts["candidates"] = self._candidates(request.tweet, request.marketplace)
        if decision.rule >= LINK_OR_CONSENT:
            facts["way"] = told_way(way)
        if request.deleted:
            facts["deletedBefore"] = True
        note(intent, rule=decision.rule, at=now, to=decision.status.value, **facts)

    def _candidates(self, tweet: TweetFacts, marketplace: str) -> list[dict[str, Any]]:
        key = tweet.name.id, marketplace
        if key not in self.candidates:
            found = candidates(tweet, marketplace)[:CANDIDATES_MAX]
            primary = tweet.primary is not None
            self.candidates[key] = [_told_candidate(each, primary) for each in found]
        return self.candidates[key]


def note(intent: Intent, *, rule: int | None, at: datetime, **facts: Any) -> None:
    """Add one note to the intent; an update or insert writes it."""
    when = {} if at == intent.matched_at else {"at": moment(at)}
    intent.new_decisions.append({"rule": rule, **when, **facts})


def parent_how(request: Request) -> str:
    """By which post of the thread the tweet was found."""
    if request.tweet is None:
        return "UNKNOWN"
    is_parent = request.parent_xid in (request.tweet.version_xids or {request.tweet.name.root_xid})
    return PARENT if is_parent else "CONVERSATION"


def told_way(way: Way) -> dict[str, Any]:
    """What was looked for: a link at a retailer that adds, a consent at one that hands off."""
    if way.add_mode is None:
        return {}
    if way.add_mode is AddMode.SERVER_ADD:
        return {"linked": way.linked}
    return {"consents": way.consents}


def _told_candidate(candidate: Candidate, primary: bool) -> dict[str, Any]:
    product, why_not = candidate.product, candidate.why_not
    told: dict[str, Any] = {"whyNot": why_not.value} if why_not else {}
    if product is not None:
        told["id"] = product.name.retailer_product_id
        if product.kind is ProductKind.VARIATION_PARENT:
            told["variants"] = True
    return told | {"primary": True} if primary else told


@lru_cache(maxsize=1024)
def moment(at: datetime) -> str:
    """RFC 3339 in UTC, as the API prints moments. A batch's moments are told many times over."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
