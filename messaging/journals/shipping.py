"""The thread that hands journal batches to the log's queue and replays leftover journals."""

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from messaging.journals import leftovers
from messaging.journals.ages import Ages
from messaging.journals.journal import Journal
from messaging.journals.log_queue import Accepted, Queue
from messaging.journals.unstored import Unstored
from runtime.stores import STORE_ERRORS

log = logging.getLogger(__name__)

# Of a batch while the store keeps up, and at most: a batch costs the store some round trips,
# however many records it has, so a store that is slow catches up by larger ones.
USUAL_RECORDS, MOST_RECORDS = 500, 2000
USUAL_BYTES, MOST_BYTES = 1024 * 1024, 4 * 1024 * 1024
# Seconds a record waits for company; the longest where many batches wait in the queue.
USUAL_WAIT, LONGEST_WAIT = 1.0, 4.0
# While stations are being started by the hundred; the journal has what waits, and health counts
# a log that is LOG_LAG behind as ill.
RUSH_WAIT = 5.0
LONG_QUEUE = 80  # batches that wait for the store; then records wait longest
POLL = 0.2  # each look wakes a thread; what is ripe by its number is so much late at most
REST = 5.0  # seconds between two looks while nothing comes
LEFTOVERS_EVERY = 15.0
RECOVER_EVERY = 15.0
STORED_EVERY = 1.0  # seconds between two looks at what of the accepted is stored
ASKED = 500  # batches at a time
STORED_POLL = 0.05  # at the end
STORED_PATIENCE = 1.0  # seconds at the end, for what was accepted last
OWN_BATCHES_A_TURN = 2  # then one of a dead process's, where there are any
BACKOFF_FIRST, BACKOFF_MOST = 0.25, 8.0


def longest_wait(queued: int) -> float:
    """Seconds that a record waits for company with so many batches before it in the queue."""
    return USUAL_WAIT + (LONGEST_WAIT - USUAL_WAIT) * min(1.0, queued / LONG_QUEUE)


class Stopped(Exception):
    """The time to stop has come before a batch was accepted."""


