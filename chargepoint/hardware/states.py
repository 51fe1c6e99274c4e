"""What one connector may be, what may happen to it, and the single table that joins the two.

The table is data: the tests and the picture in docs/reference/connector-states.md are made from it.
A pair that is not in the table is an `IllegalTransition` and changes nothing.

The table knows the plug, the authorization, the power path and the overlays (reserved,
unavailable, faulted). It does not know OCPP: the statuses of 1.6 and 2.x are projections.
"""

from enum import StrEnum


class State(StrEnum):
    AVAILABLE = "Available"
    CONNECTED = "Connected"  # EV plugged in, nobody authorized
    AUTHORIZED = "Authorized"  # somebody authorized, no EV yet
    READY = "Ready"  # both, transaction not begun
    STARTED = "Started"  # transaction begun, power path still open
    CHARGING = "Charging"
    SUSPENDED_EV = "SuspendedEV"
    SUSPENDED_EVSE = "SuspendedEVSE"
    DISCONNECTED = "Disconnected"  # transaction open, EV gone
    FINISHING = "Finishing"  # transaction over, EV still plugged in
    RESERVED = "Reserved"
    RESERVED_CONNECTED = "ReservedConnected"
    UNAVAILABLE = "Unavailable"
    UNAVAILABLE_CONNECTED = "UnavailableConnected"
    # A fault keeps what lies under it, since clearing it returns there
    # (1.6 section 4.9, transitions I1-I8: "status returns to the pre-fault state").
    FAULTED = "Faulted"
    FAULTED_CONNECTED = "FaultedConnected"
    FAULTED_IN_TRANSACTION = "FaultedInTransaction"
    FAULTED_DISCONNECTED = "FaultedDisconnected"
    FAULTED_FINISHING = "FaultedFinishing"
    FAULTED_RESERVED = "FaultedReserved"
    FAULTED_RESERVED_CONNECTED = "FaultedReservedConnected"
    FAULTED_UNAVAILABLE = "FaultedUnavailable"
    FAULTED_UNAVAILABLE_CONNECTED = "FaultedUnavailableConnected"


class Event(StrEnum):
    EV_PLUGGED_IN = "EvPluggedIn"
    EV_UNPLUGGED = "EvUnplugged"
    AUTHORIZED = "Authorized"
    AUTHORIZATION_LOST = "AuthorizationLost"
    TRANSACTION_STARTED = "TransactionStarted"
    TRANSACTION_ENDED = "TransactionEnded"
    ENERGY_OFFERED = "EnergyOffered"
    EV_SUSPENDED = "EvSuspended"
    EVSE_SUSPENDED = "EvseSuspended"
    EV_RESUMED = "EvResumed"
    RESERVED = "Reserved"
    RESERVATION_ENDED = "ReservationEnded"
    MADE_INOPERATIVE = "MadeInoperative"
    MADE_OPERATIVE = "MadeOperative"
    FAULT_OCCURRED = "FaultOccurred"
    FAULT_CLEARED = "FaultCleared"


class IllegalTransition(Exception):
    """`event` cannot happen to a connector in `state`; nothing was changed."""

    def __init__(self, state: State, event: Event):
        super().__init__(f"{event} cannot happen while the connector is {state}")
        self.state = state
        self.event = event


S, E = State, Event

