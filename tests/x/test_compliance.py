"""What X tells of posts and accounts that changed: deletions, edits, withholdings, suspensions."""

from datetime import UTC, datetime
from typing import Any

import pytest

from app.x.payloads import (
    AccountChange,
    AccountChanged,
    Delivery,
    GrantRevoked,
    PostDeleted,
    PostEdited,
    PostWithheld,
    read_delivery,
)

POST, AUTHOR, BRAND = 2123713744098848599, 1830000000000000003, 1510000000000000001
FIRST, SECOND, THIRD = 2123778386949066752, 2123783420113866752, 2123788420113866752
WHEN = "2026-11-20T15:10:00.000Z"
MOMENT = datetime(2026, 11, 20, 15, 10, tzinfo=UTC)


def event(kind: Any, payload: Any, subscriber: Any = AUTHOR) -> dict[str, Any]:
    """The Activity API's shape."""
    about = {"event_type": kind, "payload": payload, "filter": {"user_id": str(subscriber)}}
    return {"data": about}


def a_post(name: str = "tweet", **more: Any) -> dict[str, Any]:
    """What a compliance event tells of a post."""
    return {name: {"id": str(POST), "author_id": str(AUTHOR)}, "event_at": WHEN, **more}


def a_user(**more: Any) -> dict[str, Any]:
    """What a compliance event tells of a user."""
    return {"user": {"id": str(AUTHOR)}, "event_at": WHEN, **more}


def withheld(source: str, *, holds: bool) -> PostWithheld:
    return PostWithheld(source=source, xid=POST, user_id=AUTHOR, withheld=holds, told_at=MOMENT)


def changed(source: str, change: AccountChange, *, holds: bool) -> AccountChanged:
    return AccountChanged(source=source, user_id=AUTHOR, change=change, holds=holds, told_at=MOMENT)


@pytest.mark.parametrize(
    ("document", "delivery"),
    [
        (
            event("post.delete", {"id": str(POST), "author_id": str(AUTHOR)}),
            PostDeleted(source="post.delete", xid=POST, user_id=AUTHOR, filter_user_id=AUTHOR),
        ),
        (
            event("post.delete", {"id": str(POST)}),
            PostDeleted(source="post.delete", xid=POST, user_id=AUTHOR, filter_user_id=AUTHOR),
        ),
        (
            {"data": {"delete": a_post()}},
            PostDeleted(source="delete", xid=POST, user_id=AUTHOR),
        ),
        (
            {"data": {"delete": a_post("post", quote_tweet_id="7")}},
            PostDeleted(source="delete", xid=POST, user_id=AUTHOR),
        ),
        (
            {"data": {"withheld": a_post(withheld_in_countries=["DE"])}},
            withheld("withheld", holds=True),
        ),
        ({"data": {"withheld": a_post()}}, withheld("withheld", holds=True)),
        (
            {"data": {"withheld": a_post(withheld_in_countries=[])}},
            withheld("withheld", holds=False),
        ),
        ({"data": {"drop": a_post()}}, withheld("drop", holds=True)),
        ({"data": {"undrop": a_post("post")}}, withheld("undrop", holds=False)),
    ],
)
def test_what_becomes_of_a_post(document: dict[str, Any], delivery: Delivery) -> None:
    assert read_delivery(document) == delivery


@pytest.mark.parametrize(
    ("name", "change", "holds"),
    [
        ("user_delete", AccountChange.DELETED, True),
        ("user_undelete", AccountChange.DELETED, False),
        ("user_suspend", AccountChange.SUSPENDED, True),
        ("user_unsuspend", AccountChange.SUSPENDED, False),
        ("user_protect", AccountChange.PROTECTED, True),
        ("user_unprotect", AccountChange.PROTECTED, False),
        ("user_withheld", AccountChange.WITHHELD, True),
    ],
)
def test_what_becomes_of_an_account(name: str, change: AccountChange, *, holds: bool) -> None:
    assert read_delivery({"data": {name: a_user()}}) == changed(name, change, holds=holds)