class Shipper:
    """Takes batches from the journal in order and gives each to the queue until it is accepted;
    gives them to it again where Redis has lost its data before they were stored.
    """

    def __init__(
        self,
        journal: Journal,
        root: Path,
        queue: Queue,
    ):
        self.in_a_rush: Callable[[], bool] = lambda: False
        self.accepted = 0
        self.replayed = 0
        self.again = 0  # batches that Redis had lost
        self._journal = journal
        self._root = root
        self._queue = queue
        self._next_recovery = time.monotonic() + RECOVER_EVERY
        self._unstored = Unstored(journal.store)
        self._next_look = 0.0
        self._cursor = journal.cursor()
        self._waiting_since: float | None = None
        self._ages = Ages()
        self._queued = 0  # when the last batch was accepted
        self._turns = OWN_BATCHES_A_TURN  # of our own since the last leftover batch
        self._leftovers: Iterator[bytes] | None = None
        self._next_leftovers = 0.0
        self._leftovers_since: float | None = None
        self._finish = threading.Event()
        # At rest: whoever appends the next record says so. Set by this thread, cleared by that one.
        self.resting = False
        self._roused = threading.Event()
        self._deadline = float("inf")
        self._thread = threading.Thread(target=self._run, name="journal-shipper", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def finish(self, timeout: float) -> int:
        """Hand on the rest within `timeout` seconds; return how many records are left."""
        self._deadline = time.monotonic() + timeout
        self._finish.set()
        self._roused.set()
        if self._thread.ident is not None:
            self._thread.join(timeout + 1.0)
        return self._journal.appended - self.accepted

    def rouse(self) -> None:
        """There is something in the journal again."""
        self.resting = False
        self._roused.set()

    @property
    def unstored(self) -> int:
        """Batches that Redis has and that may not be stored yet."""
        return len(self._unstored)

    def lag(self) -> float:
        """Seconds that the oldest record which Redis has not accepted has waited."""
        journal = self._journal
        return self._ages.oldest(journal.appended, self.accepted, time.monotonic())

    def leftovers_wait(self) -> float:
        """Seconds since which a dead process's journal has been there to be replayed."""
        since = self._leftovers_since
        return 0.0 if since is None else time.monotonic() - since

    def _run(self) -> None:
        going_on = True
        while going_on:
            try:
                going_on = self._step()
            except Stopped:
                log.warning("The log's queue was not reached before the end.")
                going_on = False
            except Exception:
                log.exception("The journal shipper failed: messages stay in the journal.")
                if time.monotonic() > self._deadline:
                    going_on = False
                self._finish.wait(1.0)
        if self._leftovers is not None:
            self._leftovers.close()  # lets go of the lock: the rest is for a later process

    def _step(self) -> bool:
        self.lag()  # looks at what has come
        pending = self._journal.appended - self.accepted
        if not pending:
            self._waiting_since = None
            if self._finish.is_set():
                self._await_stored()
                return False
        self._recover_now_and_then()
        self._look_now_and_then()
        again = self._hand_on_again()
        ripe = pending and self._is_ripe(pending, time.monotonic())
        if not self._finish.is_set() and (not ripe or self._turns >= OWN_BATCHES_A_TURN):
            self._turns = 0
            if self._replay_one():
                return True
        if ripe:
            self._ship(pending)
            self._turns += 1
        elif pending or again:
            self._finish.wait(POLL)
        else:
            self._rest()
        return True

    def _rest(self) -> None:
        self._roused.clear()
        self.resting = True
        # What came before that was said is seen here, and what comes after it rouses.
        if self._journal.appended == self.accepted and not self._finish.is_set():
            due = min(self._next_recovery, self._next_leftovers) - time.monotonic()
            longest = STORED_EVERY if self._unstored else REST
            self._roused.wait(min(longest, max(POLL, due)))
        self.resting = False

    def _recover_now_and_then(self) -> None:
        if self._finish.is_set() or time.monotonic() < self._next_recovery:
            return
        try:
            self._queue.recover()
        except Exception as error:  # noqa: BLE001 - whatever is away, there is a next time
            log.debug("What was lost on its way is not known: %s", error)
        self._next_recovery = time.monotonic() + RECOVER_EVERY

    def _look_now_and_then(self) -> None:
        if not self._unstored or time.monotonic() < self._next_look:
            return
        try:
            self._unstored.look(*self._queue.stored(self._unstored.names(ASKED)))
        except Exception as error:  # noqa: BLE001 - whatever is away, there is a next time
            log.debug("What is stored is not known: %s", error)
        self._next_look = time.monotonic() + STORED_EVERY

    def _await_stored(self) -> None:
        """What is not known to be stored in time stays in the journal."""
        until = min(self._deadline, time.monotonic() + STORED_PATIENCE)
        while self._unstored and time.monotonic() < until:
            self._next_look = 0.0
            self._look_now_and_then()
            if self._unstored:
                time.sleep(STORED_POLL)

    def _hand_on_again(self) -> bool:
        """One batch that Redis has lost, the others in the next turns; False where none is."""
        lost = self._unstored.lost()
        if lost is None:
            return False
        data = lost.stretch.read()
        if not data:
            log.error("Redis lost a batch of the log, and the journal has it no more.")
            self._unstored.handed_again(lost, "")
            return True
        self._unstored.handed_again(lost, self._until_accepted(data, None).era)
        self.again += 1
        if self._unstored.whole:
            log.warning("Redis had lost data: what was not stored of the log is there again.")
            self._journal.write_era(self._unstored.era)
        return True

    def _is_ripe(self, pending: int, now: float) -> bool:
        if self._waiting_since is None:
            self._waiting_since = now
        if self._finish.is_set():
            return True
        waited = now - self._waiting_since
        longest = longest_wait(self._queued)
        most = USUAL_RECORDS if longest < 2 * USUAL_WAIT else MOST_RECORDS
        if self.in_a_rush():
            return waited >= max(longest, RUSH_WAIT)
        return pending >= most or waited >= longest

    def _ship(self, pending: int) -> None:
        self._prepare()
        usual = pending <= MOST_RECORDS
        batch = self._cursor.take(
            USUAL_RECORDS if usual else MOST_RECORDS, USUAL_BYTES if usual else MOST_BYTES
        )
        if batch is not None:
            taken = self._until_accepted(batch.data, self.lag)
            self._unstored.add(taken.name, taken.era, batch.stretch())
            if self._unstored.whole:
                self._journal.write_era(taken.era)
            self._journal.accept(batch)
            self.accepted += batch.count
            self._waiting_since = None

    def _prepare(self) -> None:
        try:
            self._journal.prepare()
        except OSError as error:
            log.warning("Could not prepare a journal segment: %s", error)

    def _until_accepted(self, data: bytes, age: Callable[[], float] | None) -> Accepted:
        wait = BACKOFF_FIRST
        refused = 0
        while True:
            try:
                taken = self._queue.put(data, age() if age else None)
            except Exception as error:  # noqa: BLE001 - whatever refuses it, the batch waits
                refused += 1
                if refused == 1:
                    log.warning("The log's queue is not reached (%s): messages wait.", error)
            else:
                if refused:
                    log.warning("The log's queue is reached again, after %d tries.", refused)
                self._queued = taken.waiting
                return taken
            if self._finish.is_set() and time.monotonic() + wait > self._deadline:
                raise Stopped
            self.lag()
            self._prepare()  # or the loop would make the segments that it fills meanwhile
            pause = wait * random.uniform(0.75, 1.25)
            if self._finish.is_set():
                time.sleep(pause)
            else:
                self._finish.wait(pause)
            wait = min(wait * 2, BACKOFF_MOST)

    def _replay_one(self) -> bool:
        """Hand on one batch of what dead processes left; False where there is none.

        They are looked for at the start, then now and again for other workers'.
        """
        if self._leftovers is None:
            if time.monotonic() < self._next_leftovers:
                return False
            self._next_leftovers = time.monotonic() + LEFTOVERS_EVERY
            self._leftovers = leftovers.batches(
                self._root, USUAL_RECORDS, USUAL_BYTES, self._queue.era
            )
        try:
            data = next(self._leftovers, None)
        except STORE_ERRORS as error:
            log.debug("Leftovers wait, Redis is away: %s", error)
            data = None
        if data is None:
            self._leftovers = None
            if not leftovers.remain(self._root, self._unstored.era):
                self._leftovers_since = None
            elif self._leftovers_since is None:
                self._leftovers_since = time.monotonic()
            return False
        if self._leftovers_since is None:
            self._leftovers_since = time.monotonic()
        self._until_accepted(data, None)
        self.replayed += 1
        return True
