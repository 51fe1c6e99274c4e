"""Functional blocks E17 and B12 in 2.1: transactions that go on after a reboot or a power cut."""

from typing import Any

from chargepoint.effects import URGENT
from chargepoint.v201.outlet import Outlet
from chargepoint.v201.resets import Resets

_TIMEOUT = "TxCtrlr.ResumptionTimeout"
_MAY_CHARGE = "TxCtrlr.AllowEnergyTransferResumption"
_AND_RESUME = "ImmediateAndResume"  # in place of a boot reason, while it waits


class Resumption(Resets):
    """resume_by: [until when transactions may be resumed, ReasonEnumType of their end after it];
    None: none was interrupted."""

    __slots__ = ()

    def begin(self, saved: dict, now: float) -> None:
        self.resume_by: list[Any] | None = saved.get("resume_by")
        super().begin(saved, now)
        if self.resume_by is not None:
            self.set_timer("resume", now)

    def extra_saved(self) -> dict[str, Any]:
        saved = super().extra_saved()
        if self.resume_by is not None:
            saved["resume_by"] = [*self.resume_by]
        return saved

    def on_reset(self, payload: dict, now: float) -> dict:
        if payload["type"] != "ImmediateAndResume":
            return super().on_reset(payload, now)
        code, why = "", ""
        if "evseId" in payload:
            code, why = "UnsupportedRequest", "the whole station only"
        elif not self.model.integer(_TIMEOUT):
            code, why = "NotEnabled", f"{_TIMEOUT} is 0"
        if code:
            return {"status": "Rejected", "statusInfo": {"reasonCode": code, "additionalInfo": why}}
        self.later(self._reset_and_resume)
        return {"status": "Accepted"}

    def _reset_and_resume(self, now: float) -> None:
        pause = self.delay("reset", 0.0)
        if pause <= 0:
            self._reboot_and_resume(now)
        else:
            self.reset_due = _AND_RESUME  # for whoever resumes this station
            self.reboot_after(pause, now)

    def at_rebooting(self, now: float) -> None:
        if self.reset_due == _AND_RESUME:
            self._reboot_and_resume(now)
        else:
            super().at_rebooting(now)

    def reset_if_idle(self, now: float) -> None:
        # Such a reset waits for no transaction to end.
        if self.reset_due != _AND_RESUME:
            super().reset_if_idle(now)
        elif not self.has_timer("rebooting"):
            self.set_timer("rebooting", now)

    def _reboot_and_resume(self, now: float) -> None:
        self.reset_due = None
        self._interrupted("Reboot", now)
        self.stop_outlets(self.outlets_to_end("Reboot"), "ResetCommand", "ImmediateReset", now)
        self.model.booted()
        seconds = self.restart_seconds()
        self.reboot(now, "RemoteReset", seconds)
        if self.resume_by is not None:
            self.set_timer("resume", now + seconds)

    def power_failed(self, now: float) -> None:
        self._interrupted("PowerLoss", now)
        super().power_failed(now)

    def outlets_to_end(self, reason: str) -> list[Outlet]:
        outlets = super().outlets_to_end(reason)
        if reason in ("PowerLoss", "Reboot") and self.resume_by is not None:
            return [outlet for outlet in outlets if outlet.transaction is None]
        return outlets

    def _interrupted(self, reason: str, now: float) -> None:
        seconds = self.model.integer(_TIMEOUT)
        if seconds and any(outlet.transaction for outlet in self.outlets.values()):
            self.resume_by = [now + seconds, reason]
            self.changed(URGENT)

    def at_resume(self, now: float) -> None:
        if self.resume_by is None:
            return
        (deadline, reason), self.resume_by = self.resume_by, None
        for outlet in [o for o in self.outlets.values() if o.transaction is not None]:
            outlet.hardware.advance(now)
            if now > deadline:
                self.stop_outlets([outlet], "AbnormalCondition", reason, now)
            elif self.model.flag(_MAY_CHARGE):
                self.happened(outlet, "TxResumed", now)
            else:  # another car may have been plugged in
                self.bar(outlet, "TxResumed", now)
        self.changed(URGENT)
