"""A net under a worker's loop: a thread that notices when it is stuck, says where, and ends it.

Two things see a loop that does not go on. A thread asks it for an answer again and again: after
STUCK_AFTER seconds without one the loop's stack and the frame in its hands are logged and told to
health; after a whole lease the process ends, for its stations run elsewhere by then. Code that
keeps the interpreter's lock stops that thread as well, so the kernel counts the processor's time
besides: when the loop has not answered for a lease of it, the process is ended by SIGPROF, whose
handler writes the stack first. A process that is stopped (SIGSTOP) uses none, and its thread sees
by its own gap that all stood still.
"""

from __future__ import annotations

import asyncio
import faulthandler
import json
import logging
import os
import signal
import sys
import threading
import time
import traceback
from types import FrameType
from typing import Any

from django.conf import settings

from messaging import pulse
from runtime import redis_clients
from runtime.stores import STORE_ERRORS
from stations.worker.consumers import ChargePointConsumer

log = logging.getLogger(__name__)

STUCK_AFTER = 5.0  # seconds
LOOK_EVERY = 0.5
STOOD_STILL = 1.0  # a look that comes so late was late with everything else
EXIT_CODE = 71  # of a process that ends itself
FRAME_SHOWN = 1024  # characters
REDIS_PATIENCE = 0.5


class Watchdog:
    """Started on the loop's own thread; `lease` in seconds."""

    def __init__(self, worker: str, lease: float) -> None:
        self._worker = worker
        self._lease = lease
        self._loop = asyncio.get_running_loop()
        self._loop_thread = threading.get_ident()
        self._over = threading.Event()
        self._answered = True
        self._since = time.monotonic()  # when the question was put that has no answer yet
        self._told: dict[str, Any] | None = None
        self._redis = redis_clients.connect(
            settings.REDIS_URL,
            socket_timeout=REDIS_PATIENCE, socket_connect_timeout=REDIS_PATIENCE,
        )  # fmt: skip
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    def start(self) -> None:
        """Begin to watch the event loop from a thread of its own."""
        faulthandler.register(signal.SIGPROF, all_threads=True, chain=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread, and the timer that interrupts a loop that is stuck."""
        self._over.set()
        self._thread.join(2 * REDIS_PATIENCE + LOOK_EVERY)
        signal.setitimer(signal.ITIMER_PROF, 0)

    # --- on the loop -------------------------------------------------------------------------

    def _answer(self) -> None:
        self._answered = True
        # Of the whole process: from here to the next answer it may use no more than a lease.
        signal.setitimer(signal.ITIMER_PROF, 0 if self._over.is_set() else self._lease)

    # --- in the thread -----------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            moment, used = time.monotonic(), time.process_time()
            if self._over.wait(LOOK_EVERY):
                return
            gap = time.monotonic() - moment - LOOK_EVERY
            if gap > STOOD_STILL and time.process_time() - used < gap / 2:
                self._since += gap
            try:
                self._look()
            except Exception:
                log.exception("the watchdog failed to look")

    def _look(self) -> None:
        seconds = time.monotonic() - self._since
        if self._answered:
            if self._told is not None:
                log.warning("the loop goes on after %.1f s", seconds)
                self._tell(None)
            self._answered, self._since = False, time.monotonic()
            self._loop.call_soon_threadsafe(self._answer)
        elif seconds > self._lease:
            self._describe("the loop has been stuck for a lease: this process ends", seconds)
            os._exit(EXIT_CODE)
        elif seconds > STUCK_AFTER:
            if self._told is None:
                self._describe("the loop is stuck", seconds)
            self._tell({**(self._told or {}), "seconds": round(seconds, 1)})

    def _describe(self, what: str, seconds: float) -> None:
        frame = sys._current_frames().get(self._loop_thread)
        identity, handled = in_hands(frame)
        self._told = {"station": identity}
        stack = "".join(traceback.format_stack(frame)) if frame else ""
        shown = f"of {identity}: {handled}" if identity else "none"
        log.error("%s, for %.1f s. In its hands: %s\n%s", what, seconds, shown, stack)

    def _tell(self, line: dict[str, Any] | None) -> None:
        """Say it to health, which hears nothing of the loop itself; None: it goes on."""
        place = (settings.REDIS_PREFIX, "stuck", self._worker, stuck_key())
        try:
            if line is None:
                self._told = None
                pulse.withdraw(self._redis, *place)
            else:
                pulse.tell(self._redis, *place, json.dumps(line))
        except STORE_ERRORS as failure:
            log.warning("health does not hear of the stuck loop: %s", failure)


def stuck_key() -> str:
    """Hash of worker id to JSON {station, seconds}; emulator/monitoring/signs.py reads it."""
    return f"{settings.REDIS_PREFIX}health:stuck"


def in_hands(frame: FrameType | None) -> tuple[str, str]:
    """(identity, what is being handled) by the variables of a stack; ("", "") for no station."""
    while frame is not None:
        names = frame.f_locals
        if isinstance(names.get("self"), ChargePointConsumer):
            return names["self"].identity, _handled(frame.f_code.co_name, names)
        if "plan" in names and hasattr(names["plan"], "identity"):
            return names["plan"].identity, "its saved state"
        frame = frame.f_back
    return "", ""


def _handled(method: str, names: dict[str, Any]) -> str:
    event = names.get("event")
    if isinstance(event, dict):
        text = event.get("text") or event.get("bytes") or ""
        return f"{event.get('type')} {str(text)[:FRAME_SHOWN]!r}"
    if method == "command":
        return f"command {names.get('name')} {str(names.get('arguments'))[:FRAME_SHOWN]}"
    return method
