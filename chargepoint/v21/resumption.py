"""Functional blocks E17 and B12 in 2.1: transactions that go on after a reboot or a power cut."""

from typing import Any

from chargepoint.core import topics as core_topics
from chargepoint.core.block import hears, timer
from chargepoint.effects import URGENT
from chargepoint.v201.outlet import Outlet
from chargepoint.v201.resets import Resets

_TIMEOUT = "TxCtrlr.ResumptionTimeout"
_MAY_CHARGE = "TxCtrlr.AllowEnergyTransferResumption"
_AND_RESUME = "ImmediateAndResume"  # in place of a boot reason, while it waits


class Resumption(Resets):
    """resume_by: [until when transactions may be resumed, ReasonEnumType of their end after it];
    None: none was interrupted."""

    __slots__ = ("resume_by",)

    KEYS = (*Resets.KEYS, "resume_by")

    def restore(self, saved: dict[str, Any], now: float) -> None:
        """Read resets and what is to be resumed of a snapshot."""
        super().restore(saved, now)
        self.resume_by: list[Any] | None = saved.get("resume_by")

    def resume(self, now: float) -> None:
        """Go on with resets, and resume transactions."""
        super().resume(now)
        if self.resume_by is not None:
            self.core.timers.set("resume", now)

    def saved(self) -> dict[str, Any]:
        """Resets and what is to be resumed, for the snapshot."""
        saved = super().saved()
        if self.resume_by is not None:
            saved["resume_by"] = [*self.resume_by]
        return saved

    def on_reset(self, payload: dict, now: float) -> dict:
        """Reset, ImmediateAndResume included (B12)."""
        if payload["type"] != "ImmediateAndResume":
            return super().on_reset(payload, now)
        code, why = "", ""
        if "evseId" in payload:
            code, why = "UnsupportedRequest", "the whole station only"
        elif not self.core.model.integer(_TIMEOUT):
            code, why = "NotEnabled", f"{_TIMEOUT} is 0"
        if code:
            return {"status": "Rejected", "statusInfo": {"reasonCode": code, "additionalInfo": why}}
        self.core.answers.later(self._reset_and_resume)
        return {"status": "Accepted"}

    def _reset_and_resume(self, now: float) -> None:
        pause = self.core.clock.delay("reset", 0.0)
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
        elif not self.core.timers.has("rebooting"):
            self.core.timers.set("rebooting", now)

    def _reboot_and_resume(self, now: float) -> None:
        self.reset_due = None
        self._interrupted("Reboot", now)
        self.stop_outlets(self.outlets_to_end("Reboot"), "ResetCommand", "ImmediateReset", now)
        self.core.model.booted()
        seconds = self.core.clock.restart_seconds()
        self.core.power.reboot(now, "RemoteReset", seconds)
        if self.resume_by is not None:
            self.core.timers.set("resume", now + seconds)

    @hears(core_topics.POWER_FAILED, wakes=True)
    def end_without_power(self, now: float) -> None:
        """The power failed: transactions are kept for TxCtrlr.ResumptionTimeout, else ended."""
        self._interrupted("PowerLoss", now)
        super().end_without_power(now)

    def outlets_to_end(self, reason: str) -> list[Outlet]:
        """Outlets whose transactions a reboot ends; not those that are resumed."""
        outlets = super().outlets_to_end(reason)
        if reason in ("PowerLoss", "Reboot") and self.resume_by is not None:
            return [outlet for outlet in outlets if outlet.transaction is None]
        return outlets

    def _interrupted(self, reason: str, now: float) -> None:
        seconds = self.core.model.integer(_TIMEOUT)
        if seconds and any(outlet.transaction for outlet in self.core.outlets.values()):
            self.resume_by = [now + seconds, reason]
            self.core.changed(URGENT)

    @timer("resume")
    def at_resume(self, now: float) -> None:
        """Resume transactions (TxResumed), or end them where it took too long."""
        if self.resume_by is None:
            return
        (deadline, reason), self.resume_by = self.resume_by, None
        for outlet in [o for o in self.core.outlets.values() if o.transaction is not None]:
            outlet.hardware.advance(now)
            if now > deadline:
                self.stop_outlets([outlet], "AbnormalCondition", reason, now)
            elif self.core.model.flag(_MAY_CHARGE):
                self.transactions.happened(outlet, "TxResumed", now)
            else:  # another car may have been plugged in
                self.transactions.bar(outlet, "TxResumed", now)
        self.core.changed(URGENT)
