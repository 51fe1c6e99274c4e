"""Work on many stations as it is kept: a job, and what came of each of its stations.

A job is a document of `station_jobs`; its stations stand in `station_job_parts`, PART to a
document, each with what came of those that it has done so far, in their order. So progress is one
small write a slice and a report is read part by part, however many stations there are.

Who carries a job on holds it by a lease for a moment and a `turn`: a task that comes twice, or
late, finds another turn and ends. See carrying.py.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from bson import ObjectId
from django.db import connection
from pymongo import ReturnDocument

from accounts.trail import acts, values
from stations.configuration import secrets

CHOSEN, WAITING, RUNNING, DONE, STOPPED, FAILED = STATES = (
    "chosen", "waiting", "running", "done", "stopped", "failed",
)  # fmt: skip
OPEN = (WAITING, RUNNING)
RESULTS = ("done", "refused", "unknown")
JOB = "stations.job"  # to the trail
PART = 100
MOST_STATIONS = 50_000
MOST_OPEN = 20
MOST_KEPT = 100  # that are over
CHOSEN_AGE = 86_400.0  # seconds that a choice waits for what is to be done with it
MOST_ANSWER = 2000  # characters


class TooMany(Exception):
    """MOST_OPEN jobs are open already."""


class Result(NamedTuple):
    """Of a station. result: one of RESULTS; message: why not; answer: JSON of what it answered."""

    station: str
    result: str
    message: str = ""
    answer: str = ""


@dataclass(frozen=True)
class Job:
    """per_second: stations, 0 as fast as it goes. position: how many are done. Times: unix s."""

    id: str
    kind: str
    state: str
    title: str
    told: dict[str, Any]
    arguments: str = field(repr=False)  # encrypted
    per_second: float
    total: int
    position: int
    counts: dict[str, int]
    act: dict[str, str]
    created: float
    started: float | None
    ended: float | None
    due: float
    turn: int
    stop_asked: bool
    message: str
    slice: list[int] | None = None  # [first, end] that a worker has begun and not told of

    def read_arguments(self) -> dict[str, Any]:
        """Raises secrets.SecretUnreadable."""
        return json.loads(secrets.decrypt(self.arguments) or "{}")


def table() -> Any:
    return connection.get_collection("station_jobs")


def parts() -> Any:
    return connection.get_collection("station_job_parts")


def _of(document: Mapping[str, Any] | None) -> Job | None:
    if document is None:
        return None
    rest = {name: value for name, value in document.items() if name not in ("_id", "lease")}
    return Job(id=str(document["_id"]), **rest)


# --- making ------------------------------------------------------------------------------------


def keep(
    kind: str,
    title: str,
    stations: Sequence[str],
    arguments: Mapping[str, Any],
    told: Mapping[str, Any],
    per_second: float = 0.0,
) -> Job:
    """Keep a job for these stations; it waits to be carried on. Raises TooMany.

    arguments  JSON of what is to be done, kept encrypted
    told       the same for whoever looks, without secrets
    """
    _tidy()
    if table().count_documents({"state": {"$in": list(OPEN)}}) >= MOST_OPEN:
        raise TooMany
    job = _insert(kind, title, stations, per_second, arguments=arguments, told=told)
    details = {"what": title, "stations": len(stations), "per_second": per_second, **job.told}
    acts.note(f"{kind} many", JOB, [job.id], details=details)
    return job


def choose(stations: Sequence[str]) -> Job:
    """Keep a choice of stations, ticked in a list, until it is said what to do with them."""
    _tidy()
    job = _insert(CHOSEN, "Ticked stations", stations, 0.0, state=CHOSEN)
    acts.note("chosen", JOB, [job.id], details={"stations": len(stations)})
    return job


def _insert(
    kind: str, title: str, stations: Sequence[str], per_second: float, *, state: str = WAITING,
    arguments: Mapping[str, Any] | None = None, told: Mapping[str, Any] | None = None,
) -> Job:  # fmt: skip
    now, act, identity = time.time(), acts.current(), ObjectId()
    job = Job(
        id=str(identity), kind=kind, state=state, title=title,
        told=values.details(told or {}),
        arguments=secrets.encrypt(json.dumps(dict(arguments or {}))),
        per_second=per_second, total=len(stations), position=0, counts={}, act=_named(act),
        created=now, started=None, ended=None, due=now, turn=0, stop_asked=False, message="",
    )  # fmt: skip
    pieces = [
        {"_id": _part_id(job.id, n), "stations": list(stations[start : start + PART]),
         "results": []}
        for n, start in enumerate(range(0, len(stations), PART))
    ]  # fmt: skip
    for start in range(0, len(pieces), 50):
        parts().insert_many(pieces[start : start + 50])
    document = asdict(job)
    del document["id"]
    table().insert_one({"_id": identity, "lease": 0.0, **document})
    return job


def _named(act: acts.Act) -> dict[str, str]:
    return {"id": act.id, **act.who()}


def _part_id(job: str, number: int) -> str:
    return f"{job}:{number:06d}"


def _tidy() -> None:
    """Take away choices that led to nothing and the oldest of what is over."""
    stale = {"state": CHOSEN, "created": {"$lt": time.time() - CHOSEN_AGE}}
    going = [row["_id"] for row in table().find(stale, {"_id": 1})]
    over = table().find({"state": {"$in": [DONE, STOPPED, FAILED]}}, {"_id": 1})
    going += [row["_id"] for row in over.sort("_id", -1).skip(MOST_KEPT)]
    for identity in going:
        table().delete_one({"_id": identity})
        parts().delete_many({"_id": _range(str(identity))})


def _range(job: str) -> dict[str, str]:
    return {"$gte": f"{job}:", "$lt": f"{job};"}


# --- reading -----------------------------------------------------------------------------------


def read(job: str) -> Job | None:
    return _of(table().find_one({"_id": ObjectId(job)})) if ObjectId.is_valid(job) else None


def newest(limit: int, before: str = "") -> list[Job]:
    """Jobs, the newest first; `before`: only those older than that id."""
    match: dict[str, Any] = {"state": {"$ne": CHOSEN}}
    if before:
        match["_id"] = {"$lt": ObjectId(before)}
    return [_of(row) for row in table().find(match).sort("_id", -1).limit(limit)]


def overdue(seconds: float) -> list[Job]:
    """Open jobs that nobody has carried on for so long."""
    match = {"state": {"$in": list(OPEN)}, "due": {"$lt": time.time() - seconds}}
    return [_of(row) for row in table().find(match)]


def stations_of(job: str, first: int = 0, end: int | None = None) -> Iterator[str]:
    """Identities in their order, those of places [first, end)."""
    last = "~" if end is None else _part_id(job, max(0, end - 1) // PART)
    match = {"_id": {"$gte": _part_id(job, first // PART), "$lte": min(last, f"{job};")}}
    place = first // PART * PART
    for part in parts().find(match, {"stations": 1}).sort("_id", 1):
        for name in part["stations"]:
            if place >= first and (end is None or place < end):
                yield name
            place += 1


def results_of(job: str, first: int = 0) -> Iterator[tuple[int, Result]]:
    """(place, result) of the stations that are done, from a place on."""
    match = {"_id": {"$gte": _part_id(job, first // PART), "$lt": f"{job};"}}
    number = first // PART
    for part in parts().find(match).sort("_id", 1):
        named = zip(part["stations"], part["results"], strict=False)
        for place, (station, told) in enumerate(named, number * PART):
            if place >= first:
                yield place, Result(station, *told)
        number += 1


# --- carrying on -------------------------------------------------------------------------------


def claim(job: str, turn: int, seconds: float) -> Job | None:
    """Take an open job for so long; None where another has it, or had this turn already."""
    now = time.time()
    match = {
        "_id": ObjectId(job), "state": {"$in": list(OPEN)}, "turn": turn, "lease": {"$lt": now},
    }  # fmt: skip
    change = {"$set": {"lease": now + seconds, "state": RUNNING}, "$inc": {"turn": 1}}
    found = table().find_one_and_update(match, change, return_document=ReturnDocument.AFTER)
    if found is not None and found["started"] is None:
        table().update_one({"_id": found["_id"]}, {"$set": {"started": now}})
        found["started"] = now
    return _of(found)


def begin(job: Job, end: int) -> bool:
    """Say that the stations up to `end` are begun; False where the job is another's by now."""
    return _mine(job, {"$set": {"slice": [job.position, end], "lease": time.time() + 30}})


