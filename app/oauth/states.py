"""The lives of apps and installations.

App:           DRAFT ──► ACTIVE ◄──► SUSPENDED, any ──► RETIRED
Installation:  REQUESTED ──► ACTIVE ◄──► PAUSED, any ──► REVOKED (to install again is new)
"""

from enum import StrEnum
from types import MappingProxyType


class AppStatus(StrEnum):
    """Whether an app may be used."""

    DRAFT = "DRAFT"
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    RETIRED = "RETIRED"


class AppKind(StrEnum):
    """Whether an app can keep a secret (RFC 6749 section 2.1)."""

    CONFIDENTIAL = "CONFIDENTIAL"
    PUBLIC = "PUBLIC"


class InstallationStatus(StrEnum):
    """Whether an app may act for a brand."""

    REQUESTED = "REQUESTED"
    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    REVOKED = "REVOKED"


class TokenKind(StrEnum):
    """What a token is for."""

    ACCESS = "ACCESS"
    REFRESH = "REFRESH"
    PERSONAL = "PERSONAL"


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
