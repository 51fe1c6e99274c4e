"""Why a station is sick, in words, and how sick: for the list of those that want a look."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from messaging.keeping.tallies import NO_ANSWER
from runtime.words import counted

RECENT = 3600.0  # seconds; what the CSMS got wrong before is over
_NONE: Mapping[str, int] = {}


class Reason(NamedTuple):
    """weight: the higher, the sooner it wants a look."""

    weight: int
    text: str


def reasons(
    label: str, held_back: str, snapshot: Mapping[str, Any], failures: Mapping[str, int], now: float
) -> list[Reason]:
    """The heaviest first; none for a station that is well or is not to run.

    label     a key of stations.state.live.LABELS
    snapshot  as stations.state.census reads it, {} where there is none
    failures  {code: how many} in the last minutes, see messaging.keeping.tallies.code_of
    """
    if label in ("disabled", "stopped"):
        return []
    found = [*_of_state(label, held_back, snapshot), *_of_faults(snapshot)]
    found += [*_of_messages(failures), *_of_breaches(snapshot, now)]
    return sorted(found, key=lambda reason: -reason.weight)


def _of_state(label: str, held_back: str, snapshot: Mapping[str, Any]) -> Iterator[Reason]:
    if label == "held back":
        yield Reason(100, f"Held back: {held_back}")
        return
    if not snapshot:
        yield Reason(55, "No worker has started it")
    elif not snapshot.get("connected"):
        error = (snapshot.get("link") or {}).get("error")
        yield Reason(80, f"Not connected: {error}") if error else Reason(50, "Not connected yet")
    elif snapshot.get("registration") != "Accepted":
        why = snapshot.get("trouble") or "BootNotification has no answer yet"
        yield Reason(70, f"Not in service: {why}")


def _of_faults(snapshot: Mapping[str, Any]) -> Iterator[Reason]:
    faulted = [
        f"{outlet.get('id')} ({outlet['error']})" if outlet.get("error") else str(outlet.get("id"))
        for outlet in snapshot.get("connectors") or ()
        if outlet.get("status") == "Faulted"
    ]
    if faulted:
        noun = "Connector" if len(faulted) == 1 else "Connectors"
        yield Reason(60, f"{noun} faulted: {', '.join(faulted[:5])}")


def _of_messages(failures: Mapping[str, int]) -> Iterator[Reason]:
    if count := failures.get(NO_ANSWER, 0):
        yield Reason(30 + min(count, 15), f"{counted(count, 'Call')} without an answer")
    errors = {
        code.removeprefix("received "): count
        for code, count in failures.items()
        if code.startswith("received ")
    }
    if errors:
        code = max(errors, key=lambda name: errors[name])
        count = sum(errors.values())
        yield Reason(25 + min(count, 15), f"{counted(count, 'CallError')} of the CSMS: {code}")


def _of_breaches(snapshot: Mapping[str, Any], now: float) -> Iterator[Reason]:
    recent = [one for one in snapshot.get("breaches") or () if now - one["last"] < RECENT]
    if recent:
        count, newest = sum(one["count"] for one in recent), recent[0]
        yield Reason(
            20 + min(count, 15),
            f"The CSMS broke the specification {counted(count, 'time')}, "
            f"last in {newest['action']} ({newest['kind']}): {newest['what']}",
        )
