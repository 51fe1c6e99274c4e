"""One run at a time on a station: a row in MongoDB for each station that is taken, by its identity.

Two runs on one station would each take the other's frames and states for what its own steps brought
about. So a run whose station is taken waits until it is free. Behaviours, and runs that were asked
to share, neither take nor wait: they make life on a station, and judge little of it.
"""

from __future__ import annotations

import time

from bson import ObjectId
from pymongo import InsertOne
from pymongo.errors import BulkWriteError

from messaging.keeping.store import async_database
from messaging.records import when
from runtime.parts import by_ids_async, delete_by_ids_async
from scenarios.models import OPEN_STATES, Execution, StationTurn

TURNS = StationTurn._meta.db_table
EXECUTIONS = Execution._meta.db_table
CHUNK = 500
DUPLICATE = 11000


class FreeTurns:
    """Of runs that nobody else's can meet: every station is free."""

    async def take(self, execution: str, stations: list[str]) -> dict[str, str]:
        """{station: the execution that has it} of those that were not to be had."""
        return {}

    async def free(self, execution: str, stations: list[str]) -> None:
        """Let others have them."""


class StoredTurns(FreeTurns):
    """Of all runners that share a store. Any number may ask at once: an insert wins or does not."""

    async def take(self, execution: str, stations: list[str]) -> dict[str, str]:
        """Claim stations for an execution.

        Returns {identity: id of the execution that has it instead} of those that are another's.
        """
        taken: dict[str, str] = {}
        for start in range(0, len(stations), CHUNK):
            taken |= await self._take(execution, stations[start : start + CHUNK])
        return taken

    async def _take(self, execution: str, stations: list[str]) -> dict[str, str]:
        table, now = async_database()[TURNS], when(time.time())
        rows = [InsertOne({"_id": name, "execution": execution, "since": now}) for name in stations]
        try:
            await table.bulk_write(rows, ordered=False)
            return {}
        except BulkWriteError as refused:
            errors = refused.details["writeErrors"]
            if any(error["code"] != DUPLICATE for error in errors):
                raise
        held = await by_ids_async(table, stations, {"execution": {"$ne": execution}})
        taken = {row["_id"]: row["execution"] for row in held}
        await self._forget_ended(set(taken.values()))
        return taken

    async def _forget_ended(self, holders: set[str]) -> None:
        """Rows that nobody took away: of executions that have ended, or are gone."""
        wanted = {"_id": {"$in": list(map(ObjectId, holders))}, "state": {"$in": list(OPEN_STATES)}}
        found = async_database()[EXECUTIONS].find(wanted, {"_id": 1})
        ended = holders - {str(row["_id"]) async for row in found}
        if ended:
            await async_database()[TURNS].delete_many({"execution": {"$in": list(ended)}})

    async def free(self, execution: str, stations: list[str]) -> None:
        await delete_by_ids_async(async_database()[TURNS], stations, {"execution": execution})
