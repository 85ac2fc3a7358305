"""When to kill, by a seed: one that fails is said, and repeats the run."""

import os
from dataclasses import dataclass
from random import Random

SEED = "HASHCART_FAULT_SEED"
SCALE = "HASHCART_TEST_SCALE"
"""The variables that repeat a run: one that fails says them."""

LAG_SECONDS_MAX = 0.1
"""How long after the moment of its plan a kill may come: within a batch, not between two."""


@dataclass(frozen=True)
class Kill:
    """When to kill: after that share of the work, and a little later."""

    share: float
    lag_seconds: float
    with_sessions: bool
    """Whether PostgreSQL's sessions are killed too, or only told by the end of their server."""


def planned(random: Random, kills_max: int) -> list[Kill]:
    """One or more kills while the replies come in."""
    kills = [
        Kill(random.uniform(0.02, 0.9), random.uniform(0, LAG_SECONDS_MAX), random.random() < 0.5)
        for _ in range(random.randint(1, kills_max))
    ]
    return sorted(kills, key=lambda kill: kill.share)


def chosen_seed() -> int:
    """The seed that was asked for, else a random one."""
    return int(os.environ.get(SEED, 0)) or Random().randrange(1, 2**32)
