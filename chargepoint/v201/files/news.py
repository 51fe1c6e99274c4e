"""What the CSMS hears of jobs with files (2.0.1 L01, L03, N01); 2.1 has it unchanged."""

from __future__ import annotations

from typing import Any

from chargepoint.common.files.jobs import Job
from chargepoint.common.files.transfers import TRIGGERED, FileTransfers
from chargepoint.core import topics as core_topics
from chargepoint.core.block import Block, hears
from chargepoint.v201 import topics
from chargepoint.v201.files.requests import numbered

_ACTIONS = {
    "firmware": "FirmwareStatusNotification",
    "log": "LogStatusNotification",
    "publication": "PublishFirmwareStatusNotification",
}
_WORKERS = {"firmware": "updating", "log": "uploading", "publication": "publishing"}


class Files(FileTransfers, Block):
    """jobs: see FileTransfers"""

    __slots__ = ("jobs",)

    GUEST = True
    KEYS = ("jobs",)

    def worker(self, name: str) -> Any:
        return self.core.block(_WORKERS[name])

    @hears(core_topics.REGISTERED)
    def tell_where_things_stand(self, now: float, rebooted: bool) -> None:
        """Statuses that were not sent yet."""
        self.tell_untold(now)

    def job_message(self, name: str, job: Job, status: str) -> tuple[str, dict] | None:
        """(action, payload) that reports the status of a job; None for a file that is not published
        any more."""
        payload = numbered(job, status)
        if status == "Published":  # L03.FR.04: with every place where it is to be had
            payload["location"] = self.core.ask(topics.PUBLISHED_AT, job.checksum) or []
            if not payload["location"]:
                return None  # unpublished since
        return _ACTIONS[name], payload

    def tell_status(self, name: str, job: Job | None, now: float) -> None:
        """As asked for by TriggerMessage: of no job, Idle."""
        payload = {"status": "Idle"} if job is None else numbered(job, job.status)
        self.core.calls.make(_ACTIONS[name], payload, now, TRIGGERED)
