"""How the web process ends: in its time, whatever its requests and threads still wait for."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time

log = logging.getLogger(__name__)

# Seconds from the order to end. Daphne gives requests that are under way 5 s. After that it would
# wait without end for one that does not heed its cancellation, and the interpreter for a thread
# that waits for the loop, which has stopped: a synchronous middleware in mid-request.
PATIENCE = 8.0


def end_in_time() -> None:
    """Bound the end of this process if it is Daphne's; elsewhere do nothing."""
    reactor = sys.modules.get("twisted.internet.reactor")
    if reactor is not None:
        reactor.addSystemEventTrigger("before", "shutdown", _begin)


def _begin() -> None:
    threading.Thread(target=_end, name="leaving", daemon=True).start()


def _end() -> None:
    time.sleep(PATIENCE)
    log.warning("Requests that do not end are left behind after %.0f s.", PATIENCE)
    logging.shutdown()
    os._exit(0)
