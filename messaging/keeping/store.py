"""MongoDB as messaging uses it: clients, collections, indexes and retention.

pymongo is used as it is and not by Django's ORM: documents are written in bulk and read by
coroutines. There is one client a process, and one more for each event loop.
"""

import asyncio
import os
import weakref

from django.db import connections
from pymongo import ASCENDING, AsyncMongoClient, IndexModel, MongoClient
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import BulkWriteError

from messaging.keeping.frames import BEFORE, FRAMES

MESSAGES = BEFORE  # of before; those of now are FRAMES
MINUTES = "message_minutes"
HOURS = "message_hours"
TRANSACTIONS = "transactions"
SESSION_HOURS = "transaction_hours"
SAMPLES = "transaction_samples"
NEWS = "transaction_news"
CATALOG = "message_catalog"
STATIONS = "message_stations"
STATISTICS = "message_statistics"
COLLECTIONS = (
    MESSAGES, FRAMES, CATALOG, STATIONS, MINUTES, HOURS, STATISTICS, TRANSACTIONS, SESSION_HOURS,
    SAMPLES, NEWS,
)  # fmt: skip

DUPLICATE_KEY = 11000

FORMER_TTL_INDEX = "time_ttl"
FORMER_INDEXES = ("time", "station_time", "uid", "failed_time")  # of messages
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


def insert_new(collection: Collection, documents: list[dict]) -> list[dict]:
    """Insert what is not there yet, and return it."""
    try:
        collection.insert_many(documents, ordered=False)
    except BulkWriteError as error:
        if codes_of(error) != {DUPLICATE_KEY}:
            raise
        there = {problem["index"] for problem in error.details["writeErrors"]}
        return [made for at, made in enumerate(documents) if at not in there]
    return documents


def codes_of(error: BulkWriteError) -> set[int]:
    """Why the refused of a bulk were refused."""
    return {problem["code"] for problem in error.details["writeErrors"]}


def ensure_indexes(db: Database) -> None:
    """Create what is read by.

    No field of a message has an index: the catalog (catalog.py) says where what is. No index has a
    TTL: see docs/decisions/0006-retention.md.
    """
    for name in (MINUTES, HOURS):
        if FORMER_TTL_INDEX in db[name].index_information():
            db[name].drop_index(FORMER_TTL_INDEX)
        db[name].create_indexes([IndexModel([("time", ASCENDING)], name="time")])
    db[STATISTICS].create_indexes([IndexModel([("time", ASCENDING)], name="time")])
    db[MINUTES].create_indexes([IndexModel([("dirty", ASCENDING)], name="dirty", sparse=True)])
    for name in (CATALOG, FRAMES):
        db[name].create_indexes([IndexModel([("minute", ASCENDING)], name="minute")])
    db[STATIONS].create_indexes([IndexModel([("hour", ASCENDING)], name="hour")])
    db[TRANSACTIONS].create_indexes(
        [
            IndexModel([("station", ASCENDING), ("started", ASCENDING)], name="station_started"),
            IndexModel([("started", ASCENDING)], name="started"),
            IndexModel([("state", ASCENDING), ("started", ASCENDING)], name="state_started"),
        ]
    )
    db[SESSION_HOURS].create_indexes(
        [
            IndexModel([("time", ASCENDING)], name="time"),
            IndexModel([("changed", ASCENDING)], name="changed", sparse=True),
            IndexModel([("active", ASCENDING)], name="active", sparse=True),
        ]
    )
    db[SAMPLES].create_indexes(
        [
            IndexModel([("session", ASCENDING)], name="session"),
            IndexModel([("time", ASCENDING)], name="time"),
        ]
    )
    db[NEWS].create_indexes([IndexModel([("time", ASCENDING)], name="time")])
