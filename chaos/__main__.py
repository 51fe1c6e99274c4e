"""Everything that can die, freeze or lie does; then the books are audited. `python -m chaos`.

Exit code 1 where a violation was found. The schedule comes from the seed alone and is printed.
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import sys
import tempfile
from itertools import islice
from pathlib import Path

from benchmarks.processes import raise_file_limit
from chaos import host
from chaos.report import lines
from chaos.run import Plan, Run
from chaos.scale import ACTS, ON_HOSTS, ScaleRun
from chaos.schedule import AT_ONCE, KINDS, laps

ACTED = {"scale": ACTS, "hosts": ON_HOSTS}


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument(
        "--plan", choices=("faults", *ACTED), default="faults",
        help="faults; or, without them, workers that come and leave and shards that are divided; "
        "or workers on hosts of their own, which are drained, cut off, die and leave",
    )  # fmt: skip
    parser.add_argument(
        "--minutes", type=float, default=10.0,
        help="how long faults are made, or load between the acts",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=0, help="0: one is drawn, and printed")
    parser.add_argument("--workers", default="1,3", help="charge point workers, lap by lap")
    parser.add_argument("--stations", type=int, default=30)
    parser.add_argument("--faults", default="", help="only these, in this order, by comma")
    parser.add_argument("--longest", type=float, default=60.0, help="seconds a fault may last")
    parser.add_argument("--output", type=Path, help="also write the tables here")
    parser.add_argument("--keep", type=Path, help="work here, and leave all files there")
    parser.add_argument("--list", action="store_true", help="print the first laps and end")
    return parser.parse_args()


def plan_of(arguments: argparse.Namespace) -> Plan:
    kinds = tuple(name for name in arguments.faults.split(",") if name)
    if unknown := [name for name in kinds if name not in (*KINDS, AT_ONCE)]:
        sys.exit(f"There is no fault {unknown[0]}. There are: {', '.join((*KINDS, AT_ONCE))}.")
    if arguments.plan in ACTED:
        arguments.workers = {"scale": "1", "hosts": "3"}[arguments.plan]
    workers = tuple(int(number) for number in arguments.workers.split(","))
    seed = arguments.seed or random.SystemRandom().randrange(1, 10_000)
    return Plan(
        arguments.minutes, seed, workers, arguments.stations, kinds, arguments.longest,
        arguments.plan == "hosts",
    )  # fmt: skip


def say(text: str) -> None:
    print(text, flush=True)


def main() -> int:
    raise_file_limit()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that all is ended in order
    arguments = parse()
    plan = plan_of(arguments)
    acts = ACTED.get(arguments.plan)
    if plan.on_hosts and (why := host.impossible()):
        sys.exit(f"No host of its own for a worker: {why}.")
    say(f"seed {plan.seed}; the schedule, as far as the time allows:")
    made = laps(plan.seed, plan.workers, plan.kinds, plan.longest)
    for lap in [acts] if acts else islice(made, len(plan.workers)):
        for one in lap:
            say(f"  {one.name if acts else one}")
    if arguments.list:
        return 0
    directory = arguments.keep or Path(tempfile.mkdtemp(prefix="chaos-"))
    directory.mkdir(parents=True, exist_ok=True)
    run = ScaleRun(plan, directory, say, acts) if acts else Run(plan, directory, say)
    outcome = run.carry_out()
    text = "\n".join(lines(outcome))
    say(text)
    if outcome.violations or arguments.keep:
        say(f"The record, the logs and the stores are in {directory}.")
    else:
        shutil.rmtree(directory, ignore_errors=True)
    if arguments.output:
        arguments.output.write_text(text + "\n")
    return 1 if outcome.violations else 0


if __name__ == "__main__":
    sys.exit(main())
