"""Why a token cannot be issued as asked."""

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
