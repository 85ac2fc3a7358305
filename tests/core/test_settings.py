"""Settings: a bad value stops the process with a sentence that names it."""

import pytest

from app.core.settings import BadSettings, Environment, load_settings

GOOD_SECRET = "a secret of at least thirty-two characters"


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in list(os.environ):
        if name.startswith("HASHCART_"):
            monkeypatch.delenv(name)


def test_development_needs_nothing() -> None:
    settings = load_settings()

    assert settings.env is Environment.DEVELOPMENT
    assert settings.database_url is None


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PORT", "eighty", "HASHCART_PORT: "),
        ("PORT", "70000", "HASHCART_PORT: "),
        ("ENV", "prod", "HASHCART_ENV: "),
        ("DATABASE_URL", "mysql://x", "HASHCART_DATABASE_URL: must start with postgresql://."),
        ("SECRET_KEY", "short", "HASHCART_SECRET_KEY: needs at least 32 characters."),
        ("CLOCK", "2026-11-20T12:00:00", "HASHCART_CLOCK: needs a time zone, for example"),
    ],
)
def test_a_bad_value_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(f"HASHCART_{name}", value)

    with pytest.raises(BadSettings) as refused:
        load_settings()

    assert str(refused.value).startswith(sentence)
    assert value not in str(refused.value) or name != "SECRET_KEY"


def test_the_public_address_is_this_machines_unless_it_is_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HASHCART_PORT", "8123")
    assert load_settings().public_url == "http://127.0.0.1:8123"

    monkeypatch.setenv("HASHCART_PUBLIC_URL", "https://shop.example")
    assert load_settings().public_url == "https://shop.example"


def test_what_follows_from_a_bad_value_is_no_fault_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HASHCART_PORT", "eighty")

    with pytest.raises(BadSettings) as refused:
        load_settings()

    assert len(str(refused.value).splitlines()) == 1


def test_production_takes_neither_the_embedded_database_nor_default_secrets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HASHCART_ENV", "production")

    with pytest.raises(BadSettings) as refused:
        load_settings()

    assert str(refused.value) == (
        "Settings: production needs HASHCART_DATABASE_URL, HASHCART_SECRET_KEY, "
        "HASHCART_X_CONSUMER_SECRET to be set."
    )


def test_production_takes_no_other_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HASHCART_ENV", "production")
    monkeypatch.setenv("HASHCART_DATABASE_URL", "postgresql://db/hashcart")
    monkeypatch.setenv("HASHCART_SECRET_KEY", GOOD_SECRET)
    monkeypatch.setenv("HASHCART_X_CONSUMER_SECRET", "consumer secret")
    assert load_settings().env is Environment.PRODUCTION
    monkeypatch.setenv("HASHCART_CLOCK", "2026-11-20T12:00:00Z")

    with pytest.raises(BadSettings, match="HASHCART_CLOCK is for development only"):
        load_settings()


def test_secrets_are_not_shown_when_settings_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HASHCART_SECRET_KEY", GOOD_SECRET)

    assert GOOD_SECRET not in repr(load_settings())
