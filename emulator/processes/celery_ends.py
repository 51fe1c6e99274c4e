"""How Celery's worker and its beat end: in their time, whatever the stores do.

Beat's own handler of SIGTERM writes to the stores from within whatever it interrupts. If that is a
client of a store that holds a lock, both wait for each other for ever.
"""

from __future__ import annotations

import faulthandler
import signal
import sys
from types import FrameType
from typing import Any

from celery import signals

# Seconds from the order to end, below the patience of the supervisor. A batch that is not stored by
# then is acknowledged by nobody and comes again.
OF_WORKER, OF_BEAT = 40.0, 15.0
STDERR = 2  # sys.stderr is Celery's, which has no descriptor


def end_within(seconds: float) -> None:
    """Have this process say what each thread does and end by then, with 1; also where one hangs.

    It needs neither the interpreter's lock nor a new thread of Python's, so a handler may call it.
    """
    faulthandler.dump_traceback_later(seconds, exit=True, file=STDERR)


@signals.worker_shutting_down.connect(weak=False)
def on_worker_shutting_down(**_: Any) -> None:
    end_within(OF_WORKER)


@signals.beat_init.connect(weak=False)
def on_beat_init(sender: Any = None, **_: Any) -> None:
    """sender: celery.beat.Service, which closes its scheduler once it is out of its loop."""

    def end(number: int, frame: FrameType | None) -> None:
        end_within(OF_BEAT)
        sender.stop()
        sys.exit()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
