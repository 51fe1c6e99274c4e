"""One browser's share of the live stream: a bounded window, and an account of what it missed."""

from __future__ import annotations

import json
from collections import deque

from messaging.rows import LiveFilter, Row

WINDOW_RECORDS = 1500
WINDOW_CHARACTERS = 2_000_000


class Viewer:
    """Turns batches into frames for one browser.

    What was sent and not acknowledged is counted, never kept: at the window's edge rows are
    counted as missed with their range of ids, and the browser is told when there is room again.
    """

    def __init__(self, wanted: LiveFilter, window: int = WINDOW_RECORDS, masks: bool = True):
        """`masks`: hide secrets; they are not to be found by a filter's text either."""
        self.masks = masks
        self.filter = wanted
        self.window = window
        self.sent = 0
        self.missed_total = 0
        self._serial = 0
        self._unacknowledged: deque[tuple[int, int, int]] = deque()
        self._records = 0
        self._characters = 0
        self._missed = 0
        self._missed_first = self._missed_last = ""

    def offer(self, rows: list[Row]) -> list[str]:
        """Return the frames to send for a batch."""
        wanted = self.filter.select([row.masked for row in rows] if self.masks else rows)
        if not wanted:
            return []
        if self._missed or not self._room(len(wanted)):
            self._miss(wanted)
            return self._tell_missed()
        return [self._frame(wanted)]

    def _room(self, records: int = 1) -> bool:
        if not self._records:
            return True  # a batch larger than the window still passes an idle viewer
        return self._records + records <= self.window and self._characters < WINDOW_CHARACTERS

    def _frame(self, rows: list[Row]) -> str:
        self._serial += 1
        items = ",".join([row.json for row in rows])
        self._unacknowledged.append((self._serial, len(rows), len(items)))
        self._records += len(rows)
        self._characters += len(items)
        self.sent += len(rows)
        return f'{{"type":"messages","serial":{self._serial},"items":[{items}]}}'

    def _miss(self, rows: list[Row]) -> None:
        if not self._missed:
            self._missed_first = self._missed_last = rows[0].record.id
        # Batches of several workers are not in one order.
        ids = [row.record.id for row in rows]
        self._missed_first = min(self._missed_first, min(ids))
        self._missed_last = max(self._missed_last, max(ids))
        self._missed += len(rows)
        self.missed_total += len(rows)

    def _tell_missed(self) -> list[str]:
        """Say what was missed once half the window is free, so that it is not said row by row."""
        if not self._missed or self._records > self.window // 2:
            return []
        notice = {
            "type": "missed",
            "count": self._missed,
            "first": self._missed_first,
            "last": self._missed_last,
        }
        self._missed = 0
        return [json.dumps(notice)]

    def acknowledge(self, serial: int) -> list[str]:
        """Take the browser's word that it has handled frames up to `serial`."""
        while self._unacknowledged and self._unacknowledged[0][0] <= serial:
            _, records, characters = self._unacknowledged.popleft()
            self._records -= records
            self._characters -= characters
        return self._tell_missed()
