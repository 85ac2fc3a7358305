"""Why a tweet cannot be registered or changed as asked."""

from dataclasses import dataclass
from uuid import UUID

from app.tweets.states import TweetStatus


@dataclass(frozen=True, kw_only=True)
class TweetNotFound:
    """The brand has no tweet with this id."""

    tweet_id: UUID

    @property
    def message(self) -> str:
        """What to tell, with the remedy."""
        return "The brand has no such tweet; take an id from `shoppableTweets`."


@dataclass(frozen=True, kw_only=True)
class TweetKnown:
    """The post is registered already, by this or another id of its edit chain."""

    tweet_id: UUID

    @property
    def message(self) -> str:
        """What to tell, with the remedy."""
        return "This post is registered already; change the tweet that it is."


@dataclass(frozen=True, kw_only=True)
class TweetNotOnX:
    """The post was deleted, or X withholds it, so nobody can answer it."""

    tweet_id: UUID
    status: TweetStatus

    @property
    def message(self) -> str:
        """What to tell, with the remedy."""
        return f"The tweet is {self.status.value.lower()} on X; register another post in its place."


@dataclass(frozen=True, kw_only=True)
class BadTweet:
    """A value that no tweet can have. `reason` says which and what would do."""

    reason: str

    @property
    def message(self) -> str:
        """What to tell, with the remedy."""
        return self.reason
