"""The log against the CSMS's record: everything once, and in order."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from chaos.audit.evidence import Evidence, Logged, Violation, at
from chaos.record import SENT, TOLD


def in_log_once(evidence: Evidence) -> Iterator[Violation]:
    """Each frame that the CSMS got stands in the log once; of what it sent none stands there twice.

    What the station sent but never arrived may be there too, once.
    """
    seen = Counter(frame.text for frame in evidence.seen if frame.kind == SENT)
    told = Counter(frame.text for frame in evidence.seen if frame.kind == TOLD)
    sent = Counter(row.text for row in evidence.log if row.direction == "sent")
    received = Counter(row.text for row in evidence.log if row.direction == "received")
    for frame in evidence.seen:
        if frame.kind == SENT and frame.text not in sent:
            what = f"not in the log: link {frame.link} at {frame.wall:.3f}: {frame.text[:160]}"
            yield evidence.violation("missing from the log", what)
    for text, count in sent.items():
        if text in seen and count < seen[text]:
            what = f"{count} times in the log, seen {seen[text]} times: {text[:160]}"
            yield evidence.violation("missing from the log", what)
        if count > max(1, seen[text]):
            what = f"{count} times in the log, seen {seen[text]} times: {text[:160]}"
            yield evidence.violation("twice in the log", what)
    for text, count in received.items():
        if count > told[text]:
            what = f"{count} times in the log as received, sent {told[text]} times: {text[:160]}"
            yield evidence.violation("twice in the log", what)


def in_order(evidence: Evidence) -> Iterator[Violation]:
    """In the order of (run, seq) the log is what came and went, on each connection and over all."""
    for kind, direction in ((SENT, "sent"), (TOLD, "received")):
        places: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for row in sorted(evidence.log, key=_number):
            if row.direction == direction:
                places[row.text].append(_number(row))
        highest: tuple[int, int] = (-1, -1)
        for said in evidence.said:
            if said.by_station is not (kind == SENT) or not places[said.text]:
                continue
            place = places[said.text].pop(0)
            if place < highest:
                what = f"(run, seq) {place} after {highest}: {at(said)}"
                yield evidence.violation("order of the log", what)
            highest = max(highest, place)


def numbered_once(evidence: Evidence) -> Iterator[Violation]:
    """(run, seq) is given to one record; within a run the ids rise with it."""
    by_number: dict[tuple[int, int], list[Logged]] = defaultdict(list)
    for row in evidence.log:
        by_number[_number(row)].append(row)
    for number, rows in by_number.items():
        if len(rows) > 1:
            texts = " | ".join(row.text[:80] for row in rows)
            what = f"{number} at {rows[0].time:.3f} is {len(rows)} records: {texts}"
            yield evidence.violation("(run, seq) repeated", what)
    last: Logged | None = None
    for number in sorted(by_number):
        row = by_number[number][0]
        if last is not None and last.run == row.run and row.id <= last.id:
            yield evidence.violation("order of the log", f"id {row.id} of {number} after {last.id}")
        last = row


def _number(row: Logged) -> tuple[int, int]:
    return row.run, row.seq
