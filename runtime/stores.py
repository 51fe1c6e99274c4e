"""What it means that a store is away: MongoDB, or Redis and the broker in it.

The same outage has many names: the ORM raises Django's errors for pymongo's, kombu its own for
redis-py's, and redis-py's TimeoutError is none of its ConnectionErrors.
"""

from __future__ import annotations

from collections.abc import Iterator

import django.db
from kombu.exceptions import OperationalError
from pymongo.errors import ConnectionFailure, PyMongoError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import (
    MasterDownError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)
from redis.exceptions import TimeoutError as RedisTimeoutError

# What work that must go on catches around a store, whichever client it asks by. The built-in
# TimeoutError, which asyncio.timeout raises, is an OSError.
STORE_ERRORS = (django.db.Error, PyMongoError, RedisError, OperationalError, OSError)

MONGODB, REDIS = "MongoDB", "Redis"
# A Redis that answers and takes nothing: its memory or its disk is full, it is a replica.
REFUSALS = (OutOfMemoryError, ReadOnlyError, MasterDownError)
REFUSING_WORDS = ("MISCONF ", "NOREPLICAS ")
OUT_OF_DISK = 14031  # MongoDB's error code OutOfDiskSpace


class StoreAway(Exception):
    """A store did not answer in time; `store` is its name."""

    def __init__(self, store: str) -> None:
        super().__init__(f"{store} did not answer in time")
        self.store = store


def away(error: BaseException) -> str:
    """The name of the store that is away by this error or by what caused it; "" if none is."""
    return next(filter(None, map(_away, _chain(error))), "")


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        found = waiting.pop()
        if found is None or id(found) in seen:
            continue
        seen.add(id(found))
        yield found
        waiting += [found.__context__, found.__cause__]
        if isinstance(found, BaseExceptionGroup):
            waiting += found.exceptions


def _away(error: BaseException) -> str:
    match error:
        case StoreAway():
            return error.store
        case RedisConnectionError() | RedisTimeoutError() | OperationalError():
            return REDIS
        case ResponseError():
            said = str(error)  # a script's error has the command's somewhere within it
            refused = isinstance(error, REFUSALS) or any(word in said for word in REFUSING_WORDS)
            return REDIS if refused else ""
        case ConnectionFailure():
            return MONGODB
        case PyMongoError():
            full = getattr(error, "code", None) == OUT_OF_DISK
            return MONGODB if error.timeout or full else ""
    return ""
