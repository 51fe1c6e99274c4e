"""Functional block N, N01: logs for the CSMS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chargepoint.common.files import locations
from chargepoint.common.files.jobs import LogUpload
from chargepoint.common.files.uploading import Uploading
from chargepoint.core.block import Block, action
from chargepoint.v201.files.requests import attempts_of, numbered, rejected, time_of

if TYPE_CHECKING:
    from chargepoint.core.station import Station
    from chargepoint.v201.security.events import Security
    from chargepoint.v201.variables.requests import VariableRequests

_LOGS = ("DiagnosticsLog", "SecurityLog")  # no data collector: 2.1's DataCollectorLog is refused


class Uploads(Uploading, Block):
    """It keeps nothing: the jobs are with the files."""

    __slots__ = ("security", "variables")

    KEEPS = False

    def __init__(
        self, core: Station, variables: VariableRequests, security: Security
    ) -> None:
        super().__init__(core)
        self.variables = variables
        self.security = security

    @action("GetLog")
    def on_get_log(self, payload: dict, now: float) -> dict:
        """GetLog (N01)."""
        asked, log = payload["log"], payload["logType"]
        first, last = "oldestTimestamp", "latestTimestamp"
        start = time_of(self.files, asked, first) if first in asked else None
        stop = time_of(self.files, asked, last) if last in asked else None
        if log not in _LOGS or self.period_is_empty(start, stop, now):
            return rejected("NotFound", "there is no such log of that time")
        if why := locations.refusal(asked["remoteLocation"]):
            return rejected("InvalidURL", why)
        job = LogUpload(
            asked["remoteLocation"],
            **attempts_of(payload),
            request=payload["requestId"],
            log=log,
            name=self.log_name(log, now),
            start=start,
            stop=stop,
        )
        status = "AcceptedCanceled" if self.going_up("log") else "Accepted"
        self.core.answers.later(self._begin_log, job)
        return {"status": status, "filename": job.name}

    def _begin_log(self, job: LogUpload, now: float) -> None:
        if self.going_up("log"):  # N01.FR.20: the one that is given up ends in words
            payload = numbered(self.files.job("log"), "AcceptedCanceled")
            self.core.calls.make("LogStatusNotification", payload, now)
        self.begin_upload("log", job, now)

    def trigger_log_status(self, now: float) -> None:
        """Report the status of the upload, Idle where there is none."""
        job = self.files.job("log") if self.going_up("log") else None
        self.files.tell_status("log", job, now)

    def readable_configuration(self, now: float) -> dict[str, str]:
        """{Component.Variable: value} of the device model, for the diagnostics file."""
        values = {}
        for line in self.variables.inventory(now, writable_only=False):
            component, variable = line["component"], line["variable"]
            place = "/".join(str(number) for number in component.get("evse", {}).values())
            instance = f"[{variable['instance']}]" if "instance" in variable else ""
            name = f"{component['name']}{place and '#'}{place}.{variable['name']}{instance}"
            values[name] = line["variableAttribute"][0].get("value", "")
        return values