_ROWS: dict[State, dict[Event, State]] = {
    S.AVAILABLE: {
        E.EV_PLUGGED_IN: S.CONNECTED,
        E.AUTHORIZED: S.AUTHORIZED,
        E.RESERVED: S.RESERVED,
        E.MADE_INOPERATIVE: S.UNAVAILABLE,
        E.FAULT_OCCURRED: S.FAULTED,
    },
    S.CONNECTED: {
        E.EV_UNPLUGGED: S.AVAILABLE,
        E.AUTHORIZED: S.READY,
        E.TRANSACTION_STARTED: S.STARTED,  # free vending
        E.MADE_INOPERATIVE: S.UNAVAILABLE_CONNECTED,
        E.FAULT_OCCURRED: S.FAULTED_CONNECTED,
    },
    S.AUTHORIZED: {
        E.EV_PLUGGED_IN: S.READY,
        E.AUTHORIZATION_LOST: S.AVAILABLE,
        E.MADE_INOPERATIVE: S.UNAVAILABLE,
        E.FAULT_OCCURRED: S.FAULTED,  # an authorization does not outlive a fault
    },
    S.READY: {
        E.EV_UNPLUGGED: S.AUTHORIZED,
        E.AUTHORIZATION_LOST: S.CONNECTED,
        E.TRANSACTION_STARTED: S.STARTED,
        E.MADE_INOPERATIVE: S.UNAVAILABLE_CONNECTED,
        E.FAULT_OCCURRED: S.FAULTED_CONNECTED,
    },
    S.STARTED: {
        E.ENERGY_OFFERED: S.CHARGING,
        E.EV_SUSPENDED: S.SUSPENDED_EV,
        E.EVSE_SUSPENDED: S.SUSPENDED_EVSE,
        E.EV_UNPLUGGED: S.DISCONNECTED,
        E.TRANSACTION_ENDED: S.FINISHING,
        E.FAULT_OCCURRED: S.FAULTED_IN_TRANSACTION,
    },
    S.CHARGING: {
        E.EV_SUSPENDED: S.SUSPENDED_EV,
        E.EVSE_SUSPENDED: S.SUSPENDED_EVSE,
        E.EV_UNPLUGGED: S.DISCONNECTED,
        E.TRANSACTION_ENDED: S.FINISHING,
        E.FAULT_OCCURRED: S.FAULTED_IN_TRANSACTION,
    },
    S.SUSPENDED_EV: {
        E.EV_RESUMED: S.CHARGING,
        E.EVSE_SUSPENDED: S.SUSPENDED_EVSE,
        E.EV_UNPLUGGED: S.DISCONNECTED,
        E.TRANSACTION_ENDED: S.FINISHING,
        E.FAULT_OCCURRED: S.FAULTED_IN_TRANSACTION,
    },
    S.SUSPENDED_EVSE: {
        E.ENERGY_OFFERED: S.CHARGING,
        E.EV_UNPLUGGED: S.DISCONNECTED,
        E.TRANSACTION_ENDED: S.FINISHING,
        E.FAULT_OCCURRED: S.FAULTED_IN_TRANSACTION,
    },
    S.DISCONNECTED: {
        E.EV_PLUGGED_IN: S.SUSPENDED_EVSE,
        E.TRANSACTION_ENDED: S.AVAILABLE,
        E.FAULT_OCCURRED: S.FAULTED_DISCONNECTED,
    },
    S.FINISHING: {
        E.EV_UNPLUGGED: S.AVAILABLE,
        E.AUTHORIZED: S.READY,
        E.MADE_INOPERATIVE: S.UNAVAILABLE_CONNECTED,
        E.FAULT_OCCURRED: S.FAULTED_FINISHING,
    },
    S.RESERVED: {
        E.EV_PLUGGED_IN: S.RESERVED_CONNECTED,
        E.AUTHORIZED: S.AUTHORIZED,  # the protocol lets only the reserving token through
        E.RESERVATION_ENDED: S.AVAILABLE,
        E.MADE_INOPERATIVE: S.UNAVAILABLE,
        E.FAULT_OCCURRED: S.FAULTED_RESERVED,
    },
    S.RESERVED_CONNECTED: {
        E.EV_UNPLUGGED: S.RESERVED,
        E.AUTHORIZED: S.READY,
        E.RESERVATION_ENDED: S.CONNECTED,
        E.MADE_INOPERATIVE: S.UNAVAILABLE_CONNECTED,
        E.FAULT_OCCURRED: S.FAULTED_RESERVED_CONNECTED,
    },
    S.UNAVAILABLE: {
        E.EV_PLUGGED_IN: S.UNAVAILABLE_CONNECTED,
        E.MADE_OPERATIVE: S.AVAILABLE,
        E.FAULT_OCCURRED: S.FAULTED_UNAVAILABLE,
    },
    S.UNAVAILABLE_CONNECTED: {
        E.EV_UNPLUGGED: S.UNAVAILABLE,
        E.MADE_OPERATIVE: S.CONNECTED,
        E.FAULT_OCCURRED: S.FAULTED_UNAVAILABLE_CONNECTED,
    },
    # A second fault changes the error code, not the state.
    S.FAULTED: {
        E.FAULT_OCCURRED: S.FAULTED,
        E.FAULT_CLEARED: S.AVAILABLE,
        E.EV_PLUGGED_IN: S.FAULTED_CONNECTED,
        E.MADE_INOPERATIVE: S.FAULTED_UNAVAILABLE,
    },
    S.FAULTED_CONNECTED: {
        E.FAULT_OCCURRED: S.FAULTED_CONNECTED,
        E.FAULT_CLEARED: S.CONNECTED,
        E.EV_UNPLUGGED: S.FAULTED,
        E.MADE_INOPERATIVE: S.FAULTED_UNAVAILABLE_CONNECTED,
    },
    S.FAULTED_IN_TRANSACTION: {
        E.FAULT_OCCURRED: S.FAULTED_IN_TRANSACTION,
        E.FAULT_CLEARED: S.SUSPENDED_EVSE,  # the protocol offers energy again
        E.EV_UNPLUGGED: S.FAULTED_DISCONNECTED,
        E.TRANSACTION_ENDED: S.FAULTED_FINISHING,
    },
    S.FAULTED_DISCONNECTED: {
        E.FAULT_OCCURRED: S.FAULTED_DISCONNECTED,
        E.FAULT_CLEARED: S.DISCONNECTED,
        E.EV_PLUGGED_IN: S.FAULTED_IN_TRANSACTION,
        E.TRANSACTION_ENDED: S.FAULTED,
    },
    S.FAULTED_FINISHING: {
        E.FAULT_OCCURRED: S.FAULTED_FINISHING,
        E.FAULT_CLEARED: S.FINISHING,
        E.EV_UNPLUGGED: S.FAULTED,
        E.MADE_INOPERATIVE: S.FAULTED_UNAVAILABLE_CONNECTED,
    },
    S.FAULTED_RESERVED: {
        E.FAULT_OCCURRED: S.FAULTED_RESERVED,
        E.FAULT_CLEARED: S.RESERVED,
        E.EV_PLUGGED_IN: S.FAULTED_RESERVED_CONNECTED,
        E.RESERVATION_ENDED: S.FAULTED,
        E.MADE_INOPERATIVE: S.FAULTED_UNAVAILABLE,
    },
    S.FAULTED_RESERVED_CONNECTED: {
        E.FAULT_OCCURRED: S.FAULTED_RESERVED_CONNECTED,
        E.FAULT_CLEARED: S.RESERVED_CONNECTED,
        E.EV_UNPLUGGED: S.FAULTED_RESERVED,
        E.RESERVATION_ENDED: S.FAULTED_CONNECTED,
        E.MADE_INOPERATIVE: S.FAULTED_UNAVAILABLE_CONNECTED,
    },
    S.FAULTED_UNAVAILABLE: {
        E.FAULT_OCCURRED: S.FAULTED_UNAVAILABLE,
        E.FAULT_CLEARED: S.UNAVAILABLE,
        E.EV_PLUGGED_IN: S.FAULTED_UNAVAILABLE_CONNECTED,
        E.MADE_OPERATIVE: S.FAULTED,
    },
    S.FAULTED_UNAVAILABLE_CONNECTED: {
        E.FAULT_OCCURRED: S.FAULTED_UNAVAILABLE_CONNECTED,
        E.FAULT_CLEARED: S.UNAVAILABLE_CONNECTED,
        E.EV_UNPLUGGED: S.FAULTED_UNAVAILABLE,
        E.MADE_OPERATIVE: S.FAULTED_CONNECTED,
    },
}

