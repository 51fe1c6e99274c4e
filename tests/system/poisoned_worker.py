"""A worker that certain frames stick or kill: `python -m tests.system.poisoned_worker`.

The product has no such switch: here the core's own entry is replaced before the worker starts.
"""

from __future__ import annotations

import os
import re
import sys
import time

SLEEP, HOG, CRASH = "POISON-SLEEP", "POISON-HOG", "POISON-CRASH"


def sleep() -> None:
    for _ in range(600):  # as a loop of ours would, it lets other threads run
        time.sleep(0.1)


def hog() -> None:
    re.match(r"(a+)+$", "a" * 60 + "b")  # keeps the interpreter's lock


DOES = {SLEEP: sleep, HOG: hog, CRASH: os.abort}


def poison() -> None:
    from chargepoint.core import station

    whole = station.Station.received

    def received(self, data, now):
        for word, act in DOES.items():
            if word in str(data):
                act()
        return whole(self, data, now)

    station.Station.received = received


if __name__ == "__main__":
    import django
    from django.core.management import call_command

    os.environ["DJANGO_SETTINGS_MODULE"] = "emulator.profiles.charge_points"
    django.setup()
    poison()
    from stations.worker import watchdog

    watchdog.STUCK_AFTER = 1.0
    sys.argv = ["manage.py", "runchargepoints"]
    call_command("runchargepoints")
