"""The WebSocket that the dashboard opens: ws/dashboard."""

from __future__ import annotations

import functools
import json

from accounts.passes import look_soon, watch
from emulator.dashboard.hub import Viewer, dashboard_hub
from emulator.dashboard.look import RIGHTS
from emulator.dashboard.series import RANGES
from emulator.rights import TABLE
from messaging.live.consumers import LoggedInConsumer
from runtime.stores import STORE_ERRORS


class DashboardConsumer(LoggedInConsumer):
    """ws/dashboard: what the first page shows, by the parts that the user may see.

    From the server: hello{ranges, parts}, figures{time, platform, stations?, messages?,
    scenarios?} some 2 s apart, history{range, seconds, step, t, platform, stations?, messages?},
    error{message}. A part whose store is away is {"away": why}.
    From the browser: range{range}, answered by a history.
    """

    address = "ws/dashboard"
    table = TABLE
    _viewer: Viewer | None = None

    async def entered(self) -> None:
        """Say `hello` with the parts that the user may see, and begin to send their figures."""
        given = self._pass
        seen = [p for p, right in RIGHTS.items() if not await look_soon(given, TABLE, right)]
        self._viewer = Viewer(seen, self.put)
        self._watched = [(RIGHTS[part], functools.partial(self._hide, part)) for part in seen]
        for right, hide in self._watched:
            watch().begin(given, TABLE, right, hide)
        ranges = {name: chosen.label for name, chosen in RANGES.items()}
        self.tell(type="hello", ranges=ranges, parts=sorted(self._viewer.parts))
        dashboard_hub().join(self._viewer)

    def _hide(self, part: str, code: int) -> None:
        self._viewer.hide(part)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Take `range` with one of RANGES and answer with its history; all else is answered with
        an `error`."""
        if self._viewer is None:
            return
        try:
            wish = json.loads(text_data or "")
            if wish["type"] != "range" or wish["range"] not in RANGES:
                raise ValueError(f"send a range of {', '.join(RANGES)}")
            self.put(await dashboard_hub().history(wish["range"], self._viewer))
        except STORE_ERRORS as error:
            self.tell(type="error", code="away", message=f"The figures are not reached: {error}.")
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            self.tell(type="error", code="bad_request", message=f"Not understood: {error}.")

    async def disconnect(self, code: int) -> None:
        """Forget the viewer, and look at its rights no longer."""
        if self._viewer is not None:
            dashboard_hub().leave(self._viewer)
            self._viewer = None
            for right, hide in self._watched:
                watch().leave(self._pass, right, hide)
        await super().disconnect(code)