TRANSITIONS: dict[tuple[State, Event], State] = {
    (state, event): target for state, row in _ROWS.items() for event, target in row.items()
}

FAULTED_STATES = frozenset(s for s in State if s.name.startswith("FAULTED"))
INOPERATIVE_STATES = frozenset(s for s in State if "UNAVAILABLE" in s.name)
RESERVED_STATES = frozenset(s for s in State if "RESERVED" in s.name)
IN_TRANSACTION_STATES = frozenset(
    {
        S.STARTED,
        S.CHARGING,
        S.SUSPENDED_EV,
        S.SUSPENDED_EVSE,
        S.DISCONNECTED,
        S.FAULTED_IN_TRANSACTION,
        S.FAULTED_DISCONNECTED,
    }
)

# OCPP 1.6 section 7.7, ChargePointStatus.
STATUS_16: dict[State, str] = {
    S.AVAILABLE: "Available",
    S.CONNECTED: "Preparing",
    S.AUTHORIZED: "Preparing",
    S.READY: "Preparing",
    S.STARTED: "Preparing",
    S.CHARGING: "Charging",
    S.SUSPENDED_EV: "SuspendedEV",
    S.SUSPENDED_EVSE: "SuspendedEVSE",
    S.DISCONNECTED: "SuspendedEV",
    S.FINISHING: "Finishing",
    S.RESERVED: "Reserved",
    S.RESERVED_CONNECTED: "Reserved",
    S.UNAVAILABLE: "Unavailable",
    S.UNAVAILABLE_CONNECTED: "Unavailable",
} | dict.fromkeys(FAULTED_STATES, "Faulted")

