"""MongoDB as messaging uses it: clients, collections, indexes and retention.

pymongo is used as it is and not by Django's ORM: documents are written in bulk and read by
coroutines. There is one client a process, and one more for each event loop.
"""

import asyncio
import os
import weakref
from datetime import timedelta

from django.db import connections
from pymongo import ASCENDING, AsyncMongoClient, IndexModel, MongoClient
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.database import Database
from pymongo.errors import OperationFailure

MESSAGES = "messages"
MINUTES = "message_minutes"
HOURS = "message_hours"
TRANSACTIONS = "transactions"

TTL_INDEX = "time_ttl"
_clients: dict[int, MongoClient] = {}
_async_clients: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, AsyncMongoClient]" = (
    weakref.WeakKeyDictionary()
)


def _parameters() -> tuple[dict, str]:
    settings = connections["default"].settings_dict
    parameters = {"host": settings["HOST"] or None, "tz_aware": True, **settings["OPTIONS"]}
    for ours, theirs in (("USER", "username"), ("PASSWORD", "password"), ("PORT", "port")):
        if settings.get(ours):
            parameters[theirs] = int(settings[ours]) if ours == "PORT" else settings[ours]
    return parameters, settings["NAME"]


def database() -> Database:
    """Return the blocking database handle; its client is made once in each process."""
    parameters, name = _parameters()
    client = _clients.get(os.getpid())
    if client is None:
        client = _clients[os.getpid()] = MongoClient(**parameters)
    return client[name]


def async_database() -> AsyncDatabase:
    """Return the database handle of the running event loop."""
    parameters, name = _parameters()
    loop = asyncio.get_running_loop()
    client = _async_clients.get(loop)
    if client is None:
        client = _async_clients[loop] = AsyncMongoClient(**parameters)
    return client[name]


async def close_async() -> None:
    """Close the running loop's client."""
    client = _async_clients.pop(asyncio.get_running_loop(), None)
    if client is not None:
        await client.close()


def ensure_indexes(db: Database, retention_days: int) -> None:
    """Create what the history reads by.

    Each index costs the embedded store a sixth of its inserts, so there are few: time (also the
    retention), station with time, the unique id, and time for failures only.
    """
    seconds = int(timedelta(days=retention_days).total_seconds())
    for name in (MESSAGES, MINUTES, HOURS):
        ttl = IndexModel([("time", ASCENDING)], name=TTL_INDEX, expireAfterSeconds=seconds)
        db[name].create_indexes([ttl])
    db[MESSAGES].create_indexes(
        [
            IndexModel([("station", ASCENDING), ("time", ASCENDING)], name="station_time"),
            IndexModel([("uid", ASCENDING)], name="uid"),
            IndexModel(
                [("failed", ASCENDING), ("time", ASCENDING)],
                name="failed_time",
                partialFilterExpression={"failed": True},
            ),
        ]
    )
    db[TRANSACTIONS].create_indexes(
        [
            IndexModel([("station", ASCENDING), ("started", ASCENDING)], name="station_started"),
            IndexModel([("started", ASCENDING)], name="started"),
            IndexModel([("state", ASCENDING), ("started", ASCENDING)], name="state_started"),
        ]
    )


def set_retention(db: Database, days: int) -> bool:
    """Bring the TTL indexes in line with the setting; True if they had to change."""
    seconds = int(timedelta(days=days).total_seconds())
    changed = False
    for name in (MESSAGES, MINUTES, HOURS):
        present = db[name].index_information().get(TTL_INDEX)
        if present is None:
            ensure_indexes(db, days)
            return True
        if int(present.get("expireAfterSeconds", -1)) == seconds:
            continue
        changed = True
        try:
            index = {"name": TTL_INDEX, "expireAfterSeconds": seconds}
            db.command("collMod", name, index=index)
        except OperationFailure:
            db[name].drop_index(TTL_INDEX)
            ensure_indexes(db, days)
    return changed
