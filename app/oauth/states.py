"""The lives of apps and installations.

App:           DRAFT ──► ACTIVE ◄──► SUSPENDED, any ──► RETIRED
Installation:  REQUESTED ──► ACTIVE ◄──► PAUSED, any ──► REVOKED (to install again is new)
"""

from types import MappingProxyType

from app.core.described import DescribedEnum


class AppStatus(DescribedEnum):
    """Whether an app may be used."""

    DRAFT = "DRAFT", "It is being made and can be used by nobody."
    ACTIVE = "ACTIVE", "Brands can install and use it."
    SUSPENDED = "SUSPENDED", "The operator stopped it for now; its tokens are refused."
    RETIRED = "RETIRED", "It is used no more. Final."


class AppKind(DescribedEnum):
    """Whether an app can keep a secret (RFC 6749 section 2.1)."""

    CONFIDENTIAL = "CONFIDENTIAL", "It runs on a server and keeps a secret."
    PUBLIC = "PUBLIC", "It runs at its user's, in a browser or on a device, and can keep no secret."


class InstallationStatus(DescribedEnum):
    """Whether an app may act for a brand."""

    REQUESTED = "REQUESTED", "The brand has not decided yet."
    ACTIVE = "ACTIVE", "It may act for the brand."
    PAUSED = "PAUSED", "The brand stopped it for now; its tokens are refused."
    REVOKED = "REVOKED", "The brand removed it. Final; to install it again makes a new one."


class TokenKind(DescribedEnum):
    """What a token is for."""

    ACCESS = "ACCESS", "It reads and changes, for a short time."
    REFRESH = "REFRESH", "It is exchanged for a new access token, once."
    PERSONAL = "PERSONAL", "It was made by hand, and reads and changes until it ends or is revoked."


APP_MOVES = MappingProxyType(
    {
        AppStatus.DRAFT: frozenset({AppStatus.ACTIVE, AppStatus.RETIRED}),
        AppStatus.ACTIVE: frozenset({AppStatus.SUSPENDED, AppStatus.RETIRED}),
        AppStatus.SUSPENDED: frozenset({AppStatus.ACTIVE, AppStatus.RETIRED}),
        AppStatus.RETIRED: frozenset[AppStatus](),
    }
)

INSTALLATION_MOVES = MappingProxyType(
    {
        InstallationStatus.REQUESTED: frozenset(
            {InstallationStatus.ACTIVE, InstallationStatus.REVOKED}
        ),
        InstallationStatus.ACTIVE: frozenset(
            {InstallationStatus.PAUSED, InstallationStatus.REVOKED}
        ),
        InstallationStatus.PAUSED: frozenset(
            {InstallationStatus.ACTIVE, InstallationStatus.REVOKED}
        ),
        InstallationStatus.REVOKED: frozenset[InstallationStatus](),
    }
)
