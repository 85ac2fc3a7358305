"""Why a brand cannot be made as asked."""

from dataclasses import dataclass


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
