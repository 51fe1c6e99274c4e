"""Celery's worker and beat end by SIGTERM in whatever they are."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from benchmarks.processes import ROOT

BEAT = """
import threading, time
from celery.apps.beat import Beat
from celery.beat import Scheduler
from emulator.celery import app

class Locked(Scheduler):
    "As a client of a store: what it does when it is asked and when it is closed takes one lock."
    lock = threading.Lock()

    def setup_schedule(self):
        pass

    def tick(self):
        with self.lock:
            print("ticks", flush=True)
            time.sleep(300)

    def close(self):
        with self.lock:
            print("closed", flush=True)

Beat(app=app, scheduler_cls=Locked, redirect_stdouts=False).run()
"""
WORKER = """
import threading
from celery import signals
from emulator.processes import celery_ends

celery_ends.OF_WORKER = 0.5
signals.worker_shutting_down.send(sender="w", sig="SIGTERM", how="Warm", exitcode=0)
print("hangs", flush=True)
lock = threading.Lock()
lock.acquire()
lock.acquire()
"""


@pytest.fixture
def started():
    running = []

    def start(script: str) -> subprocess.Popen:
        process = subprocess.Popen(
            [sys.executable, "-c", script], cwd=ROOT, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )  # fmt: skip
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_beat_closes_its_scheduler_after_what_the_signal_interrupted(started, number):
    beat = started(BEAT)
    while beat.stdout.readline() != "ticks\n":
        assert beat.poll() is None, beat.stderr.read()
    beat.send_signal(number)
    said, _ = beat.communicate(timeout=120)
    assert "closed" in said
    assert beat.returncode == 0


def test_a_worker_that_hangs_says_where_and_ends(started):
    worker = started(WORKER)
    said, errors = worker.communicate(timeout=120)
    assert said == "hangs\n"
    assert worker.returncode == 1
    assert "most recent call first" in errors
