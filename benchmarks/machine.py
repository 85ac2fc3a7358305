"""The machine under the measurements: which cores, how much CPU a process used, what it is."""

import os
import platform
import time
from dataclasses import dataclass
from pathlib import Path

import asyncpg

PROCESSES = Path("/proc")
NANOSECONDS = 1e9


@dataclass(frozen=True)
class Cores:
    """`server` is for the one server process that is measured, `rest` for all that serves it.

    On a machine with one core they are the same, and ratios of requests per second mean little.
    """

    server: frozenset[int]
    rest: frozenset[int]

    @property
    def both(self) -> frozenset[int]:
        """The cores of everything together: two, where there are two."""
        return self.server | self.rest


def choose_cores() -> Cores:
    """The first two cores that this process may use."""
    allowed = sorted(os.sched_getaffinity(0))
    return Cores(frozenset(allowed[:1]), frozenset(allowed[1:2] or allowed[:1]))


def cpu_seconds(pid: int) -> float:
    """CPU time of a process and all below it, those that ended and were awaited included."""
    return sum(_cpu_seconds(each) for each in _tree(pid))


def _cpu_seconds(pid: int) -> float:
    """Running threads to the nanosecond; ended children by the clock tick, usually 10 ms."""
    try:
        fields = (PROCESSES / f"{pid}/stat").read_text().rpartition(")")[2].split()
        ended = (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")
        threads = list((PROCESSES / f"{pid}/task").glob("*/schedstat"))
        if not threads:
            return ended + (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return ended + sum(int(each.read_text().split()[0]) for each in threads) / NANOSECONDS
    except (OSError, IndexError):
        return 0.0  # it ended just now: then its parent counts it


def _tree(pid: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for folder in PROCESSES.iterdir():
        if not folder.name.isdigit():
            continue
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            continue
        children.setdefault(parent, []).append(int(folder.name))
    found = [pid]
    for each in found:  # grows while it is walked
        found.extend(children.get(each, ()))
    return found


def python_speed() -> float:
    """Milliseconds of CPU that a million turns of a plain loop take now.

    It tells how fast this machine is at the moment, with all that else runs on it.
    """
    began, total = time.process_time(), 0
    for number in range(1_000_000):
        total += number
    return (time.process_time() - began) * 1000


async def describe(database_url: str, cores: Cores) -> dict[str, str]:
    """What to print beside figures so that they can be judged; nothing that names the machine."""
    connection = await asyncpg.connect(database_url)
    try:
        version = await connection.fetchval("SHOW server_version")
    finally:
        await connection.close()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor": _processor(),
        "cores": f"{os.cpu_count()}, of which {len(cores.both)} are used",
        "memory": f"{memory:.0f} GiB",
        "system": f"{platform.system()} {platform.release().partition('-')[0]}",
        "python": platform.python_version(),
        "postgresql": str(version).partition(" ")[0],
        "load before": f"{os.getloadavg()[0]:.1f}",
    }


def _processor() -> str:
    try:
        lines = (PROCESSES / "cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2] for line in lines if line.startswith("model name"))
    return next(named, platform.machine()).strip()
