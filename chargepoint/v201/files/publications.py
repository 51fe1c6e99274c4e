"""Functional block L, L03 and L04: firmware that is offered to other stations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chargepoint.common.files import locations
from chargepoint.common.files.jobs import Publication
from chargepoint.common.files.publishing import Publishing
from chargepoint.core.block import Block, action, answers
from chargepoint.v201 import topics
from chargepoint.v201.files.requests import attempts_of, rejected

if TYPE_CHECKING:
    pass


class Publications(Publishing, Block):
    """published: see Publishing"""

    __slots__ = ("published",)

    GUEST = True
    KEYS = ("published",)

    def restore(self, saved: dict[str, Any], now: float) -> None:
        self.published: dict[str, list[str]] | None = saved.get("published")

    def saved(self) -> dict[str, Any]:
        """`published` for the snapshot: {checksum: addresses}."""
        if not self.published:
            return {}
        return {"published": {checksum: [*at] for checksum, at in self.published.items()}}

    @answers(topics.PUBLISHED_AT)
    def places_of(self, checksum: str) -> list[str] | None:
        """Where a file is to be had; None where it is not published."""
        return (self.published or {}).get(checksum)

    @action("PublishFirmware")
    def on_publish_firmware(self, payload: dict, now: float) -> dict:
        """PublishFirmware (L03)."""
        if why := locations.refusal(payload["location"]):
            return rejected("InvalidURL", why)
        if self.going_out():
            return rejected("FwUpdateInProgress", "another file is being fetched")
        job = Publication(
            payload["location"],
            **attempts_of(payload),
            request=payload["requestId"],
            checksum=payload["checksum"].lower(),
        )
        self.core.answers.later(self.begin_publication, job)
        return {"status": "Accepted"}

    @action("UnpublishFirmware")
    def on_unpublish_firmware(self, payload: dict, now: float) -> dict:
        return {"status": self.unpublish(payload["checksum"], now)}

    def trigger_publication_status(self, now: float) -> None:
        """Report the status of the publication, Idle where there is none."""
        job = self.files.job("publication") if self.going_out() else None
        self.files.tell_status("publication", job, now)
