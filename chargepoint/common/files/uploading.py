"""Logs on their way to a server that the CSMS names, whatever the OCPP version."""

import re
from typing import Any

from chargepoint.common.files import locations
from chargepoint.common.files.jobs import LogUpload
from chargepoint.core.block import timer
from chargepoint.effects import BAD_MESSAGE, DENIED, DONE, UNSUPPORTED, Transferred, Upload
from chargepoint.timing.times import iso

# UploadLogStatusEnumType, by how the last attempt went; anything else is an UploadFailure.
_STATUSES = {
    DONE: "Uploaded",
    DENIED: "PermissionDenied",
    UNSUPPORTED: "NotSupportedOperation",
    BAD_MESSAGE: "BadMessage",
}
_KINDS = {"DiagnosticsLog": "diagnostics", "SecurityLog": "security"}
_UNSUITABLE = re.compile(r"[^A-Za-z0-9._-]+")


class Uploading:
    """Of every version, beside `files`, the block of FileTransfers, and `security`.

    A version supplies readable_configuration(now) -> {name: value}.
    """

    __slots__ = ()

    @property
    def files(self) -> Any:
        return self.core.block("files")

    def log_name(self, log: str, now: float) -> str:
        """What the file is called: <identity>-<time>-<kind>.log; the second one of the same second
        has a -2 behind its kind, and so on."""
        moment = re.sub(r"[-:]|\.\d+", "", iso(now + self.core.clock.skew))
        second = f"{_UNSUITABLE.sub('_', self.core.identity)[:200]}-{moment}-"
        jobs = (job for job in (self.files.jobs or {}).values() if isinstance(job, LogUpload))
        numbers = [_number_of(job.name) for job in jobs if job.name.startswith(second)]
        number = max(numbers, default=0) + 1
        return f"{second}{_KINDS[log]}{f'-{number}' if number > 1 else ''}.log"

    @staticmethod
    def period_is_empty(start: float | None, stop: float | None, now: float) -> bool:
        """Whether there can be nothing of this time in any log."""
        return start is not None and (start > now or (stop is not None and stop <= start))

    def going_up(self, name: str) -> bool:
        """Whether a log is being uploaded, or is about to be."""
        job = self.files.job(name)
        return job is not None and job.status in ("", "Uploading")

    def begin_upload(self, name: str, job: LogUpload, now: float) -> None:
        """Instead of the one that is under way, if there is one."""
        if self.going_up(name):
            self.files.stop_transfer(self.files.job(name))
            self.core.timers.clear(("upload", name))
        self.files.put_job(name, job)
        self.upload_is_due(now, name)

    @timer("upload")
    def upload_is_due(self, now: float, name: str) -> None:
        """Upload a log, and say Uploading once; UploadFailure where its address cannot be used."""
        job: LogUpload = self.files.job(name)
        if locations.refusal(job.url):
            self.files.say(name, "UploadFailure", now)
            return
        document = self.document_of(job.log, now)
        self.files.start_transfer(
            job, Upload("", job.url, job.name, job.log, job.start, job.stop, document)
        )
        if job.status != "Uploading":
            self.files.say(name, "Uploading", now)

    def document_of(self, log: str, now: float) -> dict[str, Any]:
        """What the station itself can say for its log; the rest is in the store of messages."""
        document = {"station": self.core.identity, "log": log, "made": self.core.clock.stamp(now)}
        if log == "SecurityLog":
            document["events"] = [
                {"time": iso(moment), "event": event, "info": info}
                for moment, event, info in self.security.security_log()
            ]
            return document
        snapshot = self.core.snapshot()
        del snapshot["saved"]  # our own notes, and secrets among them
        document["state"] = snapshot
        document["configuration"] = self.readable_configuration(now)
        return document

    def diagnostics_transferred(self, job: LogUpload, outcome: Transferred, now: float) -> None:
        self._upload_ended("diagnostics", job, outcome, now)

    def log_transferred(self, job: LogUpload, outcome: Transferred, now: float) -> None:
        self._upload_ended("log", job, outcome, now)

    def _upload_ended(self, name: str, job: LogUpload, outcome: Transferred, now: float) -> None:
        if not self.files.another_attempt(job, outcome, ("upload", name), now):
            self.files.say(name, _STATUSES.get(outcome.result, "UploadFailure"), now)

    def resume_diagnostics(self, job: LogUpload, now: float) -> None:
        if self.going_up("diagnostics"):
            self.core.timers.set(("upload", "diagnostics"), now)

    def resume_log(self, job: LogUpload, now: float) -> None:
        if self.going_up("log"):
            self.core.timers.set(("upload", "log"), now)


def _number_of(name: str) -> int:
    """Which one of its second the file of this name is."""
    number = name.removesuffix(".log").rpartition("-")[2]
    return int(number) if number.isdecimal() else 1
