"""The one exception of this package."""


class PostgresUnavailable(RuntimeError):
    """PostgreSQL, or the data it should serve, cannot be used; the message names the remedy."""
