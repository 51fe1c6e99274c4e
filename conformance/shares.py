"""The trials of a run, shared out over processes: each has a reference CSMS of its own."""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from conformance import suites

PROCESSES = max(1, os.cpu_count() or 1)
QUIET_JOBS = 4  # cases at a time, of each process, where how soon answers come is judged


def results(options: argparse.Namespace) -> list[Any]:
    """All trials of the run (conformance.running.Trial), carried out."""
    trials = planned(options)
    loud = [n for n, trial in enumerate(trials) if not trial.known.quiet]
    quiet = [n for n, trial in enumerate(trials) if trial.known.quiet]
    # Forked with the trials: to import and to plan takes as long as many a share does. No loop, no
    # socket and no thread is here before them.
    context = multiprocessing.get_context("fork")
    known = trials, _teller(options)
    with ProcessPoolExecutor(PROCESSES, context, _know, known) as pool:
        for numbers, jobs in ((loud, max(1, options.jobs // PROCESSES)), (quiet, QUIET_JOBS)):
            shares = [numbers[place::PROCESSES] for place in range(PROCESSES)]
            work = [(share, jobs) for share in shares if share]
            for done in pool.map(_carried_out, work):
                for number, result in done.items():
                    trials[number].result = result
    return trials


def planned(options: argparse.Namespace) -> list[Any]:
    from conformance import breakages, running
    from terminal.suites import documents

    made: list[Any] = []
    for known in suites.found(options.suite):
        suite = running.chosen(documents.read(str(known.file), []), options.only)
        broken = breakages.read(known.folder)
        trials = list(running.trials_of(known, suite, broken, not options.bad, not options.good))
        made += _sampled(trials, options.sample)
    return made


def _sampled(trials: list, step: int) -> list:
    """All on the correct CSMS, and each `step`th on a broken one."""
    bad = [trial for trial in trials if trial.breakage is not None]
    kept = {id(trial) for trial in bad[::step]}
    return [trial for trial in trials if trial.breakage is None or id(trial) in kept]


_known: tuple[list[Any], Callable[[Any], None]]  # in a process of the pool: the trials, who is told


def _know(*known: Any) -> None:
    global _known
    _known = known
    # As a charge point worker: what was forked is garbage's business no more, and a pause is a
    # CSMS's lateness to whoever judges it.
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)


def _carried_out(work: tuple[list[int], int]) -> dict[int, Any]:
    """In a process of the pool. {number of the trial: its Result}, without frames and steps."""
    import uvloop

    from conformance import running

    (trials, told), (numbers, jobs) = _known, work
    mine = [trials[number] for number in numbers]
    uvloop.run(running.carry_out(mine, jobs, told))
    for trial in mine:
        trial.result.frames, trial.result.steps = [], []
    return {number: trials[number].result for number in numbers}


def _teller(options: argparse.Namespace) -> Callable[[Any], None]:
    def told(trial: Any) -> None:
        result, how = trial.result, "ok " if trial.good else "BAD"
        if options.verbose:
            what = f"{trial.name} {result.seconds:.1f} s"
            print(f"{how} {what} {result.verdict}: {result.message[:300]}", flush=True)
        if options.frames and not trial.good:
            for step in result.steps:
                print(
                    f"      {step.began:6.2f} {step.path} {step.type} {step.state} {step.message}"
                )
            for frame in result.frames:
                print(f"      {frame['time'][14:23]} {frame['direction']} {frame['frame']}"[:300])

    return told
