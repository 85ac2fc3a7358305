"""Generated replies: what X would send, and the same for the same seed."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import orjson
import pytest

from app.brands.rules import fold_tag
from app.cli.cast import addable, author_of, authors_of, posts_of
from app.cli.failures import CommandFailed
from app.cli.replies import Author, Body, Post, Replies
from app.cli.world_file import demo_data, parse_world
from app.x.ids import moment_of
from app.x.payloads import PostCreated, read_delivery
from tests.cli.worlds import corpus_world, small_world

NOW = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)
POST = Post(
    xid=2122978114236649841,
    conversation_xid=2122978114236649841,
    brand_xid=1510000000000000001,
    brand_slug="acme",
    brand_handle="AcmeBoots",
    marketplace="US",
    asin="B0ACMEBT01",
    tag="AmazonCart",
)
MARA = Author(1720000000000000002, "mara_k_inv")


def read(body: Body) -> PostCreated:
    delivery = read_delivery(orjson.loads(orjson.dumps(body)))
    assert isinstance(delivery, PostCreated)
    return delivery


def test_a_reply_is_what_x_sends_for_one() -> None:
    delivery = read(Replies([POST], [MARA], seed=1).write_by(MARA, POST, NOW))

    assert delivery.source == "post.reply.create"
    assert delivery.filter_user_id == POST.brand_xid
    post = delivery.post
    assert (post.author_id, post.replied_to) == (MARA.x_user_id, POST.xid)
    assert (post.conversation_id, post.in_reply_to_user_id) == (POST.xid, POST.brand_xid)
    assert [fold_tag(tag) for tag in post.hashtags] == ["amazoncart"]
    assert post.made_at == NOW


def test_entities_stand_where_they_say() -> None:
    replies = Replies([POST], [MARA], seed=1)
    for _ in range(50):
        payload = replies.write(NOW)["data"]["payload"]
        [tag], [mention] = payload["entities"]["hashtags"], payload["entities"]["mentions"]
        assert payload["text"][tag["start"] : tag["end"]] == f"#{tag['tag']}"
        assert payload["text"][mention["start"] : mention["end"]] == f"@{mention['username']}"


def test_ids_grow_also_within_a_millisecond() -> None:
    replies = Replies([POST], [MARA], seed=1)

    ids = [read(replies.write(NOW)).post.id for _ in range(1000)]

    assert all(one < next_one for one, next_one in pairwise(ids))
    assert moment_of(ids[0]) == NOW
    assert moment_of(ids[-1]) - NOW <= timedelta(milliseconds=1)


def test_one_seed_is_one_row_of_replies() -> None:
    first, same, other = (
        [body.write(NOW) for _ in range(20)]
        for body in (
            Replies([POST], [MARA], seed=7),
            Replies([POST], [MARA], seed=7),
            Replies([POST], [MARA], seed=8),
        )
    )

    assert first == same != other


def test_some_replies_come_from_people_that_nobody_knows() -> None:
    replies = Replies([POST], [MARA], seed=1)

    authors = {read(replies.write(NOW)).post.author_id for _ in range(100)}

    assert MARA.x_user_id in authors
    assert len(authors) > 10


def test_a_second_delivery_is_the_same_post_in_another_envelope() -> None:
    replies = Replies([POST], [MARA], seed=1)
    first = replies.write(NOW)

    again = replies.deliver_again(first)

    assert again["data"]["payload"] == first["data"]["payload"]
    assert again["data"]["event_uuid"] != first["data"]["event_uuid"]


def test_the_corpus_is_answered_where_one_product_is_clear_and_by_who_did_not_opt_out() -> None:
    world = parse_world(corpus_world())

    posts = posts_of(world)

    assert len(posts) == 14
    tags = {(post.brand_slug, post.marketplace): post.tag for post in posts}
    assert tags == {
        ("acme", "US"): "AmazonCart",
        ("acme", "UK"): "AmazonBasket",
        ("nordlicht", "DE"): "AmazonKorb",
    }
    with_primary = next(post for post in posts if post.xid == 2123023413906866004)
    assert with_primary.asin == "B0ACMESK02"
    assert 1678000000000000058 not in {author.x_user_id for author in authors_of(world)}
    assert author_of(world.shoppers[0]) == MARA


def test_the_demo_has_products_that_can_be_added_and_some_that_cannot() -> None:
    world = parse_world(demo_data())

    posts = posts_of(world, {"tarn": NOW})

    assert len(posts) == 17
    assert len([post for post in posts if addable(post, world)]) == 10


def test_a_world_without_a_tweet_to_answer_is_refused() -> None:
    with pytest.raises(CommandFailed, match="nothing to answer"):
        posts_of(parse_world(small_world()))
