"""The thread that hands journal batches to the log's queue and replays leftover journals."""

import logging
import random
import threading
import time
from collections.abc import Callable
from pathlib import Path

from messaging import leftovers
from messaging.journal import Journal

log = logging.getLogger(__name__)

MOST_RECORDS = 500
MOST_BYTES = 1024 * 1024
LONGEST_WAIT = 0.25  # seconds a record waits for company
POLL = 0.05
LEFTOVERS_EVERY = 15.0
BACKOFF_FIRST, BACKOFF_MOST = 0.25, 8.0


class Stopped(Exception):
    """The time to stop has come before a batch was accepted."""


class Shipper:
    """Takes batches from the journal in order and gives each to `enqueue` until it is accepted."""

    def __init__(self, journal: Journal, root: Path, enqueue: Callable[[bytes], None]):
        self.accepted = 0
        self.replayed = 0
        self._journal = journal
        self._root = root
        self._enqueue = enqueue
        self._cursor = journal.cursor()
        self._waiting_since: float | None = None
        self._next_leftovers = 0.0
        self._finish = threading.Event()
        self._deadline = float("inf")
        self._thread = threading.Thread(target=self._run, name="journal-shipper", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def finish(self, timeout: float) -> int:
        """Hand on the rest within `timeout` seconds; return how many records are left."""
        self._deadline = time.monotonic() + timeout
        self._finish.set()
        if self._thread.ident is not None:
            self._thread.join(timeout + 1.0)
        return self._journal.appended - self.accepted

    def lag(self) -> float:
        """Seconds since the oldest record that Redis has not accepted was seen."""
        since = self._waiting_since
        return 0.0 if since is None else time.monotonic() - since

    def _run(self) -> None:
        going_on = True
        while going_on:
            try:
                going_on = self._step()
            except Stopped:
                log.warning("The log's queue was not reached before the end.")
                return
            except Exception:
                log.exception("The journal shipper failed: messages stay in the journal.")
                if time.monotonic() > self._deadline:
                    return
                time.sleep(1.0)

    def _step(self) -> bool:
        pending = self._journal.appended - self.accepted
        if not pending:
            if self._finish.is_set():
                return False
            self._waiting_since = None
            self._replay_leftovers()
            self._finish.wait(POLL)
            return True
        now = time.monotonic()
        if self._waiting_since is None:
            self._waiting_since = now
        early = pending < MOST_RECORDS and now - self._waiting_since < LONGEST_WAIT
        if early and not self._finish.is_set():
            time.sleep(POLL)
            return True
        self._prepare()
        batch = self._cursor.take(MOST_RECORDS, MOST_BYTES)
        if batch is not None:
            self._until_accepted(batch.data)
            self._journal.release(batch)
            self.accepted += batch.count
            self._waiting_since = None
        return True

    def _prepare(self) -> None:
        try:
            self._journal.prepare()
        except OSError as error:
            log.warning("Could not prepare a journal segment: %s", error)

    def _until_accepted(self, data: bytes) -> None:
        wait = BACKOFF_FIRST
        refused = 0
        while True:
            try:
                self._enqueue(data)
            except Exception as error:  # noqa: BLE001 - whatever refuses it, the batch waits
                refused += 1
                if refused == 1:
                    log.warning("The log's queue is not reached (%s): messages wait.", error)
            else:
                if refused:
                    log.warning("The log's queue is reached again, after %d tries.", refused)
                return
            if self._finish.is_set() and time.monotonic() + wait > self._deadline:
                raise Stopped
            pause = wait * random.uniform(0.75, 1.25)
            if self._finish.is_set():
                time.sleep(pause)
            else:
                self._finish.wait(pause)
            wait = min(wait * 2, BACKOFF_MOST)

    def _replay_leftovers(self) -> None:
        """Hand on what dead processes left: at start, then now and again for other workers'."""
        if time.monotonic() < self._next_leftovers:
            return
        self._next_leftovers = time.monotonic() + LEFTOVERS_EVERY
        for leftover in leftovers.claim(self._root):
            log.info("Replaying the journal %s.", leftover.directory.name)
            try:
                for data in leftover.batches(MOST_RECORDS, MOST_BYTES):
                    self._until_accepted(data)
                    self.replayed += 1
                leftover.remove()
            except OSError as error:
                log.error("Could not replay %s: %s", leftover.directory, error)
                leftover.close()
            except BaseException:
                leftover.close()
                raise
