"""What becomes of files, and the messages that tell of it (1.6 sections 4.4 and 4.5; whitepaper
L and N)."""

from typing import Any

from chargepoint.common.files.jobs import Job
from chargepoint.common.files.transfers import FileTransfers
from chargepoint.core import topics
from chargepoint.core.answers import CallFault
from chargepoint.core.block import Block, hears
from chargepoint.v16.files.requests import numbered

# Section 7.25, FirmwareStatus: what an update that is not signed can be said to do.
PLAIN_STATUSES = frozenset({
    "Downloaded", "DownloadFailed", "Downloading", "Idle", "InstallationFailed", "Installing",
    "Installed",
})  # fmt: skip


class Files(FileTransfers, Block):
    """jobs  see FileTransfers"""

    __slots__ = ("jobs",)

    GUEST = True
    KEYS = ("jobs",)

    def worker(self, name: str) -> Any:
        return self.core.block("updating" if name == "firmware" else "uploading")

    @hears(topics.REGISTERED)
    def registered(self, now: float, rebooted: bool) -> None:
        self.tell_untold(now)

    def job_message(self, name: str, job: Job, status: str) -> tuple[str, dict] | None:
        """(action, payload) that reports the status of a job; None where plain UpdateFirmware has
        no such status."""
        if name == "diagnostics":
            known = status in ("Idle", "Uploaded", "Uploading")
            return "DiagnosticsStatusNotification", {"status": status if known else "UploadFailed"}
        if name == "log":
            return "LogStatusNotification", numbered(job, status)
        if job.request is not None:
            return "SignedFirmwareStatusNotification", numbered(job, status)
        if status == "InstallVerificationFailed":
            status = "InstallationFailed"
        if status not in PLAIN_STATUSES:
            return None
        return "FirmwareStatusNotification", {"status": status}

    # --- times of the CSMS -------------------------------------------------------------------

    def time_of(self, payload: dict, name: str) -> float:
        """Unix seconds by the station's clock of a field that is a time. Raises CallFault for what
        is no time."""
        moment = self.by_our_clock(payload[name])
        if moment is None:
            raise CallFault("PropertyConstraintViolation", f"{name} is no time")
        return moment

    def period_of(self, payload: dict, first: str, last: str) -> tuple[float | None, float | None]:
        """(begin, end) in Unix seconds by the station's clock, None where left out. Raises
        CallFault for what is no time."""
        names = (first, last)
        return tuple(self.time_of(payload, n) if n in payload else None for n in names)
