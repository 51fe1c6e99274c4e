"""What whole process trees cost: CPU with all that has ended in them, memory that is theirs."""

from __future__ import annotations

from dataclasses import dataclass

import psutil

# Words of a command line -> the part of the platform that it is; the first that fits counts.
PARTS = {
    "runchargepoints": "worker",
    "runscenarios": "runner",
    "daphne": "web",
    "flower": "flower",
    "beat": "beat",
    "celery": "celery",
    "redis": "redis",
    "secantus": "mongo",
    "mongo": "mongo",
    "democsms": "demo CSMS",
    "fork_server": "fork server",
}


@dataclass(frozen=True)
class Cost:
    """Of one tree. `cpu`: seconds, user and system, so far."""

    cpu: float = 0.0
    uss: int = 0  # bytes that would be free if it ended
    pss: int = 0  # the same with its share of what several processes map

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.cpu + other.cpu, self.uss + other.uss, self.pss + other.pss)

    def __sub__(self, other: Cost) -> Cost:
        return Cost(self.cpu - other.cpu, self.uss - other.uss, self.pss - other.pss)


def cost_of(pid: int, memory: bool = False) -> Cost:
    """Of this process and all below it; what has ended there counts with who waited for it."""
    try:
        leader = psutil.Process(pid)
        family = [leader, *leader.children(recursive=True)]
    except psutil.NoSuchProcess:
        return Cost()
    return sum((_cost(process, memory) for process in family), Cost())


def platform_parts(pid: int) -> dict[str, list[int]]:
    """Of `manage.py up`: its parts' leaders by name; "supervisor" is the process itself alone."""
    parts: dict[str, list[int]] = {}
    for child in psutil.Process(pid).children():
        try:
            words = " ".join(child.cmdline())
        except psutil.NoSuchProcess:
            continue
        name = next((part for word, part in PARTS.items() if word in words), "other")
        parts.setdefault(name, []).append(child.pid)
    return parts


def platform_costs(pid: int, memory: bool = False) -> dict[str, Cost]:
    """By part, the supervisor with whatever has ended below it."""
    costs = {
        name: sum((cost_of(leader, memory) for leader in leaders), Cost())
        for name, leaders in platform_parts(pid).items()
    }
    return {"supervisor": _cost(psutil.Process(pid), memory)} | costs


def _cost(process: psutil.Process, memory: bool) -> Cost:
    try:
        times = process.cpu_times()
        if not memory:
            return Cost(sum(times[:4]))
        sizes = process.memory_full_info()
        return Cost(sum(times[:4]), sizes.uss, sizes.pss)
    except psutil.Error:
        return Cost()
