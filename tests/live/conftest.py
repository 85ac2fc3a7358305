"""A server for these tests."""

from tests.http.fixtures import brand, running

__all__ = ["brand", "running"]
