"""Every setting of the process, typed, in one place.

A value is read once, from an environment variable named `HASHCART_` and the field's name in
capitals. A missing or malformed value stops the process with a sentence that names it.
"""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "HASHCART_"
DEVELOPMENT_SECRET_KEY = "development-only-secret-key-not-for-production"
DEVELOPMENT_CONSUMER_SECRET = "consumer_secret_for_development"
SECRET_KEY_CHARACTERS_MIN = 32
COST_MAXIMUM = 50_000
"""A point is about 5 µs of server and PostgreSQL together: the dearest operation takes a quarter of
a second, so that nobody waits long behind it."""
COST_RESTORE_RATE = 5_000
"""What an installation may use for ever is then 2.5 % of a core, and an empty bucket is full in ten
seconds."""


class Environment(StrEnum):
    """What the process is for; `production` refuses whatever is only convenient."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class BadSettings(Exception):
    """The environment does not describe a process that may start; the message says what to set."""


class Settings(BaseSettings):
    """The whole list. Times are seconds unless the type says otherwise."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    env: Environment = Environment.DEVELOPMENT
    """`development` or `production`."""

    database_url: str | None = None
    """`postgresql://user:password@host/name`. None starts the embedded PostgreSQL."""

    database_read_url: str | None = None
    """A replica for queries. None reads the primary."""

    data_dir: Path = Path(".hashcart")
    """Where the embedded PostgreSQL keeps its files."""

    host: str = "127.0.0.1"
    """The address the server listens on; the container image sets 0.0.0.0."""

    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    """The port the server listens on; 0 takes a free one."""

    public_url: str = Field(default_factory=lambda told: f"http://127.0.0.1:{told['port']}")
    """The address clients use, without a path; the OAuth issuer. By default this machine's."""

    metrics_port: Annotated[int, Field(ge=0, le=65535)] = 0
    """The port of `/metrics`, apart from the public one; 0 switches it off."""

    secret_key: SecretStr = SecretStr(DEVELOPMENT_SECRET_KEY)
    """Seals keys and personal data at rest; at least 32 characters. Change with `keys rotate`."""

    x_consumer_secret: SecretStr = SecretStr(DEVELOPMENT_CONSUMER_SECRET)
    """The X app's consumer secret: signs webhook bodies and answers CRC requests."""

    x_client_id: str | None = None
    """The X app's OAuth 2.0 client id, for the shopper's sign-in. None: the sandbox provider in
    development; nobody signs in in production."""

    x_client_secret: SecretStr | None = None
    """Its client secret. None for an X app of a public type (native, single page)."""

    x_authorize_url: str = "https://x.com/i/oauth2/authorize"
    """Where X asks the shopper; these three addresses change for tests alone."""

    x_token_url: str = "https://api.x.com/2/oauth2/token"
    """Where X takes the code and gives a token."""

    x_me_url: str = "https://api.x.com/2/users/me"
    """Where X tells whose token it is."""

    clock: datetime | None = None
    """Development only: the moment at which the clock starts; time runs on from there."""

    write_connections: Annotated[int, Field(ge=1, le=100)] = 5
    """Most connections of this process for writing."""

    read_connections: Annotated[int, Field(ge=1, le=100)] = 4
    """Connections of this process for compiled reads; about 4 per core were best when measured."""

    cost_maximum: Annotated[int, Field(ge=100, le=1_000_000_000)] = COST_MAXIMUM
    """Points that the bucket of each installation holds, and the most that one operation costs."""

    cost_restore_rate: Annotated[int, Field(ge=1, le=1_000_000_000)] = COST_RESTORE_RATE
    """Points that each second adds to it."""

    event_retention_days: Annotated[int, Field(ge=1, le=3650)] = 90
    """How long events stay readable; older cursors are refused."""

    @field_validator("clock")
    @classmethod
    def _clock_has_a_zone(cls, value: datetime | None) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("needs a time zone, for example 2026-11-20T12:00:00Z")
        return value

    @field_validator("database_url", "database_read_url")
    @classmethod
    def _is_postgresql(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("postgresql://", "postgres://")):
            raise ValueError("must start with postgresql://")
        return value

    @field_validator("secret_key")
    @classmethod
    def _is_long(cls, value: SecretStr) -> SecretStr:
        if len(value.get_secret_value()) < SECRET_KEY_CHARACTERS_MIN:
            raise ValueError(f"needs at least {SECRET_KEY_CHARACTERS_MIN} characters")
        return value

    @model_validator(mode="after")
    def _production_takes_no_conveniences(self) -> Self:
        if self.env is not Environment.PRODUCTION:
            return self
        missing = [
            name
            for name, convenient in (
                ("DATABASE_URL", self.database_url is None),
                ("SECRET_KEY", self.secret_key.get_secret_value() == DEVELOPMENT_SECRET_KEY),
                (
                    "X_CONSUMER_SECRET",
                    self.x_consumer_secret.get_secret_value() == DEVELOPMENT_CONSUMER_SECRET,
                ),
            )
            if convenient
        ]
        if missing:
            names = ", ".join(PREFIX + name for name in missing)
            raise ValueError(f"production needs {names} to be set")
        if self.clock is not None:
            raise ValueError(f"{PREFIX}CLOCK is for development only; unset it in production")
        return self


def load_settings() -> Settings:
    """The settings of this process, from its environment.

    Raises:
        BadSettings: with one sentence per fault, each naming its variable.
    """
    try:
        return Settings()
    except ValidationError as error:
        raise BadSettings("\n".join(_sentences(error))) from None


def _sentences(error: ValidationError) -> list[str]:
    found = []
    for fault in error.errors(include_url=False, include_input=False):
        if fault["type"] == "default_factory_not_called":
            continue  # it follows from another fault, which is told
        name = ".".join(str(part) for part in fault["loc"])
        reason = fault["msg"].removeprefix("Value error, ")
        found.append(f"{PREFIX}{name.upper()}: {reason}." if name else f"Settings: {reason}.")
    return found
