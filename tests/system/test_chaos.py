"""Three minutes of `make chaos`: a selection of its faults, with three workers, and the audit."""

from __future__ import annotations

from pathlib import Path

from .chaos_runs import run_chaos

MINUTES, SEED = 3, 25
# Each kind of thing that was once got wrong, the quick ones first.
FAULTS = (
    "kill:worker", "freeze:worker", "empty:redis", "kill:redis", "cut:csms:half-open",
    "all-at-once", "term:worker", "freeze:mongo", "kill:celery",
)  # fmt: skip


def test_three_minutes_of_chaos(tmp_path: Path, capsys) -> None:
    run_chaos(
        capsys, tmp_path / "chaos", "--minutes", str(MINUTES), "--seed", str(SEED),
        "--workers", "3", "--stations", "24", "--longest", "18", "--faults", ",".join(FAULTS),
    )  # fmt: skip
