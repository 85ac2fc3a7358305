"""Near misses of rule 5: what is nearly a trigger, and what only resembles one to a machine."""

import pytest

from app.ingest.near_misses import is_near_miss

TRIGGERS = ("AmazonCart", "AmazonBasket")


@pytest.mark.parametrize(
    "tag",
    [
        "Amaz\u043enCart",  # Cyrillic o
        "Amaz\u03bfnCart",  # Greek omicron
        "AMAZ\u041eNCART",  # Cyrillic O among capitals
        "\u0410m\u0430zonCart",  # Cyrillic A and a
        "\u0391mazonCart",  # Greek Alpha
        "Amaz0nCart",
        "AMAZ0NCART",
        "ArnazonCart",  # r and n for m
        "Amaz\u00f3nCart",
        "Amazo\u0301nCart",
        "\u00c2M\u00c3Z\u00d6NCART",
        "Amazon_Cart",
        "_AmazonCart_",
        "Amazon\u200dCart",  # zero-width joiner
        "Amazon\u200cCart",
        "Amazon\u00adCart",  # soft hyphen
        "Amazon\u2060Cart",
        "AmazonCarts",
        "amazonbaskets",
        "AMAZONCARTS",
        "Amazon_C\u00e4rts",
        "\uff21mazon\uff23arts",  # full width, and a plural
        "\U0001d400mazonCarts",  # a mathematical A
    ],
)
def test_a_tag_that_looks_or_almost_reads_like_a_trigger(tag: str) -> None:
    assert is_near_miss([tag], f"#{tag} please", TRIGGERS)
    assert is_near_miss(["Winter", tag], f"#Winter #{tag}", TRIGGERS)


@pytest.mark.parametrize(
    "tag",
    [
        "AmazonCartoon",
        "AmazonCar",
        "AmazonKart",
        "AmazonCartss",
        "MyAmazonCart",
        "Amazon",
        "Cart",
        "CartAmazon",
        "\u0410\u043c\u0430\u0437\u043e\u043d\u041a\u0430\u0440\u0442",  # Amazon Kart in Russian
        "\u30a2\u30de\u30be\u30f3",
        "_",
        "\u200d",
        "\u0301",
        "a" * 500,
        "",
    ],
)
def test_another_word_is_none(tag: str) -> None:
    assert not is_near_miss([tag], f"#{tag} please", TRIGGERS)


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        ("Amazon", "@AcmeBoots #Amazon Cart please"),
        ("Amazon", "#Amazon-Cart"),
        ("Amazon", "#Amazon - Cart!"),
        ("Amazon", "#Amazon\u2011Cart"),  # a hyphen that does not break
        ("Amazon", "#Amazon\u00a0cart."),
        ("Amazon", "\uff03Amazon\u3000Cart"),
        ("amazon", "#amazon carts"),
        ("Amaz\u043en", "#Amaz\u043en Cart"),
        ("Amazon", "I love #Amazon, but #Amazon basket it is"),
        ("Ama", "#Ama zon Cart"),
        ("AmazonC", "#AmazonC art"),
    ],
)
def test_a_tag_that_a_space_or_hyphen_splits(tag: str, text: str) -> None:
    assert is_near_miss([tag], text, TRIGGERS)


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        ("Amazon", "#Amazon Cartoon"),
        ("Amazon", "#Amazon, Cart"),
        ("Amazon", "#Amazon. Cart"),
        ("Amazon", "#Amazon #Cart"),
        ("Amazon", "#Amazon\nCart"),
        ("Amazon", "#Amazon is in my cart"),
        ("Amazon", "Amazon Cart"),
        ("Amazon", "#Amazon"),
        ("Amazon", ""),
        ("Winter", "#Winter Cart"),
        ("Amazon", "#Amazon" + " C" * 100_000),
    ],
)
def test_words_that_only_stand_near_are_none(tag: str, text: str) -> None:
    assert not is_near_miss([tag], text, TRIGGERS)


@pytest.mark.parametrize(
    ("trigger", "tag", "near"),
    [
        ("CaféKorb", "CafeKorb", True),
        ("Klick", "KIick", True),  # a capital i for the l
        ("Mail", "Mall", False),
        ("\u304c\u3054", "\u304b\u3054", False),  # Japanese voicing is no accent
        ("Boots", "Boot", False),
        ("Boots", "Bootss", True),
        (
            "\u043a\u043e\u0440\u0437\u0438\u043d\u0430",
            "\u043ao\u0440\u0437\u0438\u043d\u0430",
            True,
        ),
    ],
)
def test_a_trigger_in_any_script_is_compared_alike(trigger: str, tag: str, *, near: bool) -> None:
    assert is_near_miss([tag], f"#{tag}", [trigger]) is near


def test_without_triggers_nothing_is_near() -> None:
    assert not is_near_miss(["AmazonCarts"], "#AmazonCarts", ())