def told(job: Job, found: Sequence[Result]) -> bool:
    """Keep what came of the next stations; False where the job is another's by now."""
    if not _mine(job, {"$set": {"lease": time.time() + 30}}):
        return False
    place, rest = job.position, list(found)
    while rest:
        number, within = divmod(place, PART)
        some, rest = rest[: PART - within], rest[PART - within :]
        # By place and not by push: what a worker tells again, it tells of the same stations.
        change = {f"results.{within + n}": _row(one) for n, one in enumerate(some)}
        parts().update_one({"_id": _part_id(job.id, number)}, {"$set": change})
        place += len(some)
    counts = Counter(f"counts.{one.result}" for one in found)
    return _mine(job, {"$set": {"position": place, "slice": None}, "$inc": dict(counts)})


def _row(one: Result) -> list[str]:
    return [one.result, one.message[:500], one.answer[:MOST_ANSWER]]


def pause(job: Job, seconds: float) -> None:
    _mine(job, {"$set": {"lease": 0.0, "due": time.time() + seconds}})


def end(job: Job, state: str, message: str = "") -> None:
    """Store that the job is over, and drop what it was to do, which may hold secrets."""
    over = {"state": state, "message": message[:500], "ended": time.time(), "lease": 0.0}
    # What it was to do is not needed any more, and may hold secrets.
    _mine(job, {"$set": {**over, "arguments": "", "slice": None}})


def _mine(job: Job, change: Mapping[str, Any]) -> bool:
    match = {"_id": ObjectId(job.id), "turn": job.turn, "state": RUNNING}
    return bool(table().update_one(match, change).matched_count)


def stop(job: Job) -> bool:
    """Ask a job to end after the stations it is at; False where it is over."""
    match = {"_id": ObjectId(job.id), "state": {"$in": list(OPEN)}}
    asked = bool(table().update_one(match, {"$set": {"stop_asked": True}}).matched_count)
    if asked:
        acts.note("stopped", JOB, [job.id], details={"what": job.title})
    return asked


def stop_asked(job: Job) -> bool:
    """Whether somebody wants the job to stop, or its row is gone."""
    row = table().find_one({"_id": ObjectId(job.id)}, {"stop_asked": 1})
    return row is None or row["stop_asked"]


def merged(entries: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Entries of the trail, those that differ by their objects alone taken together."""
    alike: dict[str, list[dict[str, Any]]] = {}
    for entry in entries:
        own = ("_id", "time", "objects")
        key = json.dumps({n: v for n, v in entry.items() if n not in own}, default=str)
        alike.setdefault(key, []).append(entry)
    made = []
    for group in alike.values():
        names = [name for entry in group for name in entry.get("objects", ())]
        for start in range(0, max(1, len(names)), acts.MOST_OBJECTS):
            entry = dict(group[min(start, len(group) - 1)])
            if some := names[start : start + acts.MOST_OBJECTS]:
                entry["objects"] = some
            made.append(entry)
    return made
