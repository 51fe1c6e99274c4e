"""Logs of 1.6: GetDiagnostics (5.9), and GetLog of the whitepaper (N01)."""

from typing import Any

from chargepoint.common.files import locations
from chargepoint.common.files.jobs import LogUpload
from chargepoint.common.files.transfers import TRIGGERED
from chargepoint.common.files.uploading import Uploading
from chargepoint.core.block import Block, action, hears
from chargepoint.v16.configuration import Keys
from chargepoint.v16.files.requests import attempts_of, location_of, numbered
from chargepoint.v16.security.events import Security
from chargepoint.v16.topics import STATUS_ASKED


class Uploads(Uploading, Block):
    """It keeps nothing: the jobs are with the files."""

    __slots__ = ("keys", "security")

    KEEPS = False

    def __init__(self, core: Any, keys: Keys, security: Security) -> None:
        super().__init__(core)
        self.keys, self.security = keys, security

    @action("GetDiagnostics")
    def on_get_diagnostics(self, payload: dict, now: float) -> dict:
        """GetDiagnostics (5.9)."""
        start, stop = self.files.period_of(payload, "startTime", "stopTime")
        if self.period_is_empty(start, stop, now):
            return {}  # 5.9: no file name where there is nothing to upload
        job = LogUpload(
            location_of(payload),
            **attempts_of(payload),
            log="DiagnosticsLog",
            name=self.log_name("DiagnosticsLog", now),
            start=start,
            stop=stop,
        )
        self.core.answers.later(self.begin_upload, "diagnostics", job)
        return {"fileName": job.name}

    @action("GetLog")
    def on_get_log(self, payload: dict, now: float) -> dict:
        """GetLog (security white paper, N01)."""
        asked = payload["log"]
        start, stop = self.files.period_of(asked, "oldestTimestamp", "latestTimestamp")
        unusable = locations.refusal(asked["remoteLocation"])
        if unusable or self.period_is_empty(start, stop, now):
            return {"status": "Rejected"}
        job = LogUpload(
            asked["remoteLocation"],
            **attempts_of(payload),
            request=payload["requestId"],
            log=payload["logType"],
            name=self.log_name(payload["logType"], now),
            start=start,
            stop=stop,
        )
        status = "AcceptedCanceled" if self.going_up("log") else "Accepted"
        self.core.answers.later(self.begin_upload, "log", job)
        return {"status": status, "filename": job.name}

    @hears(STATUS_ASKED, wakes=True)
    def status_asked(self, message: str, now: float) -> None:
        if message == "DiagnosticsStatusNotification":
            status = "Uploading" if self.going_up("diagnostics") else "Idle"
            self.core.calls.make(message, {"status": status}, now, TRIGGERED)
        elif message == "LogStatusNotification":
            going = self.going_up("log")
            payload = {"status": "Idle"}
            if going:
                payload = numbered(self.files.job("log"), "Uploading")
            self.core.calls.make(message, payload, now, TRIGGERED)

    def readable_configuration(self, now: float) -> dict[str, str]:
        """{key: value} of what GetConfiguration answers, for the diagnostics file."""
        entries = self.keys.on_get_configuration({}, now)["configurationKey"]
        return {entry["key"]: entry.get("value", "") for entry in entries}
