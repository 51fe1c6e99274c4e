"""The journal against a list: whatever is appended, handed on, settled and died of, in any order.

The list is the reference: what was appended and not released comes again after a death, in order
and once; a state is readable until it is settled or its room is wanted; the disk's limit holds.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from messaging.journals import leftovers, reading
from messaging.journals.journal import Journal
from messaging.journals.segments import HEADER
from messaging.records import PREFIX, StateRecord, encode, payloads
from tests.messaging.conftest import make_record

SEGMENT, MOST = 1024, 6 * 1024
SIZES = st.one_of(st.integers(0, 300), st.integers(700, 2500))


class JournalLife(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(prefix="journal-"))
        self.pending: list[bytes] = []  # appended, not taken
        self.taken: list[tuple] = []  # (batch, its records), not released
        self.states = 0  # since the last settling
        self.refused = False
        self.begin()

    def begin(self) -> None:
        self.journal = Journal(self.root, "w", segment_bytes=SEGMENT, most_bytes=MOST)
        self.settled = 0.0
        self.journal.settled = lambda: self.settled
        self.cursor = self.journal.cursor()

    def teardown(self) -> None:
        self.journal.close(empty=False)
        shutil.rmtree(self.root)

    def on_disk(self) -> int:
        return sum(path.stat().st_size for path in self.root.glob("*/*.wal"))

    def kept(self, done: bool, *payloads: bytes) -> bool:
        """Nothing is refused while there is room, were all that is held thrown away."""
        if not done:
            # It reckons with a prefix more where a state and others are kept together.
            parts = sum(PREFIX.size + len(payload) for payload in payloads)
            wanted = HEADER.size + PREFIX.size + parts
            assert self.on_disk() + max(SEGMENT, wanted) > MOST
            self.refused = True
        return done

    @rule(size=SIZES)
    def append(self, size):
        record = encode(make_record(text="x" * size))
        if self.kept(self.journal.append(record), record):
            self.pending.append(record)

    @rule(size=SIZES, records=st.integers(0, 3))
    def append_state(self, size, records):
        state = encode(StateRecord("CP1", b"s" * size))
        sessions = [encode(make_record(text=f"{n}")) for n in range(records)]
        if self.kept(self.journal.append_kept(state, sessions), state, *sessions):
            self.pending += sessions
            self.states += 1

    @rule(most=st.integers(1, 5), most_bytes=st.integers(1, 2000))
    def take(self, most, most_bytes):
        batch = self.cursor.take(most, most_bytes)
        assert (batch is None) == (not self.pending)
        if batch is None:
            return
        found = list(payloads(batch.data))
        assert found == self.pending[: batch.count] and 1 <= batch.count <= most
        assert batch.count == 1 or len(batch.data) <= most_bytes
        del self.pending[: batch.count]
        self.taken.append((batch, found))

    @precondition(lambda self: self.taken)
    @rule()
    def release(self):
        self.journal.release(self.taken.pop(0)[0])

    @rule()
    def settle(self):
        self.settled = time.monotonic()
        self.states = 0

    @rule()
    def prepare(self):
        self.journal.prepare()

    @rule()
    def read(self):
        found = [record for record in reading.records(self.root) if isinstance(record, StateRecord)]
        there = self.on_disk() + SEGMENT <= MOST  # else their room may have been wanted
        assert len(found) >= self.states or self.refused or not there

    @rule()
    def die(self):
        self.journal.close(empty=False)
        again = []
        for leftover in leftovers.claim(self.root):
            again += [one for data in leftover.batches(4, 700) for one in payloads(data)]
            leftover.remove()
        assert again == [*(one for _, found in self.taken for one in found), *self.pending]
        assert list(self.root.iterdir()) == []
        self.pending, self.taken, self.states, self.refused = [], [], 0, False
        self.begin()

    @precondition(lambda self: not self.taken and not self.pending)
    @rule()
    def end(self):
        self.journal.close(empty=True)
        assert list(self.root.iterdir()) == []
        self.states, self.refused = 0, False
        self.begin()

    @invariant()
    def takes_no_more_than_it_may(self):
        assert self.on_disk() <= MOST
        assert self.on_disk() == self.journal.bytes


TestJournalLife = JournalLife.TestCase
TestJournalLife.settings = settings(
    max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
