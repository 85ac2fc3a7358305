"""The life of an advocate.

INVITED ──► ENROLLED ◄──► PAUSED
   │            │            │
   └────────────┴──► LEFT ◄──┘
"""

from enum import StrEnum
from types import MappingProxyType


class AdvocateStatus(StrEnum):
    """Whether a shopper speaks for the brand. Only she enrols, pauses and leaves."""

    INVITED = "INVITED"
    ENROLLED = "ENROLLED"
    PAUSED = "PAUSED"
    LEFT = "LEFT"


MOVES = MappingProxyType(
    {
        AdvocateStatus.INVITED: frozenset({AdvocateStatus.ENROLLED, AdvocateStatus.LEFT}),
        AdvocateStatus.ENROLLED: frozenset({AdvocateStatus.PAUSED, AdvocateStatus.LEFT}),
        AdvocateStatus.PAUSED: frozenset({AdvocateStatus.ENROLLED, AdvocateStatus.LEFT}),
        AdvocateStatus.LEFT: frozenset[AdvocateStatus](),
    }
)
