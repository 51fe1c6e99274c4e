"""Draws the transition table for the docs.

`python -m chargepoint.hardware.diagram > docs/reference/connector-states.md`; a test holds the two
in step.
"""

from collections.abc import Iterable

from chargepoint.hardware.states import (
    CHARGING_STATE_201,
    FAULTED_STATES,
    STATUS_16,
    STATUS_201,
    TRANSITIONS,
    Event,
    State,
)

_HEAD = """\
# The states of a connector

Made from the table in `chargepoint/hardware/states.py` by
`python -m chargepoint.hardware.diagram > docs/reference/connector-states.md`. Do not edit by hand.
A pair of state and event that is not here is refused and changes nothing.
"""


def table(rows: Iterable[tuple[State, Event, State]]) -> str:
    """A table of transitions, by state; events between the same two states share a row."""
    arrows: dict[tuple[State, State], list[str]] = {}
    for state, event, target in rows:
        arrows.setdefault((state, target), []).append(event.name.lower())
    lines = [
        f"| {a.name} | {', '.join(events)} | {b.name} |"
        for (a, b), events in sorted(arrows.items(), key=lambda row: row[0][0].name)
    ]
    return "\n".join(["| state | event | next state |", "| --- | --- | --- |", *lines])


def page() -> str:
    """The whole of docs/reference/connector-states.md."""
    rows = [(state, event, target) for (state, event), target in TRANSITIONS.items()]
    healthy = [row for row in rows if row[0] not in FAULTED_STATES and row[2] not in FAULTED_STATES]
    faulty = [row for row in rows if row[0] in FAULTED_STATES or row[2] in FAULTED_STATES]
    statuses = [
        f"| {s.name} | {STATUS_16[s]} | {STATUS_201[s]} | {CHARGING_STATE_201[s]} |" for s in State
    ]
    return "\n".join(
        [
            _HEAD,
            "## Without faults\n",
            table(healthy),
            "\n## Faults\n",
            table(faulty),
            "\n## What each protocol calls a state\n",
            "| state | 1.6 status | 2.x connector status | 2.x chargingState |",
            "| --- | --- | --- | --- |",
            *statuses,
            "",
        ]
    )


if __name__ == "__main__":
    print(page(), end="")
