"""Writing the trail: first a file of this machine, then MongoDB; then the file goes.

What happened is in the file before anybody hears of it, so neither a kill nor a store that is away
loses it (docs/decisions/0025-the-trail.md). An entry's id is fixed: what is written twice is there
once. A file stands for an act, and no two processes write one.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from pymongo.errors import BulkWriteError

from runtime.stores import STORE_ERRORS

log = logging.getLogger(__name__)

COLLECTION = "trail"
FOLDER = "trail"  # in the data directory
LEFT_AFTER = 30.0  # seconds without a word; then anybody may write what a file has
DUPLICATE_KEY = 11000
AT_ONCE = 1000  # documents of a command
MOST_FILES = 20_000
Entries = list[dict[str, Any]]

_later: Entries = []
_later_acts: set[str] = set()
_changing = threading.Lock()  # of the two above; no I/O within
_owing = True  # whether there may be files to take up: of a process before this one, at first


def collection() -> Any:
    return connection.get_collection(COLLECTION)


def folder() -> Path:
    return Path(settings.DATA_DIR) / FOLDER


# --- the file --------------------------------------------------------------------------------


def remember(act: str, entries: Entries) -> bool:
    """Have entries on disk. False where that failed; then the log of the process has them."""
    if not entries:
        return True
    data = "".join(json.dumps(entry, default=_text) + "\n" for entry in entries).encode()
    try:
        place = folder()
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(place / f"{act}.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(file, data)
        finally:
            os.close(file)
    except OSError as error:
        log.error("The trail cannot be kept on disk: %s", error)
        return False
    return True


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _read(file: Path) -> Entries:
    """What can be read of a file; a kill may have cut its last line."""
    found = []
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            entry = json.loads(line)
            entry["time"] = datetime.fromisoformat(entry["time"])
        except (ValueError, KeyError, TypeError):
            log.error("A line of the trail cannot be read: %.200r", line)
            continue
        found.append(entry)
    return found


# --- the store -------------------------------------------------------------------------------


def keep(entries: Entries, act: str = "") -> None:
    """Write entries. Never raises: what they tell has happened already, and stays.

    act: whose file may have them, or what was not to be kept; left out: none has.
    """
    global _owing
    if not entries:
        if act:
            _drop(act)
        return
    file = folder() / f"{act or entries[0]['_id']}.jsonl"
    try:
        insert(entries)
    except Exception as error:  # noqa: BLE001 - the action is done, and must be answered as such
        _owing = True
        with suppress(OSError):
            file.unlink(missing_ok=True)  # it has them as they were before the answer
        on_disk = remember(file.stem, entries)
        log.error(
            "%d entries of the trail are not in MongoDB (%s); %s", len(entries), str(error)[:200],
            "they wait on disk" if on_disk else f"they are: {json.dumps(entries, default=_text)}",
            exc_info=not isinstance(error, STORE_ERRORS),
        )  # fmt: skip
        return
    if act:
        _drop(act)
    if _owing:
        take_up()


def _drop(act: str) -> None:
    with suppress(OSError):
        (folder() / f"{act}.jsonl").unlink(missing_ok=True)


def insert(entries: Entries) -> None:
    """Insert what is not there yet, in few commands."""
    for start in range(0, len(entries), AT_ONCE):
        try:
            collection().insert_many(entries[start : start + AT_ONCE], ordered=False)
        except BulkWriteError as error:
            if {each["code"] for each in error.details["writeErrors"]} != {DUPLICATE_KEY}:
                raise


def take_up() -> int:
    """Write what files of before have: of processes that died, or without a store. How many."""
    global _owing
    try:
        files = sorted(folder().glob("*.jsonl"))[:MOST_FILES]
    except OSError:
        return 0
    count, left = 0, False
    for file in files:
        try:
            if time.time() - file.stat().st_mtime < LEFT_AFTER:
                left = True
                continue
            entries = _read(file)
            insert(entries)
            file.unlink(missing_ok=True)
            count += len(entries)
        except FileNotFoundError:
            continue  # another process has taken it up
        except STORE_ERRORS as error:
            log.warning("Entries of the trail still wait on disk: %s", str(error)[:200])
            return count
    _owing = left
    if count:
        log.warning("%d entries of the trail that waited on disk are written.", count)
    return count


# --- many at a time --------------------------------------------------------------------------


def keep_later(entries: Entries) -> None:
    """Have entries on disk, and in MongoDB with the next `flush`; those alike become one."""
    if not entries:
        return
    act = entries[0]["_id"]
    remember(act, entries)
    with _changing:
        _later.extend(entries)
        _later_acts.add(act)


def keep_soon(entries: Entries) -> None:
    """As `keep`; on an event loop's thread the store is asked by another."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        keep(entries)
        return
    keep_later(entries)
    loop.run_in_executor(None, flush)


def waits() -> bool:
    """Whether the next `flush` has anything to do."""
    return bool(_later)


def flush() -> None:
    """Write what waits. Call it in a thread that may ask MongoDB."""
    global _later, _later_acts, _owing
    with _changing:
        waiting, files = _later, _later_acts
        _later, _later_acts = [], set()
    if not waiting:
        return
    try:
        insert(joined(waiting))
    except Exception as error:  # noqa: BLE001 - the files have it
        log.error("%d entries of the trail wait on disk: %s", len(waiting), str(error)[:200])
        _owing = True
        return
    for name in files:
        _drop(name)
    if _owing:
        take_up()


def joined(entries: Iterable[dict[str, Any]], most: int = 500) -> Entries:
    """Entries that differ in their objects and their time alone become one, of the first time."""
    made: dict[str, dict[str, Any]] = {}
    full: Entries = []
    for entry in entries:
        own = ("_id", "time", "objects")
        key = json.dumps({k: v for k, v in entry.items() if k not in own}, default=str)
        there = made.get(key)
        if there is None:
            made[key] = dict(entry)
        elif not (there.get("objects") and entry.get("objects")):
            full.append(entry)
        elif len(there["objects"]) + len(entry["objects"]) > most:
            full.append(there)
            made[key] = dict(entry)
        else:
            there["objects"] = [*there["objects"], *entry["objects"]]
    return [*full, *made.values()]
