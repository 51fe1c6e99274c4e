"""Made from the table: every state meets every event."""

from itertools import product
from pathlib import Path

import pytest

from chargepoint.hardware.connector import Connector
from chargepoint.hardware.diagram import page
from chargepoint.hardware.errors import Error
from chargepoint.hardware.ev import EV
from chargepoint.hardware.states import (
    CHARGING_STATE_201,
    FAULTED_STATES,
    IN_TRANSACTION_STATES,
    INOPERATIVE_STATES,
    STATUS_16,
    STATUS_201,
    TRANSITIONS,
    Event,
    IllegalTransition,
    State,
)

from .outlets import outlet

PLUGGED = {
    state
    for state in State
    if (state, Event.EV_UNPLUGGED) in TRANSITIONS  # whatever can be unplugged is plugged in
}
STATUSES_16 = {
    "Available", "Preparing", "Charging", "SuspendedEVSE", "SuspendedEV", "Finishing",
    "Reserved", "Unavailable", "Faulted",
}  # fmt: skip
STATUSES_201 = {"Available", "Occupied", "Reserved", "Unavailable", "Faulted"}
CHARGING_STATES = {"Charging", "EVConnected", "SuspendedEV", "SuspendedEVSE", "Idle"}


def in_state(state: State) -> Connector:
    connector = outlet()
    connector.state = state
    if state in PLUGGED:
        connector.ev = EV()
    return connector


@pytest.mark.parametrize("pair", TRANSITIONS, ids=lambda pair: f"{pair[0]}-{pair[1]}")
def test_known_pair_leads_to_its_state(pair):
    connector = in_state(pair[0])
    changed = connector.apply(pair[1], 5.0)
    assert connector.state is TRANSITIONS[pair]
    assert changed == (TRANSITIONS[pair] is not pair[0])


@pytest.mark.parametrize(
    "pair",
    [pair for pair in product(State, Event) if pair not in TRANSITIONS],
    ids=lambda pair: f"{pair[0]}-{pair[1]}",
)
def test_unknown_pair_raises_and_changes_nothing(pair):
    connector = in_state(pair[0])
    connector.warn(Error("GroundFailure", "wet", "E-42", "com.acme"))
    connector.advance(5.0)
    before = connector.to_saved()
    with pytest.raises(IllegalTransition) as raised:
        connector.apply(pair[1], 5.0)
    assert (raised.value.state, raised.value.event) == pair
    assert connector.to_saved() == before


@pytest.mark.parametrize("state", State)
def test_every_state_has_a_status_in_every_protocol(state):
    assert STATUS_16[state] in STATUSES_16
    assert STATUS_201[state] in STATUSES_201
    assert CHARGING_STATE_201[state] in CHARGING_STATES


def test_every_status_is_reached():
    assert set(STATUS_16.values()) == STATUSES_16
    assert set(STATUS_201.values()) == STATUSES_201
    assert set(CHARGING_STATE_201.values()) == CHARGING_STATES


def test_every_state_is_reachable_and_can_be_left_for_available():
    def closure(start, arrows):
        seen, todo = {start}, [start]
        while todo:
            here = todo.pop()
            for there in arrows.get(here, ()):
                if there not in seen:
                    seen.add(there)
                    todo.append(there)
        return seen

    forward, back = {}, {}
    for (state, _), target in TRANSITIONS.items():
        forward.setdefault(state, []).append(target)
        back.setdefault(target, []).append(state)
    assert closure(State.AVAILABLE, forward) == set(State)
    assert closure(State.AVAILABLE, back) == set(State)


@pytest.mark.parametrize("state", sorted(FAULTED_STATES))
def test_a_cleared_fault_is_gone_and_the_rest_is_kept(state):
    target = TRANSITIONS[state, Event.FAULT_CLEARED]
    assert target not in FAULTED_STATES
    assert (state in IN_TRANSACTION_STATES) == (target in IN_TRANSACTION_STATES)
    assert (state in INOPERATIVE_STATES) == (target in INOPERATIVE_STATES)
    assert (state in PLUGGED) == (target in PLUGGED)


def test_a_fault_is_possible_in_every_state():
    assert all((state, Event.FAULT_OCCURRED) in TRANSITIONS for state in State)


def test_a_transaction_only_ends_by_its_own_event():
    for (state, event), target in TRANSITIONS.items():
        if state in IN_TRANSACTION_STATES and target not in IN_TRANSACTION_STATES:
            assert event is Event.TRANSACTION_ENDED


def test_the_picture_in_the_docs_is_the_table():
    kept = Path(__file__).parents[3] / "docs" / "reference" / "connector-states.md"
    assert kept.read_text() == page()
