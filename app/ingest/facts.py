"""What the trigger decision looks at, gathered beforehand for a whole batch. No I/O here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from app.brands.states import BrandStatus, ResolveDepth, TriggerAction
from app.tweets.facts import TweetFacts


@dataclass(frozen=True, slots=True)
class TriggerFacts:
    """A hashtag that asks for a cart, in the brand's own spelling."""

    tag: str
    marketplace: str
    action: TriggerAction


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandFacts:
    """A brand's own rules. Triggers are keyed by their folded tag, retailers by marketplace."""

    id: UUID
    x_user_id: int
    status: BrandStatus
    accept_quotes: bool
    auto_register: bool
    resolve_depth: ResolveDepth
    grant_revoked: bool
    triggers: Mapping[str, TriggerFacts]
    retailers: Mapping[str, str]

    @property
    def is_open(self) -> bool:
        """Whether the brand takes part: nothing is made of posts to a brand that does not."""
        return self.status is BrandStatus.ACTIVE and not self.grant_revoked


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """Everything that a batch of deliveries may refer to.

    `tweets` are registered tweets by any id of their edit chains: a post may be registered by
    several brands. `suppressed` are the X user ids of those who opted out or were erased, `lookups`
    the keyed hashes of everybody whose doing the batch is.
    """

    brands: Mapping[UUID, BrandFacts]
    brand_of_account: Mapping[int, UUID]
    bots: frozenset[int]
    tweets: Mapping[int, Sequence[TweetFacts]]
    suppressed: frozenset[int]
    lookups: Mapping[int, bytes]
