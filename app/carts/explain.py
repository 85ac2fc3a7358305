"""The ordered trace of an intent: what arrived, what was found, what was asked, what came of it.

Pure: rows in, steps out. A summary names no ids; each fact names the scope that reading it takes,
and a step says which scopes would show more.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.core.described import DescribedEnum
from app.core.ids import global_id
from app.core.viewer import Scope

Row = Mapping[str, Any]
Facts = Sequence[tuple[str, object, Scope]]
"""Names, values, and the scopes that reading them takes; a value that is None is not told."""


class TraceStage(DescribedEnum):
    """What a step is about, in the order in which steps of one moment stand."""

    POSTED = "POSTED", "The reply was posted on X."
    DELIVERED = "DELIVERED", "X delivered it here."
    MATCHED = "MATCHED", "Its hashtags were compared with the brand's triggers."
    PARENT = "PARENT", "The post that it answers was looked up."
    PRODUCT = "PRODUCT", "The product was looked for in that post."
    CHOICE = "CHOICE", "One of several products was chosen."
    REPEAT = "REPEAT", "A further reply asked for the same."
    ACCESS = "ACCESS", "Whether the shopper linked her account or consented was looked up."
    WAIT = "WAIT", "It began or ended to wait."
    REQUEST = "REQUEST", "Somebody asked to withdraw it or to take it out of the cart."
    RETAILER = "RETAILER", "The retailer was asked, and answered or did not."
    STATUS = "STATUS", "It moved to another status."


_RANKS = {stage: rank for rank, stage in enumerate(TraceStage)}


@dataclass(frozen=True, slots=True)
class TraceFact:
    """One thing that a step knew."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class TraceStep:
    """One step. `rule` is the number of the documented decision; `withheld` names scopes."""

    at: datetime
    stage: TraceStage
    rule: int | None
    summary: str
    facts: list[TraceFact]
    withheld: list[str]


@dataclass(frozen=True, slots=True)
class _Draft:
    at: datetime
    stage: TraceStage
    rule: int | None
    summary: str
    facts: Facts = ()


def explain(intent: Row, repeats: Sequence[Row], scopes: frozenset[Scope]) -> list[TraceStep]:
    """The trace in order of time, for somebody with *scopes*.

    *intent* holds the columns of the intent and, after `reply_`, those of its engagement; *repeats*
    are the engagements that repeated it. JSON is read already.
    """
    drafts = [
        *_arrived(intent),
        *(draft for note in intent["decisions"] for draft in _decided(intent, note)),
        *_calls(intent),
        *(_repeated(reply) for reply in repeats),
        *_moves(intent),
    ]
    drafts.sort(key=lambda draft: (draft.at, _rank(draft)))
    return [_shown(draft, scopes) for draft in drafts]


def _rank(draft: _Draft) -> float:
    """Receipt is told before what was decided of it at the same moment."""
    after_match = _RANKS[TraceStage.MATCHED] + 0.5
    return after_match if draft.summary == RECEIVED else _RANKS[draft.stage]


def _shown(draft: _Draft, scopes: frozenset[Scope]) -> TraceStep:
    known = [(name, value, scope) for name, value, scope in draft.facts if value is not None]
    return TraceStep(
        at=draft.at,
        stage=draft.stage,
        rule=draft.rule,
        summary=draft.summary,
        facts=[TraceFact(name, _text(value)) for name, value, scope in known if scope in scopes],
        withheld=sorted({scope.value for *_, scope in known if scope not in scopes}),
    )


def _arrived(intent: Row) -> Iterator[_Draft]:
    reads = Scope.INTENTS_READ
    kind = str(intent["reply_kind"]).lower()
    xids = [
        ("xid", intent["reply_xid"], reads),
        ("parentXid", intent["reply_parent_xid"], reads),
        ("conversationXid", intent["reply_conversation_xid"], reads),
    ]
    yield _Draft(
        intent["reply_occurred_at"], TraceStage.POSTED, None, f"A {kind} was posted.", xids
    )
    for delivery in intent["reply_deliveries"]:
        at = datetime.fromisoformat(delivery["receivedAt"])
        source = [("source", delivery["source"], reads)]
        yield _Draft(at, TraceStage.DELIVERED, None, "X delivered it.", source)
    tag, match = intent["reply_trigger_tag"], intent["reply_trigger_match"]
    found = [
        ("tag", tag, reads),
        ("match", match, reads),
        ("action", intent["action"], reads),
        ("marketplace", intent["marketplace"], reads),
        ("misuse", intent["reply_misuse_reason"], reads),
        ("content", intent["reply_content_state"], reads),
    ]
    at = intent["matched_at"] or intent["received_at"]
    summary = "One of its own hashtags is a trigger of the brand."
    yield _Draft(at, TraceStage.MATCHED, 5, summary, found)


