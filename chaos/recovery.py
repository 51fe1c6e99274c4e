"""When is all well again? And how long did that take?"""

from __future__ import annotations

import http.client
import json
import time
from collections import defaultdict
from collections.abc import Callable

import pymongo.errors

from benchmarks.child import Child
from benchmarks.stack import METRICS
from chaos.platform import Platform
from messaging.keeping import frames
from messaging.keeping.catalog import checksum, sheet
from runtime.parts import by_ids

PATIENCE = 300.0  # seconds; what takes longer is not slow but broken
RELIEF_AFTER = 60.0  # seconds; on a busy machine the load itself may be what keeps it behind
STEP = 0.5
SEEN_WITHIN = 90  # minutes; a worker's clock may be an hour behind


class Recovery:
    """Waits after each round; `took` has the seconds by fault."""

    def __init__(
        self, platform: Platform, csms: Child, stations: tuple[str, ...],
        relieve: Callable[[bool], None],
    ) -> None:  # fmt: skip
        self.platform, self.csms, self.stations = platform, csms, list(stations)
        self.relieve = relieve
        self.relieved = 0
        self.took: dict[str, list[float]] = defaultdict(list)
        self.failed: list[str] = []
        self.last = ""  # what was missing last, of the last wait

    def wait(self, name: str, since: float) -> float:
        """Seconds from `since` (monotonic) until everything works; PATIENCE and more: it did not.

        Stations go on with their sessions meanwhile, for a minute; then they are let come to rest.

        Every station has spoken on an open link since then and was answered, what it said is in
        the log, and `health` finds no problem.
        """
        limit, relief = time.monotonic() + PATIENCE, time.monotonic() + RELIEF_AFTER
        uids: dict[str, str] = {}
        missing = self.last = ""
        while time.monotonic() < limit:
            self.platform.pause(STEP)
            if time.monotonic() > relief:
                relief = limit
                self.relieved += 1
                self.relieve(True)
            served = self.csms.ask("in service", since=since, stations=self.stations)
            uids = {station: uids.get(station, uid) for station, uid in served.items()}
            missing = self._missing(uids)
            self.last = missing or self.last
            if not missing:
                break
        took = time.monotonic() - since
        self.took[name].append(took)
        if missing:
            self.failed.append(f"{name}: not well after {took:.0f} s: {missing}")
        if relief == limit:
            self.relieve(False)
        return took

    def _missing(self, uids: dict[str, str]) -> str:
        if away := sorted(set(self.stations) - set(uids)):
            return f"{len(away)} stations are not in service: {', '.join(away[:5])}"
        if late := sorted(self._not_logged(uids)):
            return f"the log lacks what {len(late)} stations said: {', '.join(late[:5])}"
        return self._ill()

    def _not_logged(self, uids: dict[str, str]) -> set[str]:
        database = self.platform.mongo
        wanted = {checksum(uid) for uid in uids.values()}
        now = int(time.time()) // 60
        try:
            rows = database["message_catalog"].find({"minute": {"$gte": now - SEEN_WITHIN}})
            names = [row["_id"] for row in rows if not wanted.isdisjoint(sheet(row).uids)]
            kept = by_ids(database[frames.FRAMES], names)
            said = (record for each in kept for record in frames.records_in(each))
            return set(uids) - {
                record.station for record in said
                if record.direction == "sent" and uids.get(record.station) == record.uid
            }
        except pymongo.errors.PyMongoError as error:
            return {f"(the store: {type(error).__name__})"}

    def _ill(self) -> str:
        link = http.client.HTTPConnection("127.0.0.1", self.platform.stack.web_port, timeout=10)
        try:
            link.request("GET", "/api/health", headers=METRICS)
            answer = json.loads(link.getresponse().read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            return f"health does not answer: {error!r}"
        finally:
            link.close()
        workers = answer["charge_points"]["workers"]
        if workers < self.platform.workers:
            return f"health knows {workers} of {self.platform.workers} workers"
        return "" if answer["status"] == "ok" else f"health: {answer['problems']}"
