"""The mark of a message: what a fault or an operator did to it, from the record to the reader."""

from __future__ import annotations

import csv
import io
import json

import msgspec
import pytest

from messaging.keeping import frames
from messaging.keeping.store import database
from messaging.keeping.storing import store_batch
from messaging.records import FrameRecord, decode_payload, document, encode
from messaging.rows import LiveFilter, Row, document_item, live_item
from tests.messaging.conftest import batch_of, make_record
from tests.messaging.test_api import api, ids, log  # noqa: F401 - fixtures


def test_a_record_of_before_has_no_mark():
    record = make_record(error="FormatViolation")
    old = msgspec.msgpack.decode(encode(record))[:-1]
    assert decode_payload(msgspec.msgpack.encode(old)) == record
    assert record.mark == ""


def test_a_record_with_a_mark_is_read_even_where_another_field_is_odd():
    record = make_record(mark="dropped")
    odd = msgspec.msgpack.decode(encode(record))
    odd[9] = 17
    found = decode_payload(msgspec.msgpack.encode(odd))
    assert isinstance(found, FrameRecord)
    assert (found.uid, found.mark) == ("17", "dropped")


def test_the_document_has_a_mark_only_where_there_is_one():
    assert "mark" not in document(make_record())
    made = document(make_record(mark="dropped"))
    assert made["mark"] == "dropped"
    assert "failed" not in made
    assert document_item(made)["mark"] == "dropped"
    assert document_item(document(make_record()))["mark"] == ""


def test_a_note_is_no_failure():
    note = make_record(kind="Note", direction="", mark="power cut", text="")
    assert "failed" not in document(note)
    assert not Row(note).failed
    assert live_item(note)["mark"] == "power cut"


def test_a_viewer_may_want_the_marked_ones_only():
    rows = [Row(make_record()), Row(make_record(mark="duplicate"))]
    assert LiveFilter({"marked": "true"}).select(rows) == rows[1:]
    assert LiveFilter({"marked": True}).as_dict()["marked"] is True
    assert LiveFilter({"marked": ""}).select(rows) == rows


@pytest.fixture
def recent(log):  # noqa: F811
    from tests.messaging.test_api import record

    made = [record(0), record(1, mark="delayed 5 ms"), record(2, mark="dropped", station="CP2")]
    log(made)
    return made


def test_pages_and_downloads_know_the_filter(api, recent):  # noqa: F811
    assert ids(api("GET", "messages", marked="true", order="oldest")) == [r.id for r in recent[1:]]
    assert ids(api("GET", "messages", marked="true", station="CP2")) == [recent[2].id]
    _, lines = api("GET", "messages/export", marked="true")
    assert [json.loads(line)["mark"] for line in lines.splitlines()] == ["delayed 5 ms", "dropped"]
    _, text = api("GET", "messages/export", format="csv")
    rows = csv.DictReader(io.StringIO(text.decode(), newline=""))
    assert [row["mark"] for row in rows] == ["", "delayed 5 ms", "dropped"]


def test_a_batch_with_marks_is_stored_once(log):  # noqa: F811
    batch = batch_of([make_record(mark="dropped")])
    assert store_batch(database(), batch) == 1
    assert store_batch(database(), batch) == 0
    assert [made["mark"] for made in frames.documents(database())] == ["dropped"]
