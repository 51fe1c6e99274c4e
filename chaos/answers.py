"""What the harness's CSMS answers: valid by the schemas, and the same to the same question.

A station that lost the answer asks again with the same payload. A transaction that was begun twice
so is one transaction (1.6, 4.8: "the Central System MAY receive the same request twice").
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

ACCEPTED = {"status": "Accepted"}
HEARTBEAT = 5  # seconds between two Heartbeats, as BootNotification is answered
BARE = (  # nothing to say but that it came
    "ClearedChargingLimit", "DiagnosticsStatusNotification", "FirmwareStatusNotification",
    "LogStatusNotification", "MeterValues", "NotifyChargingLimit", "NotifyCustomerInformation",
    "NotifyDisplayMessages", "NotifyEvent", "NotifyMonitoringReport", "NotifyReport",
    "ReportChargingProfiles", "ReservationStatusUpdate", "SecurityEventNotification",
    "SignedFirmwareStatusNotification", "StatusNotification",
)  # fmt: skip


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Answers:
    """One for the whole CSMS; it remembers the transactions that it has numbered."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._known: dict[tuple[str, str], int] = {}

    def to(self, station: str, version: str, action: str, payload: dict[str, Any]) -> dict | None:
        """The CallResult's payload; None for an action that this CSMS does not know."""
        answer = _ANSWERS.get(action)
        if action == "StartTransaction":
            key = station, json.dumps(payload, sort_keys=True)
            if key not in self._known:
                self._known[key] = next(self._numbers)
            return {"transactionId": self._known[key], "idTagInfo": ACCEPTED}
        return answer(version, payload) if answer else None


def _boot(version: str, _: dict) -> dict:
    return {"currentTime": now(), "interval": HEARTBEAT, "status": "Accepted"}


def _authorize(version: str, _: dict) -> dict:
    return {"idTagInfo" if version == "1.6" else "idTokenInfo": ACCEPTED}


def _transaction_event(version: str, event: dict) -> dict:
    # idTokenInfo is for events that carry an idToken (2.0.1, C01, E05).
    return {"idTokenInfo": ACCEPTED} if "idToken" in event else {}


_ANSWERS: dict[str, Callable[[str, dict], dict]] = {
    "Authorize": _authorize,
    "BootNotification": _boot,
    "DataTransfer": lambda *_: ACCEPTED,
    "Heartbeat": lambda *_: {"currentTime": now()},
    "StopTransaction": lambda *_: {"idTagInfo": ACCEPTED},
    "TransactionEvent": _transaction_event,
    **dict.fromkeys(BARE, lambda *_: {}),
}
