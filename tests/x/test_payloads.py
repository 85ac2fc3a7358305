"""X's payloads: both spellings, both shapes, and whatever else people and X may send."""

from itertools import product
from typing import Any

import orjson
import pytest

from app.x.payloads import (
    Identity,
    NotJson,
    Post,
    PostCreated,
    Url,
    identify,
    parse_object,
    read_delivery,
)
from app.x.posts import TAGS_MAX
from tests.tree import ROOT

REPLY = {
    "id": "2123688217942515450",
    "author_id": "1720000000000000002",
    "conversation_id": "2122978114236649841",
    "in_reply_to_user_id": "1510000000000000001",
    "referenced_tweets": [{"type": "replied_to", "id": "2122978114236649841"}],
    "text": "@AcmeBoots #AmazonCart",
    "entities": {
        "hashtags": [{"start": 11, "end": 22, "tag": "AmazonCart"}],
        "mentions": [{"start": 0, "end": 10, "username": "AcmeBoots", "id": "1510000000000000001"}],
    },
}
READ = Post(
    id=2123688217942515450,
    author_id=1720000000000000002,
    conversation_id=2122978114236649841,
    in_reply_to_user_id=1510000000000000001,
    replied_to=2122978114236649841,
    hashtags=("AmazonCart",),
    mentioned_user_ids=(1510000000000000001,),
    text="@AcmeBoots #AmazonCart",
)


def envelope(payload: Any, event_type: Any = "post.reply.create", **around: Any) -> dict[str, Any]:
    """The X Activity API's shape."""
    about = {"event_type": event_type, "payload": payload}
    return {"data": about | {"filter": {"user_id": "1510000000000000001"}} | around}


def post_of(document: dict[str, Any]) -> Post:
    """The post of a delivery that must be one."""
    delivery = read_delivery(document)
    assert isinstance(delivery, PostCreated)
    return delivery.post


def test_the_envelope_tells_the_event_and_whose_subscription_brought_it() -> None:
    assert read_delivery(envelope(REPLY)) == PostCreated(
        source="post.reply.create", post=READ, filter_user_id=1510000000000000001
    )


def test_the_stream_shape_tells_the_same_post() -> None:
    delivery = read_delivery({"data": REPLY, "matching_rules": [{"id": "1"}]})

    assert delivery == PostCreated(source="stream", post=READ)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("referenced_tweets", "referenced_posts"),
        ("edit_history_tweet_ids", "edit_history_post_ids"),
        ("note_tweet", "note_post"),
    ],
)
def test_both_spellings_of_a_field_mean_the_same(old: str, new: str) -> None:
    field = {
        "referenced_tweets": [{"type": "quoted", "id": "5"}],
        "edit_history_tweet_ids": ["7", "2123688217942515450"],
        "note_tweet": {"text": "long", "entities": {"hashtags": [{"tag": "Late"}]}},
    }[old]

    assert post_of(envelope(REPLY | {old: field})) == post_of(
        envelope({key: value for key, value in REPLY.items() if key != old} | {new: field})
    )


@pytest.mark.parametrize(
    ("references", "in_reply_to", "expected"),
    [
        ([], None, (None, None, None)),
        ([], "9", (9, None, None)),
        ([{"type": "replied_to", "id": "8"}], "9", (8, None, None)),
        ([{"type": "quoted", "id": "5"}, {"type": "replied_to", "id": "8"}], None, (8, 5, None)),
        ([{"type": "retweeted", "id": "6"}], None, (None, None, 6)),
        ([{"type": "reposted", "id": "6"}], None, (None, None, 6)),
        ([{"type": "quoted", "id": "5"}, {"type": "quoted", "id": "4"}], None, (None, 5, None)),
        ([{"type": "admired", "id": "5"}, {"type": ["quoted"], "id": "5"}], None, (None,) * 3),
        ([{"type": "quoted", "id": "x"}, "quoted", None], None, (None,) * 3),
    ],
)
def test_what_a_post_refers_to(
    references: list[Any], in_reply_to: str | None, expected: tuple[int | None, ...]
) -> None:
    payload = REPLY | {"referenced_tweets": references, "in_reply_to_tweet_id": in_reply_to}

    post = post_of(envelope(payload))

    assert (post.replied_to, post.quoted, post.reposted) == expected


def test_hashtags_stand_in_the_order_of_the_text_with_those_of_the_long_text_after() -> None:
    payload = REPLY | {
        "entities": {"hashtags": [{"start": 30, "tag": "Second"}, {"start": 3, "tag": "First"}]},
        "note_tweet": {
            "entities": {
                "hashtags": [
                    {"start": 900, "tag": "Third"},
                    {"start": 30, "tag": "Second"},
                    {"start": 3, "tag": "First"},
                ]
            }
        },
    }

    assert post_of(envelope(payload)).hashtags == ("First", "Second", "Third")


def test_a_list_is_read_up_to_its_limit() -> None:
    tags = [{"start": number, "tag": f"tag{number}"} for number in range(TAGS_MAX + 50)]

    assert len(post_of(envelope(REPLY | {"entities": {"hashtags": tags}})).hashtags) == TAGS_MAX


def test_links_are_told_with_all_that_x_knows_of_them() -> None:
    urls = [
        {"url": "https://t.co/1", "expanded_url": "https://amzn.to/1"},
        {"url": "https://t.co/2", "expanded_url": "https://b.example", "unwound_url": ""},
    ]
    unwound = {**urls[0], "unwound_url": "https://www.amazon.com/dp/B0ACMEBT01"}
    payload = REPLY | {"entities": {"urls": urls}, "note_tweet": {"entities": {"urls": [unwound]}}}

    assert post_of(envelope(payload)).urls == (
        Url("https://t.co/1", "https://amzn.to/1", "https://www.amazon.com/dp/B0ACMEBT01"),
        Url("https://t.co/2", "https://b.example", None),
    )


