"""MongoDB and Redis: reached, new enough, kept on disk, and of one time with us."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pymongo
from django.conf import settings

from emulator.doctor.findings import Area, Finding, megabytes
from emulator.monitoring import limits, signs
from runtime.stores import STORE_ERRORS

MONGODB, REDIS, CLOCK = map(Area, ("MongoDB", "Redis", "clock"))
PATIENCE = 3.0  # seconds for an answer
OLDEST_MONGODB, OLDEST_REDIS = (6, 0), (6, 2)
CLOCK_APART = 2.0  # seconds, beside what the question took
EVICTS_NOTHING = "noeviction"


def place_of(url: str) -> str:
    """Where a store is, without who asks it."""
    return urlsplit(url).netloc.rpartition("@")[2] or urlsplit(url).path


def mongodb(uri: str = "") -> Iterator[Finding]:
    """Whether it answers within PATIENCE, and what it can; of the settings where no uri is."""
    uri = uri or settings.MONGODB_URI
    milliseconds = int(PATIENCE * 1000)
    try:
        with pymongo.MongoClient(
            uri, serverSelectionTimeoutMS=milliseconds, connectTimeoutMS=milliseconds,
            socketTimeoutMS=milliseconds,
        ) as client:  # fmt: skip
            hello = client.admin.command("hello")
            version = client.admin.command("buildInfo")["version"]
            client[settings.MONGODB_NAME].list_collection_names()  # a right, where users have any
    except STORE_ERRORS as error:
        yield MONGODB.error(f"{_away('MongoDB', uri, error)}", _start("MONGODB"))
        return
    yield from _old(MONGODB, "MongoDB", version, OLDEST_MONGODB)
    if hello.get("setName"):
        members = len(hello.get("hosts", ()))
        if not hello.get("primary"):
            yield MONGODB.error(
                f"The replica set {hello['setName']} has no primary: nothing can be written.",
                "See rs.status() in mongosh: a majority of its members must be up.",
            )
        elif members == 2:
            yield MONGODB.warning(
                f"The replica set {hello['setName']} has two members: the loss of one is the loss "
                "of its majority.",
                "Add a third member, or an arbiter.",
            )
    elif hello.get("msg") != "isdbgrid" and not settings.MONGODB_EMBEDDED:
        yield MONGODB.warning(
            "MongoDB is one server without a replica set: its machine's loss is the data's.",
            "Make it a replica set of three for data that matter.",
        )
    yield MONGODB.ok(f"MongoDB {version} at {place_of(uri)} answers.")


def redis_store(url: str = "") -> Iterator[Finding]:
    """Whether it answers, its clock beside ours, what it does when full; as `mongodb`."""
    url = url or settings.REDIS_URL
    try:
        with signs.connect(url, PATIENCE) as client:
            begin = time.time()
            seconds, micros = client.time()
            end = time.time()
            info = client.info()
    except STORE_ERRORS as error:
        yield REDIS.error(_away("Redis", url, error), _start("REDIS"))
        return
    yield from _old(REDIS, "Redis", info["redis_version"], OLDEST_REDIS)
    yield from _keeping(info)
    yield REDIS.ok(f"Redis {info['redis_version']} at {place_of(url)} answers.")
    yield from clock(begin, seconds + micros / 1e6, end)


def clock(begin: float, theirs: float, end: float) -> Iterator[Finding]:
    """Redis' unix time, asked between two moments of ours."""
    ahead = theirs - (begin + end) / 2
    if abs(ahead) > CLOCK_APART + (end - begin) / 2:
        which = "ahead of" if ahead > 0 else "behind"
        yield CLOCK.warning(
            f"Redis' clock is {abs(ahead):.1f} s {which} this machine's. Times of messages are of "
            "the workers' machines; leases and ages do not depend on it.",
            "Have both machines follow NTP (chrony, systemd-timesyncd).",
        )
    else:
        yield CLOCK.ok(f"Redis' clock and this machine's are {abs(ahead):.2f} s apart.")


def _keeping(info: dict[str, Any]) -> Iterator[Finding]:
    if info.get("role") != "master":
        yield REDIS.error(
            "This Redis is a replica: it takes no writes.",
            "Name the master in REDIS_URL.",
        )
    most, used = int(info.get("maxmemory", 0)), int(info.get("used_memory", 0))
    if most and info.get("maxmemory_policy") != EVICTS_NOTHING:
        yield REDIS.error(
            f"Redis throws keys away when its memory is full ({info.get('maxmemory_policy')}): "
            "queued messages and states would be lost without a word.",
            f"Set its maxmemory-policy to {EVICTS_NOTHING}.",
        )
    if most and used > limits.MEMORY_SHARE * most:
        yield REDIS.error(
            f"Redis uses {megabytes(used)} of {megabytes(most)}; when that is full it refuses "
            "writes.",
            "Raise its maxmemory, or find out why queues grow.",
        )
    if not int(info.get("aof_enabled", 0)):
        yield REDIS.warning(
            "Redis keeps no append-only file: its end loses queued messages and states since its "
            "last snapshot.",
            "Start it with `--appendonly yes --appendfsync everysec`.",
        )
    for key, what in (
        ("aof_last_write_status", "append-only file"), ("rdb_last_bgsave_status", "snapshot"),
    ):  # fmt: skip
        if info.get(key, "ok") != "ok":
            yield REDIS.error(
                f"Redis could not write its last {what}.", "Make room on its disk; see its log."
            )


def _old(area: Area, name: str, version: str, oldest: tuple[int, int]) -> Iterator[Finding]:
    major, _, rest = version.partition(".")
    minor = rest.partition(".")[0]
    if (int(major), int(minor or 0)) < oldest:
        least = ".".join(map(str, oldest))
        yield area.error(f"{name} {version} is too old.", f"Install {least} or later.")


def _away(name: str, url: str, error: Exception) -> str:
    # pymongo adds its whole view of the topology after a comma.
    return f"{name} at {place_of(url)} does not answer: {str(error).split(',')[0][:200]}."


def _start(name: str) -> str:
    embedded = getattr(settings, f"{name}_EMBEDDED")
    variable = "MONGODB_URI" if name == "MONGODB" else "REDIS_URL"
    if embedded:
        return "Start the platform (`manage.py up`), which brings it."
    return f"Start it, or correct {variable}; a firewall may lie between."
