"""Why a token cannot be issued, or a document not be trusted, as asked."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.core.viewer import Scope


@dataclass(frozen=True, kw_only=True)
class UnknownScopes:
    """Scopes that do not exist (RFC 6749 section 5.2, `invalid_scope`)."""

    unknown: Sequence[str]

    @property
    def message(self) -> str:
        """What to tell, with the remedy."""
        plural = "scopes" if len(self.unknown) > 1 else "scope"
        return f"Unknown {plural} {', '.join(self.unknown)}; known are {', '.join(Scope)}."


@dataclass(frozen=True, kw_only=True)
class NoScopes:
    """A token without any scope could read nothing."""

    message: str = f"Name at least one scope; known are {', '.join(Scope)}."


@dataclass(frozen=True, kw_only=True)
class AppUnusable:
    """The app is not ACTIVE, so nothing may be installed or issued for it."""

    client_id: str

    @property
    def message(self) -> str:
        """What to tell, with the remedy."""
        return f"The app {self.client_id} is suspended or retired; make it active first."


@dataclass(frozen=True, kw_only=True)
class NoManifest:
    """A file is no manifest of documents in a form that is known."""

    message: str = (
        "This is no manifest: expected is an object of documents by their ids, as Relay and "
        "graphql-codegen write it, or Apollo's with `format` and `operations`."
    )


@dataclass(frozen=True, kw_only=True)
class BadDocumentId:
    """No request could name a document so."""

    key: str

    @property
    def message(self) -> str:
        """What to tell, with the remedy."""
        return (
            f"The id {self.key[:80]!r} is none: use at most 200 letters, digits and -._~, such as "
            "a hash in hexadecimal."
        )


@dataclass(frozen=True, kw_only=True)
class NoSuchApp:
    """There is no app of that public name."""

    client_id: str

    @property
    def message(self) -> str:
        """What to tell, with the remedy."""
        return f"There is no app {self.client_id!r}. `viewer.app.clientId` tells a token's own."


@dataclass(frozen=True, kw_only=True)
class AnotherDocument:
    """The id stands for another document already; what runs under an id never changes."""

    key: str

    @property
    def message(self) -> str:
        """What to tell, with the remedy."""
        return (
            f"The id {self.key!r} stands for another document already. Give this one an id of its "
            "own, or take the other back first: hashcart app distrust."
        )


@dataclass(frozen=True, kw_only=True)
class TooManyDocuments:
    """An app has as many trusted documents as it may."""

    most: int

    @property
    def message(self) -> str:
        """What to tell, with the remedy."""
        return f"An app has at most {self.most} trusted documents. Take some back first."
