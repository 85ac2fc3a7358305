"""What X told of posts and accounts: deleted, withheld, suspended, protected, or no longer so.

Deliveries come late, twice and in any order, so what was told is remembered: under keyed hashes,
which reveal nobody, and for as long as X may still repeat itself.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.core.bulk import insert_rows, run
from app.core.database import WriteSession
from app.core.keys import Keys
from app.engagements.rules import content_state_of
from app.engagements.states import ContentState, StandingKind
from app.ingest.models import Standing
from app.shoppers.service import x_lookup

GONE = frozenset({StandingKind.DELETED, StandingKind.SUSPENDED})
"""What takes an account away, and with it what its owner waits for."""

_COLUMNS = ("subject", "kind", "holds", "told_at", "kept_at", "spreads")

_LATEST = """
ON CONFLICT (subject, kind) DO UPDATE
    SET holds = excluded.holds, told_at = excluded.told_at, kept_at = excluded.kept_at,
        spreads = excluded.spreads, spread_to = NULL
    WHERE (standing.told_at, standing.holds) < (excluded.told_at, excluded.holds)
RETURNING subject
"""

_HOLDING = """
SELECT subject, kind, told_at FROM standing WHERE subject = ANY($1::bytea[]) AND holds
"""

_SPREADING = """
SELECT subject, kind, spread_to FROM standing
WHERE spreads ORDER BY kept_at LIMIT 1
FOR UPDATE SKIP LOCKED
"""

_SPREAD = "UPDATE standing SET spreads = $3, spread_to = $4 WHERE subject = $1 AND kind = $2"


@dataclass(frozen=True, slots=True)
class NewStanding:
    """Something that X told. `told_at` is when X says that it happened."""

    subject: bytes
    kind: StandingKind
    holds: bool
    told_at: datetime
    spreads: bool = False


@dataclass(frozen=True, slots=True)
class Standings:
    """What holds of posts and accounts, by their subjects, and since when."""

    holding: Mapping[bytes, Mapping[StandingKind, datetime]]

    def of_post(self, post: bytes) -> frozenset[StandingKind]:
        """What holds of a post by itself."""
        return frozenset(self.holding.get(post, ()))

    def of_author(self, account: bytes, made_at: datetime) -> frozenset[StandingKind]:
        """What holds of the account that made a post at that moment.

        Who posts after having gone has come back, whether or not X told of that.
        """
        held = self.holding.get(account, {})
        return frozenset(
            kind for kind, since in held.items() if kind not in GONE or made_at <= since
        )

    def content_of(self, post: bytes, account: bytes, made_at: datetime) -> ContentState:
        """What became of a post that this account made at that moment."""
        return content_state_of(self.of_post(post), self.of_author(account, made_at))

    def takes_back(self, post: bytes, account: bytes, made_at: datetime) -> bool:
        """Whether what the post asks for is taken back: it is deleted, or its account is gone."""
        deleted = StandingKind.DELETED in self.of_post(post)
        return deleted or not GONE.isdisjoint(self.of_author(account, made_at))


def post_subject(keys: Keys, xid: int) -> bytes:
    """What a post is remembered by."""
    return keys.lookup_hash("x_post", str(xid))


def account_subject(keys: Keys, x_user_id: int) -> bytes:
    """What an account is remembered by: the hash that people are found by."""
    return x_lookup(keys, x_user_id)


async def note_standings(
    session: WriteSession, told: Iterable[NewStanding], *, now: datetime
) -> frozenset[bytes]:
    """Remember what was told; the subjects of which something later was known are absent."""
    latest: dict[tuple[bytes, StandingKind], NewStanding] = {}
    for each in sorted(told, key=lambda each: (each.told_at, each.holds)):
        latest[each.subject, each.kind] = each
    rows = [
        (each.subject, each.kind, each.holds, each.told_at, now, each.spreads)
        for _, each in sorted(latest.items(), key=lambda item: item[0])
    ]
    changed = await insert_rows(session, Standing, _COLUMNS, rows, _LATEST) if rows else []
    return frozenset(subject for (subject,) in changed)


async def find_standings(session: WriteSession, subjects: Collection[bytes]) -> Standings:
    """What holds of these posts and accounts."""
    found: dict[bytes, dict[StandingKind, datetime]] = {}
    for subject, kind, told_at in await run(session, _HOLDING, list(subjects)) if subjects else []:
        found.setdefault(subject, {})[StandingKind(kind)] = told_at
    return Standings(found)


@dataclass(frozen=True, slots=True)
class Spreading:
    """An account's standing that has not reached all its engagements. `reached` is the last one."""

    subject: bytes
    kind: StandingKind
    reached: UUID | None


async def claim_spreading(session: WriteSession) -> Spreading | None:
    """The oldest that is under way, locked; those that others hold are passed over."""
    rows = await run(session, _SPREADING)
    claims = (Spreading(subject, StandingKind(kind), reached) for subject, kind, reached in rows)
    return next(claims, None)


async def note_spread(session: WriteSession, claim: Spreading, reached: UUID | None) -> None:
    """Note how far it has come; None: to the end."""
    await run(session, _SPREAD, claim.subject, claim.kind.value, reached is not None, reached)
