"""A server's address, in the forms that PostgreSQL's own programs and asyncpg take."""

from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from app.core.postgres.errors import PostgresUnavailable

SCHEMES = ("postgresql", "postgres")


@dataclass(frozen=True)
class Address:
    """Where a database is, apart from the password, so that the one can be shown."""

    url: str
    """A `postgresql://` URL without password."""

    password: str | None

    @property
    def environ(self) -> dict[str, str]:
        """What hands the password to a program; its arguments could be read by everybody."""
        return {} if self.password is None else {"PGPASSWORD": self.password}


def parse_address(url: str) -> Address:
    """The address that *url* names.

    SQLAlchemy's form is understood too: `postgresql+DRIVER://`, and `ssl=` for `sslmode=`.

    Source: PostgreSQL documentation, "Connection URIs".

    Raises:
        PostgresUnavailable: It is no address of a PostgreSQL database. The message is without it,
            since it may hold a password.
    """
    parts = urlsplit(url)
    if parts.scheme.partition("+")[0] not in SCHEMES:
        raise PostgresUnavailable(
            "The database's address does not begin with postgresql://."
            " Set HASHCART_DATABASE_URL to one like postgresql://user:password@host/database."
        )
    # Textually, since a list of hosts with ports is valid here and in no other URL.
    account, at, hosts = parts.netloc.rpartition("@")
    user, _, secret = account.partition(":")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    password = options.pop("password", None) or unquote(secret) or None
    if "ssl" in options:
        options.setdefault("sslmode", options.pop("ssl"))
    query = urlencode(options, quote_via=quote, safe="/,:")
    shown = urlunsplit(("postgresql", f"{user}{at}{hosts}", parts.path, query, ""))
    return Address(_with_slashes(shown), password)


def _with_slashes(url: str) -> str:
    """`urlunsplit` drops the slashes before an empty host, which the programs want."""
    return url if "://" in url else url.replace(":", "://", 1)
