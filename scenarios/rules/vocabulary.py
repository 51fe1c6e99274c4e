"""Words of OCPP 1.6 in `wait_for_message` and `wait_for_state` on a station of OCPP 2.x.

The predecessor's scenarios speak 1.6. Where 2.x has no such action or status, what plays its part
there is taken. Our own `expect` and `expect_none` know no such translation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# 1.6 action -> (2.x action, what its payload must have besides).
ACTIONS_2 = {
    "StartTransaction": (("TransactionEvent", {"eventType": "Started"}),),
    "StopTransaction": (("TransactionEvent", {"eventType": "Ended"}),),
    # Within a transaction meter values are a part of its events (2.0.1 part 2, J02).
    "MeterValues": (("MeterValues", {}), ("TransactionEvent", {"meterValue": {"@any": True}})),
    "RemoteStartTransaction": (("RequestStartTransaction", {}),),
    "RemoteStopTransaction": (("RequestStopTransaction", {}),),
}

_BUSY_16 = ("Preparing", "Charging", "SuspendedEV", "SuspendedEVSE", "Finishing")
CONNECTOR_STATES = ("Available", "Occupied", "Reserved", "Unavailable", "Faulted", *_BUSY_16)


def actions_of(action: str, version: str) -> tuple[tuple[str, dict], ...]:
    """((action, payload it needs), ...) that a 1.6 word stands for in this version."""
    if version == "1.6":
        return ((action, {}),)
    return ACTIONS_2.get(action, ((action, {}),))


def is_in_state(connector: Mapping[str, Any], state: str) -> bool:
    """Whether a connector of the snapshot is in a state, in words of either version.

    2.x has one status, Occupied, for five of 1.6: these are told by the transaction and the power.
    """
    status = connector["status"]
    if status == state:
        return True
    if state == "Occupied":
        return status in _BUSY_16
    if status != "Occupied" or state not in _BUSY_16:
        return False
    charging = bool(connector.get("transaction"))
    drawing = (connector.get("power_w") or 0) > 0
    match state:
        case "Charging":
            return charging and drawing
        case "SuspendedEV" | "SuspendedEVSE":
            return charging and not drawing
    return not charging or not drawing  # Preparing, Finishing: the car is there, nothing flows
