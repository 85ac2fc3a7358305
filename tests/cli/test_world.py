"""The format of a world: what is refused, and where the message points."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.cli.failures import CommandFailed
from app.cli.seed_rows import root_xid
from app.cli.world import DaysAgo, TweetEntry, moment_at
from app.cli.world_file import BadWorld, demo_data, parse_world, read_json
from app.x.ids import moment_of
from tests.cli.worlds import corpus_world, small_world

Change = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize("world", [small_world(), corpus_world(), demo_data()])
def test_the_worlds_that_come_with_the_product_can_be_loaded(world: dict[str, Any]) -> None:
    told = parse_world(world)

    assert len(told.products) == len(world["products"])


FAULTS: dict[str, tuple[Change, str]] = {
    "another format": (lambda world: world.update(format=2), "format: "),
    "an unknown list": (lambda world: world.update(orders=[]), "orders: The format has no such"),
    "an unknown key": (
        lambda world: world["products"][0].update(colour="red"),
        "products[0].colour: The format has no such key",
    ),
    "half a price": (
        lambda world: world["products"][0].pop("currency"),
        "products[0]: price_minor and currency go together",
    ),
    "an id as a number": (
        lambda world: world["shoppers"][0].update(x_user_id=17),
        "shoppers[0].x_user_id: must be an X id",
    ),
    "an id of more than 64 bits": (
        lambda world: world["shoppers"][0].update(x_user_id=str(2**63)),
        "shoppers[0].x_user_id: must be an X id",
    ),
    "text that PostgreSQL refuses": (
        lambda world: world["tweets"][0].update(text="a\x00b"),
        "tweets[0].text: must not hold U+0000",
    ),
    "a moment as a number": (
        lambda world: world["tweets"][0].update(created_at=3.5),
        'tweets[0].created_at: Must be ISO 8601 with a zone, or {"days_ago": 3.5}',
    ),
    "a moment without a zone": (
        lambda world: world["reviews"][0].update(submitted_at="2026-11-01T00:00:00"),
        "reviews[0].submitted_at: Input should have timezone info",
    ),
    "a moment to come": (
        lambda world: world["tweets"][0].update(created_at={"days_ago": -1}),
        "tweets[0].created_at.days_ago: ",
    ),
    "a tweet with neither id nor name": (
        lambda world: world["tweets"][0].pop("name"),
        "tweets[0]: with created_at in days_ago it has a name",
    ),
    "a tweet whose id tells another time": (
        lambda world: world["tweets"][0].update(
            name=None, id="2122978114236649841", created_at="2026-11-18T10:00:00Z"
        ),
        "tweets[0]: created_at does not agree with the time in its id",
    ),
    "an edit chain that begins elsewhere": (
        lambda world: world["tweets"][0].update(
            name=None, id="2122978114236649841", created_at=None, versions=["2122978114236649842"]
        ),
        "tweets[0]: its id must be the first of its versions",
    ),
    "an unknown brand": (
        lambda world: world["products"][0].update(brand="other"),
        "products[0].brand: there is no brand 'other' in the file",
    ),
    "a marketplace where the brand does not sell": (
        lambda world: world["products"][0].update(marketplace="DE"),
        "products[0].marketplace: acme does not sell there",
    ),
    "an unknown primary product": (
        lambda world: world["tweets"][0].update(
            primary_product={"marketplace": "US", "asin": "B000000000"}
        ),
        "tweets[0].primary_product: the brand has no such product",
    ),
    "the same product twice": (
        lambda world: world["products"].append(world["products"][0]),
        "products: acme US B0ACMEBT01 stands there 2 times",
    ),
    "a trigger that is no hashtag": (
        lambda world: world["brands"][0]["triggers"][0].update(tag="two words"),
        "brands[0]: The trigger 'two words' must be a hashtag",
    ),
    "an advocate who opted out": (
        lambda world: world["shoppers"][0].update(opted_out=True),
        "advocates[0].x_user_id: there is no such shopper in the file, or she opted out",
    ),
    "an unknown advocate": (
        lambda world: world["reviews"][0].update(advocate="1830000000000000003"),
        "reviews[0].advocate: there is no such advocate",
    ),
    "a published review without its disclosures": (
        lambda world: world["reviews"][0].pop("insider"),
        "reviews[0]: what is published says verified_purchase, incentivized and insider",
    ),
    "stars of a review at Amazon": (
        lambda world: world["reviews"][0].update(host="AMAZON", url="https://www.amazon.com/r/1"),
        "reviews[0]: only a review on the brand's own site has rating, title or body",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_told_with_its_place(fault: str) -> None:
    change, told = FAULTS[fault]
    world = small_world()
    change(world)

    with pytest.raises(BadWorld) as refused:
        parse_world(world, source="boots.json")

    assert str(refused.value).startswith("Nothing was loaded: mend boots.json at\n")
    assert told in str(refused.value)


def test_at_most_ten_faults_are_told() -> None:
    world = small_world()
    world["products"] = [{"brand": "acme"} for _ in range(20)]

    with pytest.raises(BadWorld) as refused:
        parse_world(world)

    lines = str(refused.value).splitlines()
    assert len(lines) == 12
    assert lines[-1].strip().startswith("and ")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "Cannot read"),
        (b'{"format": ', "is no JSON"),
        (b"\xff\xfe", "is not UTF-8"),
        (b"[" * 100_000, "is no JSON"),
        (b'{"format": 1}', "larger than 5 bytes"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_the_reason(
    tmp_path: Path, content: bytes | None, told: str
) -> None:
    file = tmp_path / "world.json"
    if content is not None:
        file.write_bytes(content)
    bytes_max = 5 if "larger" in told else 1_000_000

    with pytest.raises(CommandFailed) as refused:
        read_json(file, bytes_max=bytes_max)

    assert str(file) in str(refused.value)
    assert told in str(refused.value)


def test_a_distance_counts_back_from_the_brands_first_loading() -> None:
    anchor = datetime(2026, 11, 20, 12, 0, 0, 123456, tzinfo=UTC)

    moment = moment_at(DaysAgo(days_ago=1.5), anchor)

    assert moment == datetime(2026, 11, 19, 0, 0, 0, 123000, tzinfo=UTC)


def test_a_named_tweet_has_a_true_and_lasting_snowflake() -> None:
    anchor = datetime(2026, 11, 20, 12, 0, 0, 7000, tzinfo=UTC)
    tweets = [
        TweetEntry.model_validate(
            {"brand": "acme", "name": name, "created_at": {"days_ago": 3.5}, "text": name}
        )
        for name in ("one", "two", "one")
    ]

    xids = [root_xid(tweet, anchor) for tweet in tweets]

    assert xids[0] == xids[2] != xids[1]
    assert {moment_of(xid) for xid in xids} == {anchor - timedelta(days=3.5)}
