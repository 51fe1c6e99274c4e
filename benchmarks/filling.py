"""Fills a platform's log as if its stations had talked for a day: messages, sheets, marks, counts,
statistics, and the dashboard's figures of a month.

A process of its own with the platform's environment (`python -m benchmarks.filling`), orders on
stdin. Everything is written by the code that writes it in operation, but for the batches' way
through Redis.
"""

from __future__ import annotations

import random
import sys
import time
from contextlib import suppress
from typing import Any

from pymongo.errors import BulkWriteError

DAY = 86_400
# Of a station's Calls: action, share, how long the CSMS takes in ms, text of the Call.
TALK = (
    ("Heartbeat", 0.45, 12, "{{}}"),
    ("MeterValues", 0.35, 25, '{{"connectorId":1,"transactionId":{n},"meterValue":[{{"timestamp":'
     '"2026-01-01T00:00:00Z","sampledValue":[{{"value":"{n}","measurand":'
     '"Energy.Active.Import.Register","unit":"Wh"}}]}}]}}'),
    ("StatusNotification", 0.15, 18,
     '{{"connectorId":1,"errorCode":"NoError","status":"Charging"}}'),
    ("StartTransaction", 0.025, 60, '{{"connectorId":1,"idTag":"TAG-1","meterStart":{n}}}'),
    ("StopTransaction", 0.025, 60, '{{"transactionId":{n},"meterStop":{n}}}'),
)  # fmt: skip
FAILING = 0.004


def minute_of_talk(
    minute: int, pairs: int, stations: list[str], chance: random.Random
) -> list[Any]:
    """The records of one minute: so many Calls, each with its answer."""
    from messaging.records import FrameRecord

    weights = [share for _, share, _, _ in TALK]
    made = []
    for n in range(pairs):
        action, _, usual, text = chance.choices(TALK, weights)[0]
        station = chance.choice(stations)
        sent = minute * 60 + 60 * n / pairs
        took = chance.lognormvariate(0, 0.5) * usual / 1000
        uid = f"{minute:x}{n:x}"
        call = f'[2,"{uid}","{action}",{text.format(n=n)}]'
        fails = chance.random() < FAILING
        answer = f'[4,"{uid}","InternalError","",{{}}]' if fails else f'[3,"{uid}",{{}}]'
        for number, (at, direction, kind, told, latency, error) in enumerate((
            (sent, "sent", "Call", call, None, ""),
            (sent + took, "received", "CallError" if fails else "CallResult", answer, took,
             "InternalError" if fails else ""),
        )):  # fmt: skip
            record = FrameRecord(
                f"{round(at * 1e6):014x}{2 * n + number:08x}", station, 1, 2 * n + number, at,
                direction, kind, action, uid, told, latency, error,
            )  # fmt: skip
            made.append(record)
    return made


def fill(stations: list[str], messages: int, seconds: int = DAY) -> dict[str, Any]:
    """Over the time that ends now. Returns what was written, and the seconds that it took."""
    from messaging.keeping import counting, store
    from messaging.keeping.catalog import listed, minute_of
    from messaging.keeping.frames import document_of
    from messaging.keeping.marks import mark

    db, chance = store.database(), random.Random(19)
    began, now = time.time(), time.time()
    last = int(now) // 60 - 2
    minutes = range(last - seconds // 60, last)
    pairs = max(1, messages // 2 // len(minutes))
    written = 0
    for minute in minutes:
        records = minute_of_talk(minute, pairs, stations, chance)
        mark(db, {(minute_of(record), record.station) for record in records})
        sheets = listed(records)
        kept = [document_of(row["_id"], row["minute"], some) for row, some in sheets]
        db[store.FRAMES].insert_many(kept, ordered=False)
        db[store.CATALOG].insert_many([row for row, _ in sheets], ordered=False)
        written += len(records)
        if minute % 60 == 0:
            print(f"{written:,} messages", file=sys.stderr, flush=True)
    counted = counting.count(db, now)
    month_of_figures(db, now, len(stations), pairs)
    return {"messages": written, "minutes": counted, "seconds": round(time.time() - began, 1)}


def month_of_figures(db: Any, now: float, stations: int, pairs: int) -> None:
    """The dashboard's coarse documents of the time before, as its task would have left them."""
    from emulator.dashboard import figures
    from messaging.records import when
    from stations.state.live import LABELS

    states = dict.fromkeys(LABELS, 0) | {"connected": stations}
    for level in figures.LEVELS:
        numbers = range(int(now - level.kept) // level.seconds + 1, int(now) // level.seconds)
        amount = 2 * pairs * level.seconds // 60
        db[level.collection].delete_many({})
        made = [
            {
                "_id": number, "time": when(number * level.seconds), "seconds": level.seconds,
                "fleet": {"stations": stations, "connected": stations, "charging": 0, "sick": 0,
                          "power_w": 0, "energy_wh": 0, "states": states},
                "platform": {"queues": {"messages": 0, "sync": 0}, "log_lag": 0.4, "sync_lag": 12,
                             "dirty": 0, "workers": 1, "executions": 0},
                "messages": {"total": amount, "sent": amount // 2, "received": amount // 2,
                             "errors": amount // 500},
                "latencies": {action: {"6": amount // 8, "8": amount // 10, "12": amount // 90}
                              for action, *_ in TALK},
            }
            for number in numbers
        ]  # fmt: skip
        with suppress(BulkWriteError):  # some of them the platform has made since
            db[level.collection].insert_many(made, ordered=False)
        assert db[level.collection].count_documents({}) >= len(made)


def main() -> None:
    import json

    import django

    from benchmarks.child import reply

    django.setup()
    for line in sys.stdin:
        order = json.loads(line)
        try:
            order.pop("do")
            reply(fill(**order))
        except Exception as fault:  # noqa: BLE001 - told to the parent, which decides
            reply(error=f"{type(fault).__name__}: {fault}")


if __name__ == "__main__":
    main()
