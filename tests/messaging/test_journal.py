"""The journal: what is appended comes back, whatever happened to the process between."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from messaging.journals import journal as journal_module
from messaging.journals import leftovers, reading
from messaging.journals.journal import Journal
from messaging.journals.segments import HEADER
from messaging.records import (
    PREFIX,
    FrameRecord,
    SessionRecord,
    StateRecord,
    decode_payload,
    encode,
    payloads,
)
from tests.messaging.conftest import make_record

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


def test_segments_are_as_large_as_what_comes(tmp_path, monkeypatch):
    """Each is in memory whole, for as long as it is written to."""
    now = 1000.0
    monkeypatch.setattr(journal_module.time, "monotonic", lambda: now)
    journal = Journal(tmp_path, "w")
    record = b"x" * (journal_module.SMALL // 4)

    def filled() -> int:
        segment = journal.current
        while journal.current is segment:
            assert journal.append(record)
            journal.prepare()
        return segment.size

    assert filled() == journal_module.SMALL  # within a moment: more of that may come
    now += journal_module.SOON
    assert filled() == 4 * journal_module.MIB
    now += journal_module.SOON
    assert filled() == journal_module.SMALL
    assert filled() == journal_module.SMALL
    assert filled() == 4 * journal_module.MIB
    journal.close(empty=True)


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
    journal._next_try = 0.0
    assert journal.append(b"d" * 100)
    assert journal.on_disk
    assert drain(cursor) == [b"d" * 100]


def test_a_full_disk_is_tried_once_a_second(tmp_path, monkeypatch):
    tries, clock = [], [100.0]

    def fallocate(fd, offset, size):
        tries.append(clock[0])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(journal_module.os, "posix_fallocate", fallocate)
    monkeypatch.setattr(journal_module.time, "monotonic", lambda: clock[0])
    journal = Journal(tmp_path, "w", segment_bytes=1024, memory_bytes=4096)
    while journal.append(b"m" * 100):
        pass
    for number in range(5000):
        clock[0] = 100.0 + number / 1000
        assert not journal.append(b"m" * 100)
    assert tries == sorted(set(tries))
    assert len(tries) <= 6


def test_a_journal_that_began_without_a_disk_comes_to_it_later(tmp_path, caplog):
    (tmp_path / "journal").write_text("in the way")
    journal = Journal(tmp_path / "journal", "w", segment_bytes=1024)
    cursor = journal.cursor()
    assert journal.append(b"a" * 900)
    assert not journal.on_disk
    (tmp_path / "journal").unlink()
    journal._next_try = 0.0
    assert journal.append(b"b" * 900)
    assert journal.on_disk
    assert drain(cursor) == [b"a" * 900, b"b" * 900]
    assert replay(tmp_path / "journal") == []  # it is locked
    journal.close(empty=False)
    assert replay(tmp_path / "journal") == [b"b" * 900]


def test_a_removed_directory_is_made_again(tmp_path):
    journal = Journal(tmp_path / "journal", "w", segment_bytes=1024)
    shutil.rmtree(tmp_path / "journal")
    assert journal.append(b"a" * 900)
    assert journal.append(b"b" * 900)
    assert journal.on_disk
    journal.close(empty=False)
    assert replay(tmp_path / "journal") == [b"b" * 900]


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
from messaging.journals.journal import Journal
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
    while said <= 1000:  # it ends in the midst of what comes after
        said = int(child.stdout.readline())
    assert list(leftovers.claim(tmp_path)) == []
    child.send_signal(signal.SIGKILL)
    child.wait()
    for line in child.stdout:
        said = int(line) if line.endswith("\n") else said
    got = replay(tmp_path)
    assert len(got) >= said
    assert got == [b"%08d" % number * 10 for number in range(len(got))]


STATE = encode(StateRecord("CP1", b"stamp" * 100))
SESSION = encode(SessionRecord("0" * 22, {"id": "s1", "rev": 1}, 5))


def test_a_state_stays_in_the_journal_and_what_goes_with_it_goes_on(tmp_path):
    journal = Journal(tmp_path, "w", segment_bytes=2048)
    cursor = journal.cursor()
    frames = [encode(make_record()) for _ in range(20)]
    for frame in frames:
        assert journal.append_kept(STATE, [SESSION])
        assert journal.append(frame)
    assert journal.append_kept(STATE, [])
    wanted = [payload for frame in frames for payload in (SESSION, frame)]
    assert drain(cursor, most_bytes=10_000) == wanted
    assert journal.appended == cursor.taken == 40
    found = list(reading.records(tmp_path))  # while its owner lives
    assert [type(record) for record in found] == [StateRecord, FrameRecord] * 20 + [StateRecord]
    journal.close(empty=False)
    assert replay(tmp_path) == wanted


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 700))
def test_a_process_killed_in_mid_append_leaves_all_of_a_group_or_none(tmp_path_factory, written):
    """The bytes of a group are written from its second record on; its first prefix is the last."""
    root = tmp_path_factory.mktemp("journal")
    journal = Journal(root, "w", segment_bytes=4096)
    journal.append(encode(make_record()))
    start = journal.current.end
    journal.append_kept(STATE, [SESSION])
    end = journal.current.end
    whole = bytes(journal.current.map[start:end])
    torn = bytes(PREFIX.size) + whole[PREFIX.size : written].ljust(end - start - PREFIX.size, b"\0")
    journal.current.map[start:end] = torn
    journal.close(empty=False)
    assert [type(record) for record in reading.records(root)] == [FrameRecord]
    assert [type(decode_payload(payload)) for payload in replay(root)] == [FrameRecord]


def test_states_between_records_do_not_cut_a_batch(tmp_path):
    """A CSMS that calls a whole fleet makes a state after each of its Calls."""
    journal = Journal(tmp_path, "w")
    cursor = journal.cursor()
    records = [encode(make_record()) for _ in range(300)]
    for record in records:
        journal.append(record)
        journal.append_kept(STATE, [])
    batch = cursor.take(500, 2**20)
    assert (batch.count, list(payloads(batch.data))) == (300, records)
    assert cursor.take(500, 2**20) is None
    journal.close(empty=False)
    (leftover,) = leftovers.claim(tmp_path)
    (data,) = leftover.batches(500, 2**20)
    assert list(payloads(data)) == records
    leftover.close()


def test_a_segment_that_is_accepted_in_part_makes_no_room_for_what_is_new(tmp_path):
    journal = Journal(tmp_path, "w", segment_bytes=1024, most_bytes=3072)
    cursor = journal.cursor()
    records = [b"%03d" % number * 30 for number in range(100)]
    kept = next(number for number, record in enumerate(records) if not journal.append(record))
    journal.accept(cursor.take(3, 10_000))
    assert not journal.append(records[kept])
    journal.close(empty=False)  # as a kill leaves it
    assert replay(tmp_path) == records[3:kept]


def test_what_was_accepted_is_held_until_it_is_settled(tmp_path):
    journal = Journal(tmp_path, "w", segment_bytes=1024)
    settled = 0.0
    journal.settled = lambda: settled
    cursor = journal.cursor()

    def fill():
        for _ in range(30):
            journal.append(b"r" * 100)
        while batch := cursor.take(5, 10_000):
            journal.release(batch)

    fill()
    assert len(list(journal.directory.glob("*.wal"))) > 3
    settled = time.monotonic() + 1
    fill()
    assert len(list(journal.directory.glob("*.wal"))) <= 2
    journal.close(empty=True)
    assert list(tmp_path.iterdir()) == []


def test_new_records_matter_more_than_what_is_held(tmp_path):
    journal = Journal(tmp_path, "w", segment_bytes=1024, most_bytes=4096)
    journal.settled = lambda: 0.0
    cursor = journal.cursor()
    for _ in range(200):
        assert journal.append(b"r" * 100)
        while batch := cursor.take(5, 10_000):
            journal.release(batch)
        assert sum(path.stat().st_size for path in journal.directory.glob("*.wal")) <= 4096


def test_a_worker_that_ends_in_order_leaves_nothing_though_nothing_is_settled(tmp_path):
    journal = Journal(tmp_path, "w", segment_bytes=1024)
    journal.settled = lambda: 0.0
    cursor = journal.cursor()
    for _ in range(30):
        assert journal.append(b"r" * 100)
    while batch := cursor.take(5, 10_000):
        journal.release(batch)
    journal.close(empty=True)
    assert list(tmp_path.iterdir()) == []


def test_a_replayed_journal_can_be_read_for_a_while(tmp_path):
    journal = Journal(tmp_path, "w")
    journal.append_kept(STATE, [SESSION])
    journal.close(empty=False)
    for leftover in leftovers.claim(tmp_path):
        list(leftover.batches(5, 300))
        leftover.keep("")
    assert list(leftovers.claim(tmp_path)) == []
    leftovers.remove_old(tmp_path)
    assert len(list(reading.records(tmp_path))) == 1
    leftovers.remove_old(tmp_path, most_bytes=1000)
    assert list(tmp_path.iterdir()) == []


def test_a_replayed_journal_goes_when_it_is_old(tmp_path):
    Journal(tmp_path, "w").close(empty=False)
    for leftover in leftovers.claim(tmp_path):
        leftover.keep("")
    [marked] = tmp_path.glob("*/accepted")
    os.utime(marked, (1, 1))
    leftovers.remove_old(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_replay_that_is_killed_repeats_the_batch_in_hand_and_no_other(tmp_path):
    journal = Journal(tmp_path, "w")
    records = [encode(make_record()) for _ in range(6)]
    for record in records:
        journal.append(record)
    journal.close(empty=False)
    [leftover] = leftovers.claim(tmp_path)
    replaying = leftover.batches(2, 2**20)
    next(replaying)
    assert list(payloads(next(replaying))) == records[2:4]
    replaying.close()
    leftover.close()
    assert replay(tmp_path) == records[2:]


def test_what_a_process_left_that_died_as_it_began_is_replayed_once_it_is_old(tmp_path):
    """Its folder has no name yet, as that of one that is just beginning."""
    journal = Journal(tmp_path, "w")
    journal.append(b"early")
    journal.close(empty=False)
    hidden = journal.directory.rename(tmp_path / f".{journal.directory.name}")
    assert list(leftovers.claim(tmp_path)) == []
    os.utime(hidden, (1, 1))
    assert replay(tmp_path) == [b"early"]


def test_of_too_much_that_was_replayed_the_oldest_goes_first(tmp_path):
    for number in range(3):
        journal = Journal(tmp_path, f"w{number}", segment_bytes=4096)
        journal.append_kept(STATE, [])
        journal.close(empty=False)
        [leftover] = leftovers.claim(tmp_path)
        leftover.keep("")
        marked = leftover.directory / "accepted"
        os.utime(marked, (time.time() - 100 + number, time.time() - 100 + number))
    leftovers.remove_old(tmp_path, most_bytes=2 * 4096)
    assert sorted(path.name[:2] for path in tmp_path.iterdir()) == ["w1", "w2"]


def test_a_torn_state_is_not_read(tmp_path):
    journal = Journal(tmp_path, "w")
    journal.append_kept(STATE, [])
    start = journal.current.end
    journal.append_kept(STATE, [])
    journal.current.map[start + PREFIX.size + 10 : start + PREFIX.size + 20] = bytes(10)
    assert len(list(reading.records(tmp_path))) == 1
    journal.close(empty=True)


def test_a_record_that_cannot_be_decoded_hides_no_other(tmp_path, caplog):
    journal = Journal(tmp_path, "w")
    records = [encode(make_record()) for _ in range(2)]
    for payload in (records[0], b"\xc1 of no kind", records[1]):
        journal.append(payload)
    assert [record.id for record in reading.records(tmp_path)] == [
        decode_payload(record).id for record in records
    ]
    assert "cannot be read" in caplog.text
    journal.close(empty=True)
