"""Decisions about scopes."""

from collections.abc import Iterable

from app.core.viewer import Scope
from app.oauth.problems import NoScopes, UnknownScopes


def parse_scopes(words: Iterable[str]) -> frozenset[Scope] | UnknownScopes | NoScopes:
    """The scopes that *words* name; the same word twice counts once."""
    named = list(dict.fromkeys(word for word in words if word))
    unknown = [word for word in named if word not in list(Scope)]
    if unknown:
        return UnknownScopes(unknown=unknown)
    if not named:
        return NoScopes()
    return frozenset(Scope(word) for word in named)


def default_scopes() -> frozenset[Scope]:
    """All that a brand's own software may want; never who a shopper is on X."""
    return frozenset(Scope) - {Scope.SHOPPERS_IDENTIFY}


def reading_scopes() -> frozenset[Scope]:
    """Those of them that change nothing: what a token gets that nobody said more of."""
    return frozenset(scope for scope in default_scopes() if scope.endswith(":read"))


def sorted_scopes(scopes: Iterable[str]) -> list[str]:
    """Scopes as they are stored: each once, in alphabetical order."""
    return sorted({str(scope) for scope in scopes})
