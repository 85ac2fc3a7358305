"""Why a brand cannot be made or changed as asked."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, kw_only=True)
class SlugTaken:
    """Another brand has this slug; slugs name brands in commands and addresses."""

    slug: str

    @property
    def message(self) -> str:
        """What to tell, with the remedy."""
        return f"There is a brand with the slug {self.slug} already; choose another."


@dataclass(frozen=True, kw_only=True)
class XAccountTaken:
    """The X account belongs to another brand, or is the service's own bot."""

    x_user_id: int

    @property
    def message(self) -> str:
        """What to tell, with the remedy."""
        return (
            f"The X account {self.x_user_id} belongs to another brand or to the bot; "
            "one account speaks for one brand."
        )


@dataclass(frozen=True, kw_only=True)
class BadBrand:
    """A value that no brand can have. `reason` says which and what would do."""

    reason: str

    @property
    def message(self) -> str:
        """What to tell, with the remedy."""
        return self.reason


@dataclass(frozen=True, kw_only=True)
class TriggerNotFound:
    """The brand has no such trigger."""

    message: str = "The brand has no trigger with this id; `brand { triggers }` lists them."


@dataclass(frozen=True, kw_only=True)
class TriggerTaken:
    """The brand has a trigger that is the same hashtag; letter case makes no difference."""

    tag: str
    trigger_id: UUID

    @property
    def message(self) -> str:
        """What to tell, with the remedy."""
        return f"#{self.tag} is a trigger of the brand already; change that one."


@dataclass(frozen=True, kw_only=True)
class BadTrigger:
    """No trigger can be like this, or the brand has too many or would have none."""

    reason: str

    @property
    def message(self) -> str:
        """What to tell, with the remedy."""
        return self.reason


@dataclass(frozen=True, kw_only=True)
class BadMarketplace:
    """A marketplace cannot be served as asked. `reason` says why and what would do."""

    reason: str

    @property
    def message(self) -> str:
        """What to tell, with the remedy."""
        return self.reason
