"""Which fault comes when: from the seed alone."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

PROCESSES = (
    "worker", "celery", "celery-child", "beat", "scenarios", "web", "redis", "mongo",
)  # fmt: skip
LINKS = ("csms", "redis", "mongo")
FREEZE = (5.0, 60.0)  # seconds
OUTAGE = (5.0, 30.0)
DOWN = (1.0, 6.0)  # until a dead process is started again
AT_ONCE = "all-at-once"
MOST_AT_ONCE = 5
SPREAD = 20.0  # seconds over which what comes at once begins

KINDS: dict[str, tuple[float, float]] = {
    **{f"kill:{name}": DOWN for name in PROCESSES},
    **{f"term:{name}": DOWN for name in PROCESSES},
    **{f"freeze:{name}": FREEZE for name in PROCESSES},
    "empty:redis": DOWN,
    **{f"csms:{how}": OUTAGE for how in ("silent", "closing", "refusing", "away")},
    **{f"cut:{link}:{how}": OUTAGE for link in LINKS for how in ("black-hole", "half-open")},
    **{f"cut:{link}:reset": DOWN for link in LINKS},
    "disk:full": OUTAGE,
    "clock:ahead": OUTAGE,
    "clock:behind": OUTAGE,
}
# What cannot go together: two faults of one of these words are never on at the same time.
SINGLE = ("csms", "redis", "mongo", "clock", "disk", "celery", "worker", "beat", "scenarios", "web")


@dataclass(frozen=True)
class Planned:
    """One fault: `at` seconds after its round begins, for so many seconds.

    `pick`: which of several alike (workers, children) it hits, taken modulo their number.
    """

    kind: str
    seconds: float
    at: float = 0.0
    pick: int = 0

    def __str__(self) -> str:
        return f"{self.kind} {self.seconds:.0f} s" + (f" after {self.at:.0f} s" if self.at else "")


@dataclass(frozen=True)
class Round:
    """What is on until the platform is left to recover. `name`: under which that is measured."""

    name: str
    faults: tuple[Planned, ...]
    workers: int

    def __str__(self) -> str:
        inner = ", ".join(map(str, self.faults))
        return f"{self.workers} worker{'s' * (self.workers > 1)}: " + (
            inner if len(self.faults) == 1 else f"{self.name} ({inner})"
        )


def subject(kind: str) -> str:
    """The word of SINGLE that a kind is about."""
    return next(word for word in SINGLE if word in kind.replace("celery-child", "celery"))


def laps(
    seed: int, workers: tuple[int, ...], kinds: tuple[str, ...] = (), longest: float = FREEZE[1]
) -> Iterator[list[Round]]:
    """Lap after lap without an end: every kind once, in an order of its own, then all at once.

    The number of workers changes from lap to lap. `longest`: seconds that a fault may last.
    """
    chance = random.Random(seed)
    lap = 0
    while True:
        number = workers[lap % len(workers)]
        order = list(kinds or (*KINDS, AT_ONCE))
        if not kinds:
            chance.shuffle(order)
        yield [_round(kind, number, chance, longest) for kind in order]
        lap += 1


def _round(kind: str, workers: int, chance: random.Random, longest: float) -> Round:
    if kind != AT_ONCE:
        return Round(kind, (_planned(kind, chance, longest, 0.0),), workers)
    chosen: dict[str, str] = {}
    while len(chosen) < MOST_AT_ONCE:
        one = chance.choice(list(KINDS))
        chosen.setdefault(subject(one), one)
    spread = min(SPREAD, longest)
    faults = [_planned(one, chance, longest, chance.uniform(0, spread)) for one in chosen.values()]
    return Round(AT_ONCE, tuple(sorted(faults, key=lambda fault: fault.at)), workers)


def _planned(kind: str, chance: random.Random, longest: float, at: float) -> Planned:
    low, high = KINDS[kind]
    seconds = chance.uniform(min(low, longest), min(high, longest))
    return Planned(kind, round(seconds, 1), round(at, 1), chance.randrange(1000))
