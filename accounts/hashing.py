"""A password's hash costs half a second of a processor, and anybody may ask for one.

So a process makes few at a time, few more wait their turn, and the others are told to come again:
requests that need no password go on meanwhile.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.hashers import PBKDF2PasswordHasher

from accounts.errors import ApiError

AT_A_TIME = max(1, (os.cpu_count() or 1) // 2)
WAITING = 8
PATIENCE = 10.0  # seconds for one's turn


class Busy(ApiError):
    def __init__(self) -> None:
        sentence = "Too many are logging in at this moment: try again in a few seconds."
        super().__init__("busy", sentence, 503)


class Turns:
    """`at_a_time` may be within, `waiting` in front of the door; raises Busy for others."""

    def __init__(self, at_a_time: int = AT_A_TIME, waiting: int = WAITING) -> None:
        self._places = threading.BoundedSemaphore(at_a_time)
        self._queue = threading.BoundedSemaphore(at_a_time + waiting)

    @contextmanager
    def one(self) -> Iterator[None]:
        """Hold one of the places in which passwords are hashed.

        Raises Busy where too many wait, or none becomes free within PATIENCE seconds.
        """
        if not self._queue.acquire(blocking=False):
            raise Busy
        try:
            if not self._places.acquire(timeout=PATIENCE):
                raise Busy
            try:
                yield
            finally:
                self._places.release()
        finally:
            self._queue.release()


turns = Turns()


class BoundedHasher(PBKDF2PasswordHasher):
    """Django's own, to the letter; hashes of Django's are its own, and the other way round."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        with turns.one():
            return super().encode(password, salt, iterations)