def test_a_withholding_ends_where_no_country_is_left() -> None:
    document = {"data": {"user_withheld": a_user(withheld_in_countries=[])}}

    assert read_delivery(document) == changed("user_withheld", AccountChange.WITHHELD, holds=False)


@pytest.mark.parametrize(
    ("told", "xids"),
    [
        (
            {
                "tweet": {"id": str(SECOND)},
                "initial_tweet_id": str(FIRST),
                "edit_tweet_ids": [str(FIRST), str(SECOND)],
            },
            (FIRST, SECOND),
        ),
        (
            {
                "post": {"id": str(THIRD)},
                "initial_post_id": str(FIRST),
                "edit_post_ids": [str(SECOND)],
            },
            (FIRST, SECOND, THIRD),
        ),
        ({"tweet": {"id": str(SECOND)}}, (SECOND,)),
    ],
)
@pytest.mark.parametrize("name", ["tweet_edit", "post_edit"])
def test_an_edit_tells_the_whole_chain_in_either_spelling(
    name: str, told: dict[str, Any], xids: tuple[int, ...]
) -> None:
    assert read_delivery({"data": {name: told}}) == PostEdited(source=name, xids=xids)


def test_a_revoked_grant_names_the_account_though_the_filter_is_empty() -> None:
    payload = {"date_time": "2026-11-20T17:10:00+02:00", "user_id": str(BRAND), "app_id": "29"}

    delivery = read_delivery({"data": {**event("oauth.revoke", payload)["data"], "filter": {}}})

    assert delivery == GrantRevoked(source="oauth.revoke", user_id=BRAND, told_at=MOMENT)


@pytest.mark.parametrize(
    "document",
    [
        event("post.delete", {"author_id": str(AUTHOR)}),
        event("post.delete", {"id": str(POST)}, "none"),
        event("post.delete", None),
        event("oauth.revoke", {"app_id": "29820954"}),
        event(["post.delete"], {"id": str(POST), "author_id": str(AUTHOR)}),
        event("user_protect", {"user": {"id": str(AUTHOR)}}),
        {"data": {"delete": {"tweet": {"id": str(POST)}}}},
        {"data": {"delete": {"tweet": []}}},
        {"data": {"delete": None}},
        {"data": {"delete": "all"}},
        {"data": {"withheld": {"tweet": {"author_id": str(AUTHOR)}}}},
        {"data": {"user_protect": {"user": {"id": "mara"}}}},
        {"data": {"user_protect": {"user": str(AUTHOR)}}},
        {"data": {"tweet_edit": {}}},
        {"data": {"tweet_edit": {"edit_tweet_ids": "1,2"}}},
        {"data": {"scrub_geo": a_user(up_to_tweet_id=str(POST))}},
        {"data": {"user_profile_modification": a_user(profile_field="bio", new_value="x")}},
        {"delete": {"status": {"id": POST, "user_id": AUTHOR}}},
    ],
)
def test_what_tells_nothing_of_use_is_no_delivery(document: dict[str, Any]) -> None:
    assert read_delivery(document) is None


@pytest.mark.parametrize(
    "when", [None, 5, "", "yesterday", "2026-11-20T15:10:00", "9999-12-31T23:59:59-23:00", "x" * 99]
)
def test_a_moment_that_is_none_is_left_out(when: object) -> None:
    delivery = read_delivery({"data": {"user_protect": a_user() | {"event_at": when}}})

    assert isinstance(delivery, AccountChanged)
    assert delivery.told_at is None


def test_what_may_happen_again_is_another_delivery_each_time() -> None:
    def subject(name: str, told: dict[str, Any]) -> str:
        delivery = read_delivery({"data": {name: told}})
        assert delivery is not None
        return delivery.subject

    later = {"event_at": "2026-11-20T16:10:00.000Z"}
    assert subject("user_protect", a_user()) == subject("user_protect", a_user())
    assert subject("user_protect", a_user()) != subject("user_protect", a_user() | later)
    assert subject("drop", a_post()) != subject("drop", a_post() | later)
    assert subject("delete", a_post()) == subject("delete", a_post() | later)
