"""Workers on hosts of their own, drained, cut off, dead and gone, and the audit of chaos."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.processes import ROOT
from chaos import host
from chaos.scale import ON_HOSTS

from .chaos_runs import PATIENCE, run_chaos

REFUSED = host.impossible()

pytestmark = pytest.mark.skipif(bool(REFUSED), reason=REFUSED)


def test_a_host_has_the_ports_that_it_was_given_and_no_others(tmp_path: Path) -> None:
    asking = (
        "import socket, sys\n"
        "print(socket.gethostname())\n"
        "for port in map(int, sys.argv[1:]):\n"
        "    try:\n"
        "        print(socket.create_connection(('127.0.0.1', port), 60).recv(1))\n"
        "    except ConnectionRefusedError:\n"
        "        print('refused')\n"
    )
    command = [
        sys.executable, "-m", "chaos.host", str(tmp_path), "elsewhere", "4711", "--",
        sys.executable, "-c", asking, "4711", "4712",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE)
    # Behind the first nobody listens yet.
    assert done.stdout.split() == ["elsewhere", "b''", "refused"], done.stderr


def test_nothing_is_lost_by_hosts_that_are_drained_or_cut_off_or_die_or_leave(
    tmp_path: Path, capsys
) -> None:
    said = run_chaos(
        capsys, tmp_path / "hosts", "--plan", "hosts", "--minutes", "0.5", "--seed", "23",
        "--stations", "24",
    )  # fmt: skip
    acts = [line for line in said.splitlines() if "well after" in line]
    assert len(acts) == len(ON_HOSTS), said[-6000:]
