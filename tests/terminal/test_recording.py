"""`record` and `replay` as their users run them: a session with the demo CSMS, played again."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.processes import ROOT
from tests import warm
from tests.scenarios.recordings.packets import Line, pcap
from tests.terminal.conftest import PATIENCE, Command

SESSION = """wait ready
plug 1
start 1 TAG-7
wait answer StartTransaction
wait 1
stop 1
wait answer StopTransaction
unplug 1
wait status Available 1
"""
SESSION_2 = SESSION.replace("StartTransaction", "TransactionEvent").replace(
    "wait answer StopTransaction", "wait answer TransactionEvent"
)


@pytest.fixture(params=["1.6", "2.0.1"])
def recorded(request, station: Command, csms: str, tmp_path: Path) -> Path:
    """What `station --json` has printed of a session."""
    lines = SESSION if request.param == "1.6" else SESSION_2
    done = station("--csms", csms, "--id", "CP-7", "--version", request.param, "--json", "--fast",
                   lines=lines)  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    path = tmp_path / "session.jsonl"
    path.write_text(done.stdout)
    return path


@pytest.fixture
def manage(station: Command, tmp_path: Path):
    def manage(*words: object) -> subprocess.CompletedProcess:
        argv = [sys.executable, str(ROOT / "manage.py"), *map(str, words)]
        return warm.run(argv, cwd=tmp_path, env=station.env, timeout=PATIENCE)

    return manage


def test_a_session_is_recorded_and_replayed(recorded, manage, csms, tmp_path, station) -> None:
    made = tmp_path / "scenario.json"
    done = manage("record", recorded, "-o", made, "--mask")
    assert done.returncode == 0, done.stderr
    text = made.read_text()
    assert "TAG-7" not in text and "TAG-1" in text and "CP-7" not in text
    version = json.loads(text)["tags"][1].removeprefix("ocpp")
    done = manage("runscenario", made, "--csms", csms, "--id", "CP-8", "--version", version)
    assert done.returncode == 0, done.stdout + done.stderr
    done = manage("replay", recorded, "--csms", csms, "--most-pause", "0.2")
    assert done.returncode == 0 and f"OCPP {version}" in done.stdout, done.stdout + done.stderr
    assert not station.folder.exists()


def test_a_csms_that_answers_otherwise_fails(recorded, manage, csms) -> None:
    """The demo CSMS's table blocks this tag: Authorize is answered, validly, and not as it was."""
    options = ("--csms", csms, "--var", "id_tag_1=TAG-BLOCKED")
    done = manage("replay", recorded, *options)
    assert done.returncode == 1, done.stdout + done.stderr
    assert '"Blocked", not "Accepted"' in done.stdout
    done = manage("replay", recorded, "--csms", csms, "--var", "id_tag_1=TAG-VALID")
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_cannot_be_used_ends_with_2(manage, tmp_path) -> None:
    path = tmp_path / "x.pcap"
    path.write_bytes(pcap(Line().open().packets))
    beat = tmp_path / "beat.jsonl"
    beat.write_text('[2,"1","Heartbeat",{}]')
    for words, said in (
        (("record", path), "no WebSocket"),
        (("record",), "either a FILE"),
        (("record", beat, "-o", tmp_path / "none" / "x"), "cannot be written"),
        (("replay", beat, "--csms", "ws://127.0.0.1:9"), "give --id"),
        (("replay", beat, "--csms", "ws://127.0.0.1:9", "--most-pause", "-1"), "--most-pause"),
    ):
        done = manage(*words)
        assert done.returncode == 2 and said in done.stderr, (words, done.stdout, done.stderr)
