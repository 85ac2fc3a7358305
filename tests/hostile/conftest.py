"""A server in this process, for requests that are looked at closely."""

from tests.http.fixtures import brand, running

__all__ = ["brand", "running"]
