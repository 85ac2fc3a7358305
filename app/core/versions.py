"""Optimistic concurrency: what people edit has a version, and an edit may say which one it saw."""

from dataclasses import dataclass

FIRST_VERSION = 1
NOT_THERE = 0
"""The version of what does not exist yet, where one mutation both makes and changes."""


@dataclass(frozen=True, kw_only=True)
class VersionConflict:
    """Somebody else edited it since it was read."""

    expected_version: int
    current_version: int

    @property
    def message(self) -> str:
        """What to tell, with the remedy."""
        return (
            f"It was edited since: you saw version {self.expected_version}, it is at version "
            f"{self.current_version} now. Read it again, decide anew, and send that version; "
            "or leave `expectedVersion` out to overwrite what the other one did."
        )


def why_stale(expected: int | None, current: int) -> VersionConflict | None:
    """The reason why an edit of version *expected* may not be made; None expects nothing.

    *current* must have been read from a row that is held until the edit commits.
    """
    if expected is None or expected == current:
        return None
    return VersionConflict(expected_version=expected, current_version=current)
