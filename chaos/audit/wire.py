"""The record by itself: is this how a charging station speaks?"""

from __future__ import annotations

import json
from collections.abc import Iterator

from chaos.audit.evidence import CALL, Evidence, Said, Violation, at

SLACK = 0.5  # seconds by which a timeout may seem short: clocks are read after the fact


def one_link(evidence: Evidence) -> Iterator[Violation]:
    """Once the station has spoken on a newer connection, the older ones are silent."""
    newest = 0
    for said in evidence.said:
        if not said.by_station:
            continue
        if said.link < newest:
            yield evidence.violation("two links", f"{at(said)}, after link {newest} had spoken")
        newest = max(newest, said.link)


def ids_used_once(evidence: Evidence) -> Iterator[Violation]:
    """A message id is never given to another Call."""
    known: dict[str, Said] = {}
    for call in evidence.calls:
        first = known.setdefault(call.uid, call)
        if first.text != call.text:
            yield evidence.violation("message id reused", f"{at(first)} and {at(call)}")


def one_call(evidence: Evidence) -> Iterator[Violation]:
    """OCPP-J 1.6, 4.1.1: no Call before the one before it was answered or has timed out."""
    written = {row.text: row.time for row in evidence.log if row.direction == "sent"}
    pending: dict[int, Said] = {}
    for said in evidence.said:
        before = pending.get(said.link)
        if not said.by_station:
            if before is not None and said.kind != CALL and said.uid == before.uid:
                del pending[said.link]
        elif said.kind == CALL:
            if before is not None:
                # By the station's own clock where the log has it: the network may bunch frames.
                waited = said.mono - before.mono
                if said.text in written and before.text in written:
                    waited = max(waited, written[said.text] - written[before.text])
                if waited < evidence.call_timeout - SLACK:
                    what = f"{waited:.2f} s after {at(before)} came {at(said)}"
                    yield evidence.violation("two Calls at once", what)
            pending[said.link] = said


def sequence_numbers(evidence: Evidence) -> Iterator[Violation]:
    """2.0.1 E01.FR.07: seqNo rises by one from 0; a repeat says the same again.

    Started has the lowest number and Ended the highest.
    """
    events: dict[str, dict[int, Said]] = {}
    for call in evidence.calls:
        if call.action != "TransactionEvent":
            continue
        identity, number = call.payload["transactionInfo"]["transactionId"], call.payload["seqNo"]
        known = events.setdefault(identity, {})
        first = known.setdefault(number, call)
        if _content(first.payload) != _content(call.payload):
            what = f"{identity} has two events {number}: {at(first)} and {at(call)}"
            yield evidence.violation("seqNo reused", what)
    for identity, known in events.items():
        missing = sorted(set(range(max(known) + 1)) - set(known))
        if missing:
            where = at(known[max(known)])
            what = f"{identity} lacks {missing[:10]} of {max(known) + 1} events, up to {where}"
            yield evidence.violation("seqNo gap", what)
        for number, call in known.items():
            kind, last = call.payload["eventType"], max(known)
            if (kind == "Started") is not (number == 0):
                yield evidence.violation("seqNo gap", f"{identity}: {kind} is {number}: {at(call)}")
            elif kind == "Ended" and number != last:
                what = f"{identity} goes on to {last} after its end: {at(call)}"
                yield evidence.violation("seqNo gap", what)


def _content(payload: dict) -> str:
    return json.dumps(payload, sort_keys=True)
