"""A database of its own for each test, frames to record, and a publisher that only listens."""

from __future__ import annotations

import itertools
import uuid

import pytest
from django.db import connections

from chargepoint.effects import Frame
from messaging.keeping import bundles, store
from messaging.records import FrameRecord, encode, frame_payload

BASE = 1_764_000_000.0


def make_frame(**changes):
    """A frame as the core makes it (chargepoint.effects.Frame)."""
    values = {
        "direction": "sent",
        "kind": "Call",
        "action": "Heartbeat",
        "unique_id": uuid.uuid4().hex,
        "text": '[2,"1","Heartbeat",{}]',
        "time": BASE,
        "latency": None,
        "error": "",
        "mark": "",
    }
    return Frame(**{**values, **changes})


_numbers = itertools.count(1)


def make_record(**changes) -> FrameRecord:
    number = next(_numbers)
    time = changes.pop("time", BASE + number / 1000)
    values = {
        "id": f"{round(time * 1e6):014x}{number:08x}",
        "station": "CP1",
        "run": 1,
        "seq": number,
        "time": time,
        "direction": "sent",
        "kind": "Call",
        "action": "Heartbeat",
        "uid": f"u{number}",
        "text": f'[2,"u{number}","Heartbeat",{{}}]',
    }
    return FrameRecord(**{**values, **changes})


def batch_of(records) -> bytes:
    return b"".join(frame_payload(encode(record)) for record in records)


def series(database, session_id: str) -> list[dict]:
    """The meter series of a session, wherever its parts stand."""
    made = database[store.TRANSACTIONS].find_one({"_id": session_id}) or {}
    rows = database[store.SAMPLES].find({"session": session_id})
    updates = bundles.updates_in(database[store.NEWS].find(), [session_id])
    return bundles.series_of(made, rows, updates)


@pytest.fixture
def mongo(monkeypatch):
    name = f"messaging_{uuid.uuid4().hex[:10]}"
    monkeypatch.setitem(connections["default"].settings_dict, "NAME", name)
    database = store.database()
    store.ensure_indexes(database)
    yield database
    database.client.drop_database(name)
