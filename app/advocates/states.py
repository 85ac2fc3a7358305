"""The life of an advocate.

INVITED ──► ENROLLED ◄──► PAUSED
   │            │            │
   └────────────┴──► LEFT ◄──┘
"""

from types import MappingProxyType

from app.core.described import DescribedEnum


class AdvocateStatus(DescribedEnum):
    """Whether a shopper speaks for the brand. Only she enrols, pauses and leaves."""

    INVITED = "INVITED", "The brand asked her; she has not answered."
    ENROLLED = "ENROLLED", "She opted in and speaks for the brand."
    PAUSED = "PAUSED", "She stopped for a while; she alone goes on."
    LEFT = "LEFT", "She left, or declined. Final."


MOVES = MappingProxyType(
    {
        AdvocateStatus.INVITED: frozenset({AdvocateStatus.ENROLLED, AdvocateStatus.LEFT}),
        AdvocateStatus.ENROLLED: frozenset({AdvocateStatus.PAUSED, AdvocateStatus.LEFT}),
        AdvocateStatus.PAUSED: frozenset({AdvocateStatus.ENROLLED, AdvocateStatus.LEFT}),
        AdvocateStatus.LEFT: frozenset[AdvocateStatus](),
    }
)
