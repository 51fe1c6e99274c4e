"""The steps of a replay as they come together: acts at their times, and what is expected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chargepoint.wire import schemas
from scenarios.replay.conversation import Exchange
from scenarios.replay.names import Names
from scenarios.replay.shapes import expected, is_telling
from scenarios.rules.words import versions_of

EXPECT, SKIP, DRIVE = CALLS = ("expect", "skip", "drive")
LEAST_PAUSE = 0.05  # seconds: less is the time that frames take
ANSWER_MS, CALL_MS, CSMS_MS = 30_000, 30_000, 60_000
# What a station sends because its CSMS has asked for it: left to the station then.
FOLLOWS = {
    "DiagnosticsStatusNotification": ("GetDiagnostics",),
    "FirmwareStatusNotification": ("UpdateFirmware", "SignedUpdateFirmware"),
    "SignedFirmwareStatusNotification": ("SignedUpdateFirmware",),
    "LogStatusNotification": ("GetLog",),
    "NotifyReport": ("GetBaseReport", "GetReport"),
    "NotifyMonitoringReport": ("GetMonitoringReport",),
    "NotifyCustomerInformation": ("CustomerInformation",),
    "NotifyDisplayMessages": ("GetDisplayMessages",),
    "NotifyDERControl": ("GetDERControl",),
    "NotifyEvent": ("SetVariableMonitoring", "SetMonitoringBase"),
    "ReportChargingProfiles": ("GetChargingProfiles",),
    "ReservationStatusUpdate": ("ReserveNow",),
    "SignCertificate": ("TriggerMessage", "ExtendedTriggerMessage"),
    "PublishFirmwareStatusNotification": ("PublishFirmware",),
}
# SecurityEventNotifications of 2.0.1 part 2, appendix 1, that a boot brings about.
_AT_A_BOOT = ("StartupOfTheDevice", "ResetOrReboot")


@dataclass(frozen=True)
class Wishes:
    """verbatim: all that the station said as `message`, as it was; else by acts where there are.
    calls: what becomes of the CSMS's Calls; most_pause: seconds that a pause is cut to."""

    verbatim: bool = False
    calls: str = EXPECT
    most_pause: float | None = None


