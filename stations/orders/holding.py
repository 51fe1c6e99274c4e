"""Stations that ended a worker: counted, and held back after the second time until released.

Kept in MongoDB alone, without which no station is started: so nothing is forgotten with Redis.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from django.db import connection

from accounts.trail import acts
from stations.orders import named
from stations.orders.switching import update_where
from stations.worker import handling

DEATHS = 2  # of workers in the midst of a step of the same station
WITHIN = 3600.0  # seconds; what is longer ago counts no more
MOST_KEPT = 10


def suspects():
    """MongoDB collection `station_suspects`; `_id` is the identity."""
    return connection.get_collection("station_suspects")


def accuse_the_dead(root: Path) -> tuple[list[str], list[tuple[str, str]]]:
    """Look at what dead workers left under `root`.

    Returns their ids, and (identity, why it is held back, or "") of each that one had in hand.
    """
    dead, accused = [], []
    for worker, identity in handling.left_by_the_dead(root):
        dead.append(worker)
        if identity:
            accused.append((identity, accuse(identity, worker, time.time())))
    return dead, accused


def accuse(identity: str, worker: str, now: float) -> str:
    """Count the death of a worker in the midst of a step of this station.

    Returns why the station is held back from now on; "" where once is not enough.
    """
    known = suspects().find_one({"_id": identity}) or {}
    deaths = [death for death in known.get("deaths", ()) if now - death["time"] < WITHIN]
    if all(death["worker"] != worker for death in deaths):
        deaths.append({"worker": worker, "time": now})
    document = {"_id": identity, "deaths": deaths[-MOST_KEPT:]}
    suspects().replace_one({"_id": identity}, document, upsert=True)
    if len(deaths) < DEATHS:
        return ""
    last = f"{datetime.fromtimestamp(now, UTC):%Y-%m-%d %H:%M:%S} UTC"
    why = f"{len(deaths)} workers ended while they handled it, the last {last}"
    update_where({"identity": identity}, {"held_back": why})
    acts.note("held back", "stations.station", [identity], message=why)
    return why


def release(identities: Iterable[str]) -> int:
    """Let these stations start again, as if nothing had been; returns how many were held back."""
    wanted = list(identities)
    count = sum(
        update_where({"identity": {"$in": part}, "held_back": {"$gt": ""}}, {"held_back": ""})
        for part in named.parts(wanted)
    )
    forget(wanted)
    return count


def forget(identities: Iterable[str]) -> None:
    """What these stations are suspected of counts no more."""
    for part in named.parts(identities):
        suspects().delete_many({"_id": {"$in": part}})
