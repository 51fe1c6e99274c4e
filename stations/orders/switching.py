"""Conditional updates of station rows: `running` is written here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection
from django_mongodb_backend.queryset import MongoQuerySet

from stations.orders import named, orders

PART = 100  # stations of an order that are seen to at a time
COLUMNS = ("running", "enabled", "ordered")  # what tells whether a row would change


class StationQuerySet(MongoQuerySet):
    def runnable(self) -> StationQuerySet:
        """The stations that the fleet must run."""
        return self.filter(enabled=True, running=True)


def set_running(identities: Iterable[str], running: bool, number: int | None = None) -> int:
    """Make the desired state so; returns how many rows changed. Disabled ones never start.

    `number`: of the order that is carried out; without, this is the newest of all.
    """
    number = orders.next_number() if number is None else number
    # By $ne: with plain values the embedded store would take the index of these two, and look at
    # all the rows that have them.
    enabled = {"enabled": {"$ne": False}} if running else {}
    # A row that is so already must take the number only where an earlier order may come to it.
    all_take_it = orders.some_before(number)
    changed = 0
    for part in named.parts(identities):
        match = {"identity": {"$in": part}, "ordered": {"$lt": number}, **enabled}
        values = {"running": running, "ordered": number}
        changed += update_where(match | {"running": {"$ne": running}}, values)
        if all_take_it:
            update_where(match, values)
    return changed


def would_change(rows: Iterable[Mapping[str, Any]], running: bool) -> int:
    """How many of these `set_running` would start or stop, orders that wait carried out.

    rows: with their COLUMNS.
    """
    standing = orders.standing(orders.all_waiting())

    def runs(row: dict) -> bool:
        number, ordered = standing.get(row["identity"], (0, False))
        return ordered and row["enabled"] if number > row["ordered"] else row["running"]

    return sum(runs(row) != running and (row["enabled"] or not running) for row in rows)


def rows_of(identities: Iterable[str]) -> list[dict]:
    """Documents with all their columns."""
    table = connection.get_collection(named.TABLE)
    return [
        row for part in named.parts(identities) for row in table.find({"identity": {"$in": part}})
    ]


def swap_where(match: dict, values: dict) -> dict | None:
    """As `update_where` of one row; returns the columns as they were, None where none matches."""
    return connection.get_collection(named.TABLE).find_one_and_update(match, {"$set": values})


def update_where(match: dict, values: dict) -> int:
    """Set columns of the rows that match, and return their number.

    Not by a QuerySet: it joins its conditions by `$and`, with which the embedded store looks at
    every row instead of the one that an index finds.
    """
    collection = connection.get_collection(named.TABLE)
    return collection.update_many(match, {"$set": values}).matched_count