class Script:
    """steps grow as a conversation is gone through; `heard`: the CSMS's Calls so far."""

    def __init__(self, version: str, names: Names, wishes: Wishes, begin: float) -> None:
        self.version, self.names, self.wishes = version, names, wishes
        self.steps: list[dict[str, Any]] = []
        self.allow: list[dict[str, str]] = []
        self.heard: list[Exchange] = []
        self._clock = begin
        self._boots: list[Exchange] = []

    # --- acts --------------------------------------------------------------------------------

    def act(self, moment: float, kind: str, description: str = "", **params: Any) -> None:
        """Have the station do something, as long after what came before as it was then."""
        self._pause(moment)
        self._step(kind, params, description)

    def message(self, each: Exchange) -> None:
        """The Call as it was, with new ids and times."""
        payload = self.names.played(each.payload, each.time)
        self.act(each.time, "message", action=each.action, payload=payload)

    def text(self, each: Exchange) -> None:
        """What is no Call."""
        self.act(each.time, "message", "As it was recorded", text=self.names.text(each.text))

    def played(self, each: Exchange, payload: Mapping[str, Any] | None = None) -> None:
        """`message`, and what is expected of the answer."""
        self.message(each)
        if self._tells(each):
            self.expect_sent(each, payload or {})
            self.expect_answer(each)
        self._clock = max(self._clock, each.sequel)

    def _pause(self, moment: float) -> None:
        pause = moment - self._clock
        self._clock = max(self._clock, moment)
        if self.wishes.most_pause is not None:
            pause = min(pause, self.wishes.most_pause)
        if pause >= LEAST_PAUSE and self.steps:
            self._step("delay", {"duration": round(pause * 1000)})

    def _step(self, kind: str, params: Any, description: str = "", **more: Any) -> None:
        made: dict[str, Any] = {"type": kind, "params": params, **more}
        if description:
            made["description"] = description
        if not params:
            del made["params"]
        self.steps.append(made)

    def repeat(self, some: list[Exchange]) -> None:
        """The same Call again and again, as often and as far apart."""
        first, last = some[0], some[-1]
        every = (last.time - first.time) / (len(some) - 1)
        if self.wishes.most_pause is not None:
            every = min(every, self.wishes.most_pause)
        payload = self.names.played(first.payload, first.time)
        inner = {"type": "message", "params": {"action": first.action, "payload": payload}}
        self._pause(first.time)
        params = {"count": len(some), "every": round(every * 1000), "steps": [inner]}
        self._step("repeat", params)
        self._clock = max(self._clock, last.sequel)

    # --- what is expected --------------------------------------------------------------------

    def expect_sent(
        self, each: Exchange, payload: Mapping[str, Any], capture: Mapping[str, str] | None = None
    ) -> None:
        """The station's own Call, whose answer is looked at next."""
        params: dict[str, Any] = {"direction": "sent", "action": each.action, "kind": "Call"}
        if payload:
            params["payload"] = dict(payload)
        if capture:
            params["capture"] = dict(capture)
        self._step("expect", params, timeout=CALL_MS)
        self._clock = max(self._clock, each.sequel)

    def expect_answer(self, each: Exchange, capture: Mapping[str, str] | None = None) -> None:
        """As it was answered: the words of a closed list the same, all else of the same kind."""
        if each.kind == "CallError":
            code = {"code": str(each.answer)}
            params: dict[str, Any] = {"answers": True, "kind": "CallError", "payload": code}
            if versions_of(each.action):
                self._allow("call_error", each.action)
        elif each.kind == "CallResult":
            params = {"answers": True}
            if matcher := self.expected(each, response=True):
                params["payload"] = matcher
            if capture:
                params["capture"] = dict(capture)
        else:
            return
        self._step("expect", params, timeout=ANSWER_MS)

    def expected(self, each: Exchange, response: bool) -> Any:
        """The matcher of a payload that was recorded, without what differs each time."""
        payload = each.answer if response else each.payload
        return expected(self.version, each.action, payload, self.names, response)

    def _tells(self, each: Exchange) -> bool:
        """Whether its answer says more than that there is one, which the wire watch looks for."""
        if each.action not in schemas.actions(self.version):
            return False  # a step cannot name it
        return each.kind == "CallError" or (
            each.kind == "CallResult" and is_telling(self.expected(each, response=True))
        )

    def _allow(self, rule: str, action: str) -> None:
        if (entry := {"rule": rule, "action": action}) not in self.allow:
            self.allow.append(entry)

    # --- the CSMS's Calls, and what follows from them ----------------------------------------

    def csms_call(self, each: Exchange) -> None:
        """Steps for a Call that the CSMS sent: have it sent again where the driver is to, and
        expect it."""
        self.heard.append(each)
        if not versions_of(each.action):
            return
        if self.wishes.calls == DRIVE:
            payload = self.names.played(each.payload, each.time)
            self.act(each.time, "csms", call=each.action, payload=payload)
        params: dict[str, Any] = {"direction": "received", "action": each.action, "kind": "Call",
                                  "since": "start", "order": "any"}  # fmt: skip
        if matcher := self.expected(each, response=False):
            params["payload"] = matcher
        self._step("expect", params, "The CSMS calls", timeout=CSMS_MS)
        self._clock = max(self._clock, each.sequel)

    def was_asked(self, *actions: str, **said: Any) -> bool:
        """Whether the CSMS has called one of these, and was not refused outright."""
        return any(
            each.action in actions and each.kind != "CallError"
            and all(each.said(name) == value for name, value in said.items())
            for each in self.heard
        )  # fmt: skip

    def is_own(self, each: Exchange) -> bool:
        """Whether the station sends it by itself, or because the CSMS asked for it."""
        if each.action == "SecurityEventNotification" and each.said("type") in _AT_A_BOOT:
            return True
        triggers = ("TriggerMessage", "ExtendedTriggerMessage")
        if self.was_asked(*triggers, requestedMessage=each.action):
            return True
        return self.was_asked(*FOLLOWS.get(each.action, ()))

    # --- boots -------------------------------------------------------------------------------

    def boot(self, each: Exchange, busy: bool) -> None:
        """busy: a transaction is open, which no orderly stop would leave so."""
        before, self._boots = self._boots, [*self._boots, each]
        if not before:
            self._step("start", {})
        elif before[-1].answered("status") == "Accepted" and not self._was_reset(before[-1], each):
            if busy:
                self.act(each.time, "power-cut", seconds=1)
            else:
                self.act(each.time, "stop")
                self._step("start", {})
        self.expect_sent(each, {})
        self.expect_answer(each)
        if each.answered("status") == "Accepted":
            self._accepted()

    def begins_in_the_midst(self) -> None:
        """Steps for a recording without a boot: start the station and wait until it is accepted."""
        self._step("start", {})
        self._accepted()

    def _accepted(self) -> None:
        params = {"target": "station", "state": "accepted"}
        self._step("wait_for_state", params, timeout=CALL_MS)

    def _was_reset(self, last: Exchange, now: Exchange) -> bool:
        causes = ("Reset", "UpdateFirmware", "SignedUpdateFirmware")
        triggers = ("TriggerMessage", "ExtendedTriggerMessage")
        return any(
            each.time > last.time
            and (
                each.action in causes
                or (each.action in triggers and each.said("requestedMessage") == now.action)
            )
            for each in self.heard
        )