# OCPP 2.0.1 part 2, ConnectorStatusEnumType: authorization alone does not occupy a connector.
# With the EV gone and the transaction open, the cable is still in the station's own socket.
STATUS_201: dict[State, str] = {
    S.AVAILABLE: "Available",
    S.CONNECTED: "Occupied",
    S.AUTHORIZED: "Available",
    S.READY: "Occupied",
    S.STARTED: "Occupied",
    S.CHARGING: "Occupied",
    S.SUSPENDED_EV: "Occupied",
    S.SUSPENDED_EVSE: "Occupied",
    S.DISCONNECTED: "Occupied",
    S.FINISHING: "Occupied",
    S.RESERVED: "Reserved",
    S.RESERVED_CONNECTED: "Reserved",
    S.UNAVAILABLE: "Unavailable",
    S.UNAVAILABLE_CONNECTED: "Unavailable",
} | dict.fromkeys(FAULTED_STATES, "Faulted")

# OCPP 2.0.1 part 2, ChargingStateEnumType.
CHARGING_STATE_201: dict[State, str] = {
    S.AVAILABLE: "Idle",
    S.CONNECTED: "EVConnected",
    S.AUTHORIZED: "Idle",
    S.READY: "EVConnected",
    S.STARTED: "EVConnected",
    S.CHARGING: "Charging",
    S.SUSPENDED_EV: "SuspendedEV",
    S.SUSPENDED_EVSE: "SuspendedEVSE",
    S.DISCONNECTED: "Idle",
    S.FINISHING: "EVConnected",
    S.RESERVED: "Idle",
    S.RESERVED_CONNECTED: "EVConnected",
    S.UNAVAILABLE: "Idle",
    S.UNAVAILABLE_CONNECTED: "EVConnected",
    S.FAULTED: "Idle",
    S.FAULTED_CONNECTED: "EVConnected",
    S.FAULTED_IN_TRANSACTION: "SuspendedEVSE",
    S.FAULTED_DISCONNECTED: "Idle",
    S.FAULTED_FINISHING: "EVConnected",
    S.FAULTED_RESERVED: "Idle",
    S.FAULTED_RESERVED_CONNECTED: "EVConnected",
    S.FAULTED_UNAVAILABLE: "Idle",
    S.FAULTED_UNAVAILABLE_CONNECTED: "EVConnected",
}
