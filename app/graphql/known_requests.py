"""Requests met before, found by the bytes of their bodies.

A page that is looked at again sends the same text with the same variables. What was made of them,
the coerced variables and the compiled operation, depends on nobody who asks, so it is kept; scopes,
cursors and pages are checked at every run all the same. A request stays as long as its plan does,
which is kept by its document.
"""

import weakref
from collections import OrderedDict
from typing import NamedTuple

from graphql.execution.values import VariableValues

from app.graphql.reads.execute import CompiledOperation

BYTES_KEPT = 2 * 1024 * 1024
"""Of all bodies together. Decoded and coerced a body takes up to twenty times its length."""
BODY_BYTES_KEPT_MAX = 16 * 1024
REQUESTS_KEPT = 4_096


class _Kept(NamedTuple):
    compiled: "weakref.ref[CompiledOperation]"
    variables: VariableValues


class KnownRequests:
    """The cache; the least recently used leave first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, _Kept] = OrderedDict()
        self._bytes = 0

    def find(self, body: bytes) -> tuple[CompiledOperation, VariableValues] | None:
        """What was made of the request, if it is known and its plan is still there."""
        kept = self._kept.get(body)
        compiled = None if kept is None else kept.compiled()
        if kept is None or compiled is None:
            return None
        self._kept.move_to_end(body)
        return compiled, kept.variables

    def keep(self, body: bytes, compiled: CompiledOperation, variables: VariableValues) -> None:
        """Remember what was made of a request."""
        if len(body) > BODY_BYTES_KEPT_MAX:
            return
        if self._kept.pop(body, None) is None:
            self._bytes += len(body)
        self._kept[body] = _Kept(weakref.ref(compiled), variables)
        while self._bytes > BYTES_KEPT or len(self._kept) > REQUESTS_KEPT:
            left, _ = self._kept.popitem(last=False)
            self._bytes -= len(left)
