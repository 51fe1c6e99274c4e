"""Firmware that a local controller fetches once and offers to the stations behind it (2.0.1 L03
and L04)."""

import re
from typing import Any
from urllib.parse import quote

from chargepoint.common.files import locations
from chargepoint.common.files.jobs import Publication
from chargepoint.core.block import timer
from chargepoint.effects import DONE, URGENT, Download, Transferred

_UNSUITABLE = re.compile(r"[^A-Za-z0-9-]+")


class Publishing:
    """Block of the versions that know it, with FileTransfers.

    published  MD5 (hex, small letters) -> [location]; None where nothing is published

    An emulated station has no network of its own behind it: the location is where it would be.
    """

    __slots__ = ()

    @property
    def files(self) -> Any:
        return self.core.block("files")

    def going_out(self) -> bool:
        """Whether firmware that is to be published is being downloaded (OCPP 2.x,
        PublishFirmware)."""
        job = self.files.job("publication")
        return job is not None and job.status in ("", "Downloading")

    def begin_publication(self, job: Publication, now: float) -> None:
        """Take a PublishFirmware and begin its download."""
        self.files.put_job("publication", job)
        self.publication_is_due(now)

    @timer("publication")
    def publication_is_due(self, now: float) -> None:
        """Download what is to be published, with its MD5 worked out, and say Downloading once."""
        job: Publication = self.files.job("publication")
        self.files.start_transfer(job, Download("", job.url, "md5"))
        if job.status != "Downloading":
            self.files.say("publication", "Downloading", now)

    def publication_transferred(self, job: Publication, outcome: Transferred, now: float) -> None:
        if outcome.result == DONE:
            self.files.say("publication", "Downloaded", now)
            self._publish(job, outcome.digest, now)
        elif not self.files.another_attempt(job, outcome, "publication", now):
            self.files.say("publication", "DownloadFailed", now)

    def _publish(self, job: Publication, digest: bytes, now: float) -> None:
        if digest.hex() != job.checksum:
            self.files.say("publication", "InvalidChecksum", now)
            return
        self.files.say("publication", "ChecksumVerified", now)
        host = _UNSUITABLE.sub("-", self.core.identity).strip("-")[:63] or "station"
        name = locations.file_name(job.url) or job.checksum
        self.published = self.published or {}
        self.published[job.checksum] = [f"http://{host}.local/firmware/{quote(name)}"[:512]]
        self.files.say("publication", "Published", now)

    def unpublish(self, checksum: str, now: float) -> str:
        """UnpublishFirmwareStatusEnumType."""
        checksum = checksum.lower()
        if self.going_out() and self.files.job("publication").checksum == checksum:
            return "DownloadOngoing"
        if checksum not in (self.published or {}):
            return "NoFirmware"
        del self.published[checksum]
        self.published = self.published or None
        self.core.changed(URGENT)
        return "Unpublished"

    def resume_publication(self, job: Publication, now: float) -> None:
        if self.going_out():
            self.core.timers.set("publication", now)
