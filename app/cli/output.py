"""Telling: results go to standard output, everything else to standard error."""

import sys


def say(text: str) -> None:
    """Tell whoever watches. Standard error, so that a result can be piped; written at once."""
    print(text, file=sys.stderr, flush=True)


def answer(text: str) -> None:
    """The result of a command, on standard output; written at once."""
    print(text, flush=True)
