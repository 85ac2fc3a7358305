"""How often somebody may begin to sign in: bounded by address and in all, in this process."""

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address

WINDOW = timedelta(minutes=1)
ADDRESSES_MAX = 10_000
IPV6_PREFIX_BITS = 64
"""One household has a whole /64: its addresses count as one."""


@dataclass
class Throttle:
    """Counts what was admitted within the last minute. Memory is bounded by `ADDRESSES_MAX`."""

    each_max: int = 20
    all_max: int = 600
    _each: OrderedDict[str, deque[datetime]] = field(default_factory=OrderedDict)
    _all: deque[datetime] = field(default_factory=deque)

    def admits(self, address: str, now: datetime) -> bool:
        """Whether one more from *address* may begin now; if so it is counted."""
        key = _household(address)
        mine = self._each.setdefault(key, deque())
        self._each.move_to_end(key)
        while len(self._each) > ADDRESSES_MAX:
            self._each.popitem(last=False)
        for seen in (mine, self._all):
            while seen and seen[0] <= now - WINDOW:
                seen.popleft()
        if len(mine) >= self.each_max or len(self._all) >= self.all_max:
            return False
        mine.append(now)
        self._all.append(now)
        return True


def _household(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        return str(int(parsed) >> (128 - IPV6_PREFIX_BITS))
    return str(parsed)
