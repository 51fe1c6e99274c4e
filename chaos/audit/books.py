"""All checks over all stations, and the counts that go with them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chaos import fleet
from chaos.audit import log, sessions, wire
from chaos.audit.evidence import CALL, Evidence, Logged, Violation
from chaos.record import CLOSED, OPENED, SENT, TOLD, read
from messaging.keeping import frames
from messaging.keeping.bundles import series_of, updates_in

CHECKS: tuple[Callable[[Evidence], Iterator[Violation]], ...] = (
    log.in_log_once, log.in_order, log.numbered_once,
    wire.one_link, wire.ids_used_once, wire.one_call, wire.sequence_numbers,
    sessions.registers_rise, sessions.alike, sessions.in_state, sessions.kept_promises,
)  # fmt: skip
MOST_LISTED = 20  # violations of one check


@dataclass
class Books:
    """`violations` are the first of each check, `found` counts all of them."""

    counts: Counter[str] = field(default_factory=Counter)
    actions: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    violations: list[Violation] = field(default_factory=list)

    def add(self, violations: Iterable[Violation]) -> None:
        for violation in violations:
            self.found[violation.check] += 1
            if self.found[violation.check] <= MOST_LISTED:
                self.violations.append(violation)

    def examine(self, evidence: Evidence) -> None:
        for check in CHECKS:
            self.add(check(evidence))
        kinds = Counter(seen.kind for seen in evidence.seen)
        known = sessions.sessions(evidence)
        self.counts.update({
            "stations": 1,
            "connections": kinds[OPENED],
            "connections closed": kinds[CLOSED],
            "frames from stations": kinds[SENT],
            "frames to stations": kinds[TOLD],
            "records in the log": len(evidence.log),
            "transactions begun": len(known),
            "transactions ended": sum(one.ended is not None for one in known.values()),
            "meter readings in them": sum(len(one.readings) for one in known.values()),
            "documents in transactions": len(evidence.sessions),
        })  # fmt: skip
        self.actions.update(
            f"{one.action}{'' if one.by_station else ' (of the CSMS)'}"
            for one in evidence.said if one.kind == CALL
        )  # fmt: skip


def gather(
    directory: Path, database: Any, name: str, state: dict | None, lost: list[str]
) -> Evidence:
    """What there is of one station."""
    rows = frames.documents(database, {"station": name})
    logged = [
        Logged(
            row["_id"], row["run"], row["seq"], row["direction"], row["time"].timestamp(),
            row["text"],
        )
        for row in rows
    ]  # fmt: skip
    kept = list(database["transactions"].find({"station": name}))
    rows, told = defaultdict(list), defaultdict(list)
    for row in database["transaction_samples"].find({"session": {"$in": [k["_id"] for k in kept]}}):
        rows[row["session"]].append(row)
    for update in updates_in(database["transaction_news"].find(), [k["_id"] for k in kept]):
        told[update["id"]].append(update)
    samples = {k["_id"]: series_of(k, rows[k["_id"]], told[k["_id"]]) for k in kept}
    return Evidence(
        name, fleet.version_of(name), list(read(directory, name)),
        sorted(logged, key=lambda row: row.id), kept, samples, state, fleet.CALL_TIMEOUT, lost,
    )  # fmt: skip
