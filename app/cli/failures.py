"""What may go wrong with a command, told in one sentence that names the remedy."""


class CommandFailed(Exception):
    """The command cannot do what it was asked; the message is for whoever typed it."""


def sentence_for(error: BaseException) -> str | None:
    """What to tell of an expected failure; None for a defect, which keeps its traceback.

    The libraries are imported here, so that a command which needs none of them starts at once.
    """
    from app.core.settings import BadSettings

    while isinstance(error, BaseExceptionGroup):  # tasks that ran side by side: the first says why
        error = error.exceptions[0]
    if isinstance(error, CommandFailed | BadSettings):
        return str(error)
    return _of_database(error)


def _of_database(error: BaseException) -> str | None:
    import asyncpg
    from sqlalchemy.exc import DBAPIError

    from app.core.keys import WrongSecretKey
    from app.core.postgres.errors import PostgresUnavailable

    if isinstance(error, WrongSecretKey | PostgresUnavailable):
        return str(error)
    cause = _cause(error.orig) if isinstance(error, DBAPIError) else error
    if isinstance(cause, asyncpg.UndefinedTableError | asyncpg.UndefinedColumnError):
        return "The database does not have this version's tables: run `hashcart migrate` first."
    if isinstance(cause, asyncpg.LockNotAvailableError):
        return f"The database is busy ({cause}): run the command again in a moment."
    if isinstance(cause, asyncpg.exceptions.ClientConfigurationError):
        return f"HASHCART_DATABASE_URL is no address of a PostgreSQL database: {cause}."
    if isinstance(cause, _cannot_connect()):
        reason = str(cause) or type(cause).__name__
        return (
            f"Cannot connect to PostgreSQL ({reason}). Check that the server runs and that "
            "HASHCART_DATABASE_URL names it."
        )
    return None


def _cause(error: BaseException | None) -> BaseException | None:
    """SQLAlchemy wraps the driver's error twice."""
    return error.__cause__ if error is not None and error.__cause__ is not None else error


def _cannot_connect() -> tuple[type[BaseException], ...]:
    import asyncpg

    return (
        OSError,
        TimeoutError,
        asyncpg.InvalidAuthorizationSpecificationError,
        asyncpg.InvalidCatalogNameError,
        asyncpg.CannotConnectNowError,
        asyncpg.TooManyConnectionsError,
        asyncpg.PostgresConnectionError,
        asyncpg.AdminShutdownError,
    )
