"""Block of a 2.x station: what is asked for under a number and told in several messages.

A page is sent when the one before it was answered, or its answer was waited for in vain: a CSMS
that is slow is not flooded, and no page waits in the queue of Calls, where news is thinned out.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import orjson

from chargepoint.core.block import Block, failed, got

REPORT_BYTES = "EmulatorCtrlr.ReportBytes"  # ours: of one message, its frame included
PAGED = (  # the Calls that are pages
    "NotifyCustomerInformation", "NotifyDisplayMessages", "NotifyMonitoringReport", "NotifyReport",
    "ReportChargingProfiles", "ReportDERControl",
)  # fmt: skip
_FRAME = 400  # bytes of all that is not in the list: ids, times, numbers


class Page(NamedTuple):
    """The context of a Call that is a page: those that are to come after it."""

    action: str
    rest: tuple[dict[str, Any], ...]
    why: str = "triggered"  # the CSMS has asked for it, also while the station is Pending


class Paging(Block):
    """It has no state: what is left of a report is with the page that is under way, and lost with
    the link as any other Call is."""

    __slots__ = ()

    KEEPS = False

    def split(self, items: Iterable[Any], most: int | None = None) -> list[list[Any]]:
        """In lists that fit into a message by EmulatorCtrlr.ReportBytes, of `most` items each.

        What does not fit alone stands alone.
        """
        room = self.core.model.integer(REPORT_BYTES) - _FRAME
        pages: list[list[Any]] = []
        left = 0
        for item in items:
            size = len(orjson.dumps(item)) + 1
            if not pages or size > left or len(pages[-1]) == most:
                pages.append([])
                left = room
            pages[-1].append(item)
            left -= size
        return pages

    def tell_pages(self, action: str, pages: list[dict[str, Any]], now: float) -> None:
        """Send the first, and each of the others after the one before it."""
        first, *rest = pages
        self.core.calls.make(action, first, now, Page(action, tuple(rest)))

    def tell_in_parts(
        self, action: str, request_id: int, field: str, parts: list[Any], now: float
    ) -> None:
        """What was asked for under a number, a Call for each part."""
        pages = [
            {
                "requestId": request_id,
                "generatedAt": self.core.clock.stamp(now),
                "seqNo": number,
                "tbc": number + 1 < len(parts),
                field: part,
            }
            for number, part in enumerate(parts)
        ]
        self.tell_pages(action, pages, now)

    # --- the end of a page -------------------------------------------------------------------

    @got(*PAGED)
    def _page_answered(self, payload: dict, context: Any, now: float) -> None:
        if type(context) is Page and context.rest:
            self.tell_pages(context.action, [*context.rest], now)

    @failed(*PAGED)
    def _page_failed(self, code: str, context: Any, now: float) -> None:
        if code != "Disconnected":
            self._page_answered({}, context, now)