def _decided(intent: Row, note: Row) -> Iterator[_Draft]:
    at = _moment(intent, note)
    if "parent" in note or "candidates" in note:
        yield _parent(intent, note, at)
    if "candidates" in note and note["rule"] != 6:  # an unavailable tweet's are not looked at
        yield _product(note, at)
    if "chosen" in note:
        chosen = [("product", global_id("Product", note["chosen"]), Scope.TWEETS_READ)]
        summary = f"A product was chosen by the {note['by'].lower()}."
        yield _Draft(at, TraceStage.CHOICE, 7, summary, chosen)
    if note["rule"] == 8:
        yield _same(note, at)
    if "way" in note:
        yield _access(intent, note["way"], at)
    if "waitIsOver" in note:
        yield _Draft(at, TraceStage.WAIT, note["rule"], "What was waited for did not come in time.")
    if "why" in note:
        asked = [("by", note["by"], Scope.INTENTS_READ)]
        yield _Draft(
            at, TraceStage.REQUEST, None, _REQUESTS.get(note["why"], "It was taken back."), asked
        )


_REQUESTS = {
    "REPLY_DELETED": "The last reply that asked for it was deleted.",
    "ACCOUNT_GONE": "The shopper's account on X was suspended or deleted.",
    "SHOPPER_LEFT": "The shopper opted out.",
    "BY_SHOPPER": "The shopper took it back.",
    "BY_BRAND": "The brand took it back.",
    "OTHER_BRANDS_TWEET": "The post that it answers is another brand's, which is asked instead.",
    "REMOVAL_REQUESTED": "It was asked to be taken out of the cart again.",
}

_PARENTS = {
    "PARENT": "The post that it answers is one of the brand's registered tweets.",
    "CONVERSATION": "The first post of its thread is a registered tweet, in its parent's stead.",
    "UNKNOWN": "The post that it answers is not known yet.",
}


def _parent(intent: Row, note: Row, at: datetime) -> _Draft:
    how = note.get("parent", "PARENT")
    known = how != "UNKNOWN" and intent["tweet_id"] is not None
    tweet = global_id("ShoppableTweet", intent["tweet_id"]) if known else None
    facts = [
        ("tweet", tweet, Scope.TWEETS_READ),
        ("tweetStatus", note.get("tweetStatus", "LIVE" if known else None), Scope.TWEETS_READ),
        ("deletedBefore", note.get("deletedBefore"), Scope.INTENTS_READ),
    ]
    return _Draft(at, TraceStage.PARENT, 6, _PARENTS[how], facts)


def _product(note: Row, at: datetime) -> _Draft:
    found = note["candidates"]
    facts = [
        (f"candidate{number}", _candidate(each), Scope.TWEETS_READ)
        for number, each in enumerate(found, 1)
    ]
    return _Draft(at, TraceStage.PRODUCT, 7, _why_product(found), facts)


def _why_product(found: Sequence[Row]) -> str:
    if not found:
        return "The tweet has no link: NO_PRODUCT_LINK."
    usable = [each for each in found if "whyNot" not in each]
    if not usable:
        which = "The primary product" if found[0].get("primary") else "What the first link leads to"
        return f"{which} cannot be bought: {found[0]['whyNot']}."
    products = {each.get("id") for each in usable}
    if len(products) > 1:
        return f"{len(products)} products of the tweet can be bought: one is to be chosen."
    if "variants" in usable[0]:
        return "The product comes in variants: one is to be chosen."
    if usable[0].get("primary"):
        return "The tweet's primary product was taken."
    return "The only product of the tweet that can be bought was taken."


def _candidate(each: Row) -> str:
    name = each.get("id", "a link without a product")
    return f"{name}: {each.get('whyNot', 'usable')}"