def test_the_handle_is_that_of_the_author_among_the_included_users() -> None:
    users = [{"id": "1", "username": "other"}, {"id": REPLY["author_id"], "username": "mara"}]

    assert post_of({"data": REPLY, "includes": {"users": users}}).author_handle == "mara"
    assert post_of(envelope(REPLY, includes={"users": users})).author_handle == "mara"
    wrapped = [{"data": user} for user in users]
    assert post_of(envelope(REPLY, includes={"users": wrapped})).author_handle == "mara"
    assert post_of(envelope(REPLY, includes={"users": users[:1]})).author_handle is None


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"data": None},
        {"data": []},
        {"errors": [{"title": "operational-disconnect"}]},
        envelope(REPLY, "aurora.sighted"),
        envelope(REPLY, "like.create"),
        envelope(REPLY, ""),
        envelope(None),
        envelope([]),
        envelope("text"),
        envelope({**REPLY, "id": None}),
        envelope({**REPLY, "id": "87719f50ee17bdfa"}),
        envelope({**REPLY, "author_id": 1.5}),
    ],
)
def test_what_tells_nothing_of_use_is_no_delivery(document: dict[str, Any]) -> None:
    assert read_delivery(document) is None


@pytest.mark.parametrize("junk", [None, 0, 1.5, True, "text", [], ["x"], [None], {}, {"a": [1]}])
@pytest.mark.parametrize(
    "field",
    [
        "conversation_id",
        "in_reply_to_user_id",
        "in_reply_to_tweet_id",
        "referenced_tweets",
        "entities",
        "note_tweet",
        "edit_history_tweet_ids",
        "text",
    ],
)
def test_a_field_of_another_type_is_left_out(field: str, junk: object) -> None:
    post = post_of(envelope(REPLY | {field: junk}))

    assert (post.id, post.author_id) == (READ.id, READ.author_id)


def identity_of(document: dict[str, Any]) -> Identity | None:
    """By the long way: everything is read."""
    told = read_delivery(document)
    if told is None:
        return None
    return Identity(told.source, told.subject, told.filter_user_id, told.user_id)


def test_the_short_way_to_a_deliverys_identity_finds_what_the_long_one_does() -> None:
    cases = [orjson.loads(path.read_bytes()) for path in ROOT.glob("tests/corpus*/**/*.json")]
    bodies = [
        each["body"]
        for case in cases
        if isinstance(case, dict)
        for each in case.get("deliveries", ())
        if isinstance(each.get("body"), dict)
    ]
    odd: list[Any] = [None, 7, "", "7", [], {}, "post.create", "post.delete", "oauth.revoke"]
    odd_bodies = [
        {"data": {"event_type": event_type, "payload": {"id": xid, "author_id": author_id}}}
        | {"filter": {"user_id": author_id}}
        for event_type, xid, author_id in product(odd, odd, odd)
    ] + [{"data": {"id": xid, "author_id": author_id}} for xid, author_id in product(odd, odd)]

    assert len(bodies) > 50
    for body in [*bodies, *odd_bodies]:
        assert identify(body) == identity_of(body)


@pytest.mark.parametrize("event_type", [None, 7, ["post.create"], {"post": "create"}])
def test_an_event_type_of_another_type_is_no_event(event_type: object) -> None:
    assert read_delivery(envelope(REPLY, event_type)) is None


@pytest.mark.parametrize(
    ("body", "tag"),
    [
        (rb'"a\u0000b"', "a\ufffdb"),
        (rb'"a\ud800b"', "a\ufffdb"),
        (rb'"a\udc00"', "a\ufffd"),
        (rb'"\ud83d\ude00"', "\U0001f600"),
    ],
)
def test_nul_and_lone_surrogates_are_read_as_replacement_characters(body: bytes, tag: str) -> None:
    raw = b'{"data":{"id":"1","author_id":"2","entities":{"hashtags":[{"tag":%b}]}}}' % body

    post = post_of(dict(parse_object(raw)))

    assert post.hashtags == (tag,)
    tag.encode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"\r\n",
        b"hello",
        b"[]",
        b"[{}]",
        b"null",
        b"1",
        b'"text"',
        b"{",
        b'{"a":}',
        b'{"a":1}}',
        b'{"a":NaN}',
        b'{"a":-Infinity}',
        b'{"a":01}',
        b'{"a":"a\x00b"}',
        b'{"a":"\xff\xfe"}',
        b'{"a":"\xed\xa0\x80"}',
        b"\xef\xbb\xbf{}",
        b"{'a':1}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    ],
)
def test_what_is_no_json_object_in_utf8_is_refused(body: bytes) -> None:
    with pytest.raises(NotJson):
        parse_object(body)


@pytest.mark.parametrize(
    ("body", "document"),
    [
        (b" {} \n", {}),
        (rb'{"a":"\ud800"}', {"a": "\ud800"}),
        (rb'{"a":"\ud800","n":2123688217942515450}', {"a": "\ud800", "n": 2123688217942515450}),
        (rb'{"a":"\ud800","n":1e999}', {"a": "\ud800", "n": float("inf")}),
        (rb'{"a":"\ud800","n":' + b"9" * 5000 + b"}", {"a": "\ud800", "n": float("inf")}),
        (b'{"n":2123688217942515450}', {"n": 2123688217942515450}),
        (b'{"a":1,"a":2}', {"a": 2}),
    ],
)
def test_any_well_formed_json_object_is_read(body: bytes, document: dict[str, Any]) -> None:
    assert parse_object(body) == document
