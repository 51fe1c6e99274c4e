"""Charge point workers by fork, so that one that is killed has a successor in a fraction of a
second: `python -m tests.system.nursery`, then a line on stdin for each; prints each one's pid."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
QUICK = {"lease_ms": 20_000, "tend_every": 0.1}  # a loaded machine may hold a loop for seconds


def main() -> None:
    import django

    django.setup()
    import uvloop

    from stations.management.commands.runchargepoints import run_worker
    from stations.worker.worker import WorkerOptions

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    print("ready", flush=True)
    for _ in sys.stdin:
        pid = os.fork()
        if pid:
            print(pid, flush=True)
            continue
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.close(0)
        os.dup2(2, 1)
        uvloop.run(run_worker(WorkerOptions(**QUICK)))
        os._exit(0)


if __name__ == "__main__":
    main()
