"""Commands about the documents that an app may run."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from app.cli.failures import CommandFailed
from app.cli.output import answer, say

if TYPE_CHECKING:
    from app.core.database import WriteSession
    from app.oauth.problems import AnotherDocument, NoSuchApp, TooManyDocuments

    Problem = NoSuchApp | AnotherDocument | TooManyDocuments

FAULTS_SHOWN_MAX = 10

ClientId = Annotated[str, typer.Argument(help="The app's public name, `viewer.app.clientId`.")]
T = TypeVar("T")


def trust(
    client_id: ClientId,
    manifests: Annotated[
        list[Path],
        typer.Argument(
            help="Files that Relay, Apollo's manifest generator or graphql-codegen wrote.",
            exists=True,
            dir_okay=False,
        ),
    ],
) -> None:
    """Let an app run the documents of manifests by their ids, once all of them are valid.

    Prints how many of them are new.
    """
    from app.oauth import service

    documents: dict[str, str] = {}
    for path in manifests:
        documents.update(_read(path))
    faults = _faults(documents)
    for fault in faults[:FAULTS_SHOWN_MAX]:
        say(fault)
    if faults:
        raise CommandFailed(
            f"{len(faults)} of {len(documents)} documents cannot run; none is kept."
        )

    new = _done(
        lambda session: service.trust_documents(session, client_id=client_id, documents=documents)
    )
    say(f"{client_id} may run {len(documents)} documents of these, of which are new:")
    answer(str(new))


def distrust(
    client_id: ClientId,
    keys: Annotated[list[str], typer.Argument(metavar="ID...", help="Their ids.")],
) -> None:
    """Take documents back from an app; they run for a minute at most. Prints how many it had."""
    from app.oauth import service

    answer(
        str(
            _done(
                lambda session: service.distrust_documents(session, client_id=client_id, keys=keys)
            )
        )
    )


def documents(client_id: ClientId) -> None:
    """Print the ids of an app's trusted documents, one on a line."""
    from app.oauth import queries
    from app.oauth.problems import NoSuchApp

    async def listed(session: "WriteSession") -> "Mapping[str, str] | NoSuchApp":
        app = await queries.lock_app(session, client_id=client_id)
        if app is None:
            return NoSuchApp(client_id=client_id)
        return await queries.trusted_of(session, app_id=app.id)

    for key in _done(listed):
        answer(key)


def trusted_only(
    client_id: ClientId,
    only: Annotated[
        bool,
        typer.Option("--on/--off", help="Run trusted documents only, or any.", show_default=False),
    ],
) -> None:
    """Say whether an app runs trusted documents only. It counts within a second."""
    from app.oauth import service

    held = _done(
        lambda session: service.hold_to_trusted_documents(session, client_id=client_id, only=only)
    )
    if only:
        say(f"{client_id} runs its trusted documents only, of which there are {held}.")
    else:
        say(f"{client_id} runs any document.")


def _read(path: Path) -> Mapping[str, str]:
    import orjson

    from app.oauth.rules import documents_of

    try:
        manifest = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError:
        raise CommandFailed(f"{path} is no JSON.") from None
    found = documents_of(manifest)
    if not isinstance(found, Mapping):
        raise CommandFailed(f"{path}: {found.message}")
    return found


def _faults(documents: Mapping[str, str]) -> list[str]:
    """What is wrong with documents, each in a sentence with its id."""
    from app.graphql.engine import create_engine
    from app.graphql.errors import DocumentRefused, RequestRefused
    from app.schema import schema

    known = create_engine(schema, bytes(32), suggests=True).documents
    faults = []
    for key, document in documents.items():
        try:
            known.check(document)
        except (DocumentRefused, RequestRefused) as refused:
            faults.append(f"{key}: {refused}")
    return faults


def _done(act: "Callable[[WriteSession], Awaitable[T | Problem]]") -> T:
    """What *act* answers, in a transaction of its own.

    Raises:
        CommandFailed: it answers a problem.
    """
    from app.cli.runtime import opened, run
    from app.events.log import write_transaction
    from app.oauth.problems import AnotherDocument, NoSuchApp, TooManyDocuments

    async def acted() -> T:
        async with opened() as resources, write_transaction(resources.sessions) as session:
            outcome = await act(session)
            if isinstance(outcome, NoSuchApp | AnotherDocument | TooManyDocuments):
                raise CommandFailed(outcome.message)
            return outcome

    return run(acted())