def _same(note: Row, at: datetime) -> _Draft:
    if "mergedInto" in note:
        facts = [("cartIntent", global_id("CartIntent", note["mergedInto"]), Scope.INTENTS_READ)]
        summary = "Another reply of hers to the same post asks for the same, and counts this one."
        return _Draft(at, TraceStage.REPEAT, 8, summary, facts)
    summary = "The same product reached her from another tweet."
    return _Draft(at, TraceStage.REPEAT, 8, summary)


def _access(intent: Row, way: Row, at: datetime) -> _Draft:
    facts = [("retailer", intent["retailer"], Scope.INTENTS_READ)]
    if "linked" in way:
        summary = f"Her account at the retailer is {'' if way['linked'] else 'not '}linked."
    elif "consents" in way:
        given = "She consents" if way["consents"] else "She has not consented yet"
        summary = f"{given} to be handed off to the retailer."
    else:
        summary = "No retailer serves the brand's marketplace."
    return _Draft(at, TraceStage.ACCESS, 9, summary, facts)


def _calls(intent: Row) -> Iterator[_Draft]:
    calls = intent["retailer_calls"]
    for call in calls:
        yield _call(intent, call)
    told = {call["try"] for call in calls if call.get("call") != "REMOVE"}
    untold = intent["attempts"] - len(told)
    if untold > 0 and intent["queued_at"] is not None:
        under_way = intent["status"] == "QUEUED" and intent["claimed_until"] is not None
        summary = "The retailer is being asked." if under_way else "A try ended without an answer."
        tries = [("tries", untold, Scope.INTENTS_READ)]
        yield _Draft(intent["queued_at"], TraceStage.RETAILER, 10, summary, tries)


def _call(intent: Row, call: Row) -> _Draft:
    asked, answered = (datetime.fromisoformat(call[name]) for name in ("claimedAt", "answeredAt"))
    reads = Scope.INTENTS_READ
    facts = [
        ("retailer", intent["retailer"], reads),
        ("milliseconds", round((answered - asked).total_seconds() * 1000), reads),
        ("retryable", call.get("retryable"), reads),
        ("cartReference", intent["cart_reference"] if call["answer"] == "ADDED" else None, reads),
    ]
    verb = "take it out again" if call.get("call") == "REMOVE" else "take it"
    summary = f"Try {call['try']} to have the retailer {verb}: {call['answer']}."
    return _Draft(answered, TraceStage.RETAILER, 10, summary, facts)


def _repeated(reply: Row) -> _Draft:
    reads = Scope.INTENTS_READ
    facts = [("xid", reply["xid"], reads), ("content", reply["content_state"], reads)]
    summary = "A further reply asked for the same."
    return _Draft(reply["received_at"], TraceStage.REPEAT, 8, summary, facts)


RECEIVED = "The intent is RECEIVED."


def _moves(intent: Row) -> Iterator[_Draft]:
    """Each state that the intent came to, by its notes, its retailer's answer, and its row."""
    begun = intent["matched_at"] or intent["received_at"]
    yield _Draft(begun, TraceStage.STATUS, None, RECEIVED)
    states = [
        (_moment(intent, note), note["to"], note["rule"])
        for note in intent["decisions"]
        if note.get("to") not in (None, "RECEIVED")
    ]
    if intent["answered_at"] is not None:
        states.append((intent["answered_at"], _answered(intent), 10))
    if intent["status"] not in ("RECEIVED", *(state for _, state, _ in states)):
        states.append((intent["updated_at"], intent["status"], None))
    for at, state, rule in states:
        failure = _failure(intent) if state == "FAILED" else ()
        yield _Draft(at, TraceStage.STATUS, rule, f"The intent is {state}.", failure)


def _answered(intent: Row) -> str:
    """What the retailer's last answer made of the intent."""
    if intent["cart_reference"] is not None:
        return "ADDED"
    return "HANDED_OFF" if intent["hand_off_url"] is not None else "FAILED"


def _failure(intent: Row) -> Facts:
    reads = Scope.INTENTS_READ
    return (
        ("reason", intent["failure_reason"], reads),
        ("retryable", intent["failure_retryable"], reads),
        ("detail", intent["failure_detail"], reads),
    )


def _moment(intent: Row, note: Row) -> datetime:
    """When a note was written: at the match, unless it says otherwise."""
    if "at" in note:
        return datetime.fromisoformat(note["at"])
    at = intent["matched_at"]
    assert isinstance(at, datetime), "an intent with a note was matched"
    return at


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
