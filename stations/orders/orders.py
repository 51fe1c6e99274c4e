"""Orders to start or stop many stations: kept, answered, and then carried out.

The rows of thousands take longer to write than an answer may. So an order is kept first, as one
document for each shard. Whoever runs the shard starts or stops its stations and then writes their
rows; what it has not written when it dies is done by the shard's next owner, and where no worker
is, the periodic sync writes the rows. Until then the order and the row together say what is wanted.

Every order has a number, higher than those before it, and so has every switching of a few. A row
takes none that is lower than what it has taken. So it does not matter who carries an order out, how
often, or how late: a worker that was frozen in the midst of one turns nothing back.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bson import ObjectId
from django.db import connection
from pymongo import ReturnDocument

from runtime.parts import parts
from stations.orders import sharding

# Seconds after the last sign of whoever is at it, after which nobody carries an order out.
LEFT_OVER = 120.0
_NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Order:
    """What is left of an order for one shard."""

    id: ObjectId
    number: int
    running: bool
    identities: list[str]


def collection() -> Any:
    """MongoDB collection `station_orders`: the orders, and the highest number so far."""
    return connection.get_collection("station_orders")


def next_number() -> int:
    """The number of the next order: one counter in MongoDB, so no two processes get the same."""
    counter = collection().find_one_and_update(
        {"_id": _NUMBER}, {"$inc": {"value": 1}}, upsert=True,
        return_document=ReturnDocument.AFTER,
    )  # fmt: skip
    return counter["value"]


def keep(identities: Iterable[str], running: bool) -> None:
    """Keep an order for these stations; it stands from then on."""
    among = sharding.in_force()  # asked once: another thread may learn of a division meanwhile
    by_shard = sharding.by_shard(identities, among)
    number, now = next_number(), time.time()
    collection().insert_many(
        {
            "number": number, "shard": shard, "among": among, "running": running,
            "identities": members, "time": now,
        }
        for shard, members in by_shard.items()
    )  # fmt: skip


def waiting(shards: Iterable[int]) -> list[Order]:
    """Those of these shards that are not done, in their order; among them those that were kept
    when a shard's stations were in one that it has come out of since."""
    own = sorted(shards)
    last = {ancestor: shard for shard in own for ancestor in sharding.ancestors(shard)}
    before = [{"shard": shard, "among": {"$lte": child}} for shard, child in last.items()]
    return _read({"$or": [{"shard": {"$in": own}}, *before]})


def standing(given: Iterable[Order]) -> dict[str, tuple[int, bool]]:
    """(number, running) by identity: what counts where the row has taken no such number yet."""
    newest: dict[str, tuple[int, bool]] = {}
    for order in given:
        told = (order.number, order.running)
        for identity in order.identities:
            newest[identity] = max(told, newest.get(identity, told))
    return newest


def all_waiting() -> list[Order]:
    return _read({"number": {"$gt": 0}})


def left_over() -> list[Order]:
    """Those that nobody carries out."""
    return _read(_nobody_is_at_it())


def _nobody_is_at_it() -> dict:
    return {"time": {"$lt": time.time() - LEFT_OVER}}


def attend(given: Iterable[Order]) -> None:
    """Say that somebody is at these: of a large order the rows take minutes."""
    for part in parts(order.id for order in given):
        collection().update_many({"_id": {"$in": part}}, {"$set": {"time": time.time()}})


def claim(order: Order) -> bool:
    """Take over one that nobody carries out; False where another has, or it is done."""
    mine = {"_id": order.id, **_nobody_is_at_it()}
    return bool(collection().update_one(mine, {"$set": {"time": time.time()}}).modified_count)


def some_before(number: int) -> bool:
    """Whether an order is not done that was given before this number."""
    return collection().find_one({"number": {"$lt": number}}, {"_id": 1}) is not None


def done(order: Order) -> None:
    """All its rows have been written."""
    collection().delete_one({"_id": order.id})


def forget(identities: Iterable[str]) -> None:
    """Deleted stations: no order that waits is for a new one of the name."""
    gone = set(identities)
    for order in all_waiting():
        if not gone.isdisjoint(order.identities):
            left = [identity for identity in order.identities if identity not in gone]
            collection().update_one({"_id": order.id}, {"$set": {"identities": left}})


def _read(match: dict) -> list[Order]:
    documents = collection().find(match).sort([("number", 1), ("shard", 1)])
    return [
        Order(each["_id"], each["number"], each["running"], each["identities"])
        for each in documents
    ]
