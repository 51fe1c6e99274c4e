"""Conditional updates of station rows: `running` is written here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection
from django_mongodb_backend.queryset import MongoQuerySet

TABLE = "stations_station"


class StationQuerySet(MongoQuerySet):
    def runnable(self) -> StationQuerySet:
        """The stations that the fleet must run."""
        return self.filter(enabled=True, running=True)

    def set_running(self, running: bool) -> int:
        """Make the desired state so; returns how many rows changed. Disabled ones never start."""
        rows = self.filter(running=not running)
        if running:
            rows = rows.filter(enabled=True)
        return rows.update(running=running)


def set_running(identities: Iterable[str], running: bool) -> int:
    """As the queryset's, for named stations."""
    match = {"identity": {"$in": list(identities)}, "running": not running}
    if running:
        match["enabled"] = True
    return update_where(match, {"running": running})


def update_where(match: dict, values: dict) -> int:
    """Set columns of the rows that match, and return their number.

    Not by a QuerySet: it joins its conditions by `$and`, with which the embedded store looks at
    every row instead of the one that an index finds.
    """
    collection = connection.get_collection(TABLE)
    return collection.update_many(match, {"$set": values}).matched_count
