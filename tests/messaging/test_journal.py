"""The journal: what is appended comes back, whatever happened to the process between."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from messaging import journal as journal_module
from messaging import leftovers
from messaging.journal import HEADER, Journal
from messaging.records import PREFIX, payloads

ROOT = Path(__file__).resolve().parents[2]


def drain(cursor, most_records=7, most_bytes=200):
    got = []
    while batch := cursor.take(most_records, most_bytes):
        assert batch.count <= most_records
        got += payloads(batch.data)
    return got


def replay(root: Path) -> list[bytes]:
    got = []
    for leftover in leftovers.claim(root):
        for data in leftover.batches(5, 300):
            got += payloads(data)
        leftover.remove()
    return got


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=900), max_size=40))
def test_what_is_appended_is_read_in_order_across_segments(tmp_path_factory, records):
    root = tmp_path_factory.mktemp("journal")
    journal = Journal(root, "w", segment_bytes=1024)
    cursor = journal.cursor()
    assert all(journal.append(record) for record in records)
    assert drain(cursor) == records
    journal.close(empty=False)
    assert replay(root) == records
    assert list(root.iterdir()) == []


def test_a_record_larger_than_a_segment_gets_its_own(tmp_path):
    journal = Journal(tmp_path, "w", segment_bytes=1024)
    cursor = journal.cursor()
    assert journal.append(b"a" * 5000)
    assert journal.append(b"b")
    assert drain(cursor) == [b"a" * 5000, b"b"]


def test_released_segments_are_removed_and_released_records_not_replayed(tmp_path):
    journal = Journal(tmp_path, "w", segment_bytes=1024)
    cursor = journal.cursor()
    for number in range(60):
        journal.append(b"%04d" % number * 20)
    while journal.appended - cursor.taken > 10:
        journal.release(cursor.take(5, 10_000))
    assert len(list(journal.directory.glob("*.wal"))) <= 2
    journal.close(empty=False)
    assert replay(tmp_path) == [b"%04d" % number * 20 for number in range(cursor.taken, 60)]


def test_a_live_owner_is_left_alone(tmp_path):
    journal = Journal(tmp_path, "w")
    journal.append(b"mine")
    assert list(leftovers.claim(tmp_path)) == []
    journal.close(empty=False)
    assert replay(tmp_path) == [b"mine"]


def test_a_leftover_is_claimed_once(tmp_path):
    journal = Journal(tmp_path, "w")
    journal.append(b"x")
    journal.close(empty=False)
    first = list(leftovers.claim(tmp_path))
    assert len(first) == 1
    assert list(leftovers.claim(tmp_path)) == []
    first[0].close()
    assert replay(tmp_path) == [b"x"]


def test_a_torn_tail_is_left_out(tmp_path, caplog):
    journal = Journal(tmp_path, "w")
    journal.append(b"whole")
    start = journal.current.end
    journal.append(b"torn record")
    # Power went before the payload's page was written, but after the prefix's.
    journal.current.map[start + PREFIX.size : start + PREFIX.size + 5] = bytes(5)
    journal.close(empty=False)
    assert replay(tmp_path) == [b"whole"]
    assert "torn record" in caplog.text


def test_a_record_whose_prefix_was_not_written_is_the_end(tmp_path, caplog):
    journal = Journal(tmp_path, "w")
    journal.append(b"whole")
    end = journal.current.end
    journal.current.map[end + PREFIX.size : end + PREFIX.size + 4] = b"half"
    journal.close(empty=False)
    assert replay(tmp_path) == [b"whole"]
    assert "torn" not in caplog.text


def test_a_foreign_file_is_not_replayed(tmp_path, caplog):
    journal = Journal(tmp_path, "w")
    journal.current.map[: HEADER.size] = b"somebody else's!"
    journal.append(b"x")
    journal.close(empty=False)
    assert replay(tmp_path) == []
    assert "not a message journal" in caplog.text


def test_at_its_limit_it_refuses_and_takes_again_after_release(tmp_path):
    journal = Journal(tmp_path, "w", segment_bytes=1024, most_bytes=3072)
    cursor = journal.cursor()
    kept = 0
    while journal.append(b"r" * 100):
        kept += 1
    assert journal.bytes <= 3072
    assert not journal.append(b"r" * 100)
    while batch := cursor.take(1000, 100_000):
        journal.release(batch)
    assert cursor.taken == kept
    assert journal.append(b"again")
    assert drain(cursor) == [b"again"]


def test_a_full_disk_means_memory_only_with_one_line(tmp_path, monkeypatch, caplog):
    full = True
    real = os.posix_fallocate

    def fallocate(fd, offset, size):
        if full:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(fd, offset, size)

    monkeypatch.setattr(journal_module.os, "posix_fallocate", fallocate)
    journal = Journal(tmp_path, "w", segment_bytes=1024, memory_bytes=4096)
    cursor = journal.cursor()
    count = 0
    while journal.append(b"m" * 100):
        count += 1
    assert count > 20
    assert not journal.on_disk
    assert caplog.text.count("No space left on device") == 1
    while batch := cursor.take(1000, 100_000):
        journal.release(batch)
    assert cursor.taken == count
    full = False
    assert journal.append(b"d" * 100)
    assert journal.on_disk
    assert drain(cursor) == [b"d" * 100]


def test_an_unwritable_directory_means_memory_only(tmp_path, caplog):
    (tmp_path / "file").write_text("in the way")
    journal = Journal(tmp_path / "file" / "journal", "w")
    cursor = journal.cursor()
    assert journal.append(b"x")
    assert drain(cursor) == [b"x"]
    assert "memory only" in caplog.text
    journal.close(empty=True)


CHILD = """
import sys
from pathlib import Path
from messaging.journal import Journal
journal = Journal(Path(sys.argv[1]), "child", segment_bytes=65536)
number = 0
while True:
    for _ in range(100):
        journal.append(b"%08d" % number * 10)
        number += 1
    sys.stdout.write(f"{number}\\n")
    sys.stdout.flush()
"""


def test_kill_minus_nine_loses_no_record(tmp_path):
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    said = 0
    until = time.monotonic() + 0.5
    while time.monotonic() < until:
        said = int(child.stdout.readline())
    assert list(leftovers.claim(tmp_path)) == []
    child.send_signal(signal.SIGKILL)
    child.wait()
    for line in child.stdout:
        said = int(line) if line.endswith("\n") else said
    got = replay(tmp_path)
    assert said > 1000
    assert len(got) >= said
    assert got == [b"%08d" % number * 10 for number in range(len(got))]
