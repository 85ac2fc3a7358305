"""The corpus's world for these tests."""

from tests.walk import world

__all__ = ["world"]
