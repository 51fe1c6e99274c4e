"""Workers come, leave and are drained and shards are divided under load, and the audit of chaos."""

from __future__ import annotations

from pathlib import Path

from .chaos_runs import run_chaos


def test_nothing_is_lost_while_the_number_of_workers_and_of_shards_changes(
    tmp_path: Path, capsys
) -> None:
    said = run_chaos(
        capsys, tmp_path / "scale", "--plan", "scale", "--minutes", "0.5", "--seed", "22",
        "--stations", "24",
    )  # fmt: skip
    acts = [line for line in said.splitlines() if "become" in line and "well after" in line]
    assert len(acts) == 5, said[-6000:]
