"""The figures as columns for the charts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from pymongo.database import Database

from emulator.dashboard import figures
from messaging.keeping.tallies import added, percentile
from stations.state.live import LABELS

MOST_ACTIONS = 40


class Range(NamedTuple):
    """What a chart may be asked for."""

    label: str
    seconds: int
    level: figures.Level


RANGES = {
    "15m": Range("15 min", 900, figures.MINUTES),
    "1h": Range("1 h", 3600, figures.MINUTES),
    "6h": Range("6 h", 6 * 3600, figures.MINUTES),
    "24h": Range("24 h", figures.DAY, figures.TENS),
    "7d": Range("7 days", 7 * figures.DAY, figures.HOURS),
    "30d": Range("30 days", 30 * figures.DAY, figures.HOURS),
}


def read(db: Database, name: str, now: float) -> dict[str, Any]:
    """The columns of a range; parts as the rights of viewers divide them.

    t         unix seconds of the middle of each document's time
    stations  states {label: [...]}, power_w, energy_wh
    platform  queues {name: [...]}, log_lag, sync_lag
    messages  sent, received and errors a second; p50 and p95 in ms of all answers; actions: a row
              for each action over the whole range
    """
    chosen = RANGES[name]
    made = figures.between(db, chosen.level, now - chosen.seconds, now + 60)
    return {
        "range": name,
        "seconds": chosen.seconds,
        "step": chosen.level.seconds,
        "t": [_middle(row, chosen.level) for row in made],
        "stations": _stations([row.get("fleet") or {} for row in made]),
        "platform": _platform([row.get("platform") or {} for row in made]),
        "messages": _messages(made, chosen.level, now),
    }


def _middle(row: dict[str, Any], level: figures.Level) -> float:
    return row["_id"] * level.seconds + level.seconds / 2


def _stations(samples: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "states": {
            label: [s["states"].get(label, 0) if "states" in s else None for s in samples]
            for label in LABELS
        },
        "power_w": _column(samples, "power_w"),
        "energy_wh": _column(samples, "energy_wh"),
    }


def _platform(samples: list[dict[str, Any]]) -> dict[str, Any]:
    names = sorted({name for sample in samples for name in sample.get("queues", ())})
    return {
        "queues": {n: [s.get("queues", {}).get(n) for s in samples] for n in names},
        "log_lag": _column(samples, "log_lag"),
        "sync_lag": _column(samples, "sync_lag"),
    }


def _messages(made: list[dict[str, Any]], level: figures.Level, now: float) -> dict[str, Any]:
    rates = {name: [_rate(row, name, level, now) for row in made]
             for name in ("sent", "received", "errors")}  # fmt: skip
    answers = [_all(row.get("latencies", {})) for row in made]
    return {
        **rates,
        "p50": [percentile(buckets, 0.5) for buckets in answers],
        "p95": [percentile(buckets, 0.95) for buckets in answers],
        "actions": actions(row.get("latencies", {}) for row in made),
    }


def _rate(row: dict[str, Any], name: str, level: figures.Level, now: float) -> float | None:
    """A second; None for the minute that is not over, of which not all is stored."""
    start = row["_id"] * level.seconds
    if level is figures.MINUTES and start + level.seconds > now:
        return None
    seconds = row.get("seconds", level.seconds)
    return round((row.get("messages") or {}).get(name, 0) / seconds, 3)


def _all(latencies: dict[str, dict[str, int]]) -> dict[str, int]:
    """The buckets of every action together."""
    return added(*({"": buckets} for buckets in latencies.values())).get("", {})


def actions(parts: Iterable[dict[str, dict[str, int]]]) -> list[dict[str, Any]]:
    """How soon the CSMS answers, a row an action, the most frequent first: p50 and p95 in ms."""
    rows = [
        {
            "action": action,
            "answers": sum(buckets.values()),
            "p50": percentile(buckets, 0.5),
            "p95": percentile(buckets, 0.95),
        }
        for action, buckets in added(*parts).items()
    ]
    return sorted(rows, key=lambda row: (-row["answers"], row["action"]))[:MOST_ACTIONS]


def _column(samples: list[dict[str, Any]], name: str) -> list[Any]:
    return [sample.get(name) for sample in samples]
