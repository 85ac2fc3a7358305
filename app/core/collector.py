"""Python's garbage collector, told what kind of process this is."""

import gc

YOUNG_OBJECTS = 20_000
"""How many more objects than went away must have been made before the young are looked through."""


def calm_collector() -> None:
    """For a process that is ready to work: what it holds now stays, and is not looked through.

    What requests make goes by itself when they end; looking through all that was imported, again
    and again, takes tens of milliseconds each time, in the midst of them.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, 20, 20)
