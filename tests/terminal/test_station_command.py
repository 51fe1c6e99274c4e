"""`manage.py station` as its users run it: a process, a CSMS, lines that are typed or piped."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import time

import pytest

from tests.terminal.conftest import PATIENCE, events

BEGUN = {"1.6": "StartTransaction", "2.0.1": "TransactionEvent", "2.1": "TransactionEvent"}
CHARGE = """
wait ready
start 1 TAG-7 soc=20
wait answer {begun}
wait status {charging}
show
stop 1
wait answer {ended}
unplug
wait status Available
"""


def script(version: str) -> str:
    is_16 = version == "1.6"
    return CHARGE.format(
        begun=BEGUN[version], charging="Charging" if is_16 else "Occupied",
        ended="StopTransaction" if is_16 else "TransactionEvent",
    )  # fmt: skip


@pytest.mark.parametrize("version", sorted(BEGUN))
def test_a_session_by_a_script(station, csms, version):
    identity = "CP 1" if version == "1.6" else "CP-1"
    options = ("--csms", csms, "--id", identity, "--version", version, "--fast", "--json")
    done = station(*options, lines=script(version))
    assert done.returncode == 0, done.stdout + done.stderr
    seen = events(done)
    calls = [e for e in seen if e["event"] == "frame" and e["kind"] == "Call"]
    begun = next(call for call in calls if call["action"] == BEGUN[version])
    assert begun["direction"] == "sent" and "TAG-7" in json.dumps(begun["frame"])
    answers = [e for e in seen if e.get("kind") == "CallResult"]
    assert all(answer["latency_ms"] >= 0 for answer in answers)
    state = next(e for e in seen if e["event"] == "state")["value"]
    assert state["connectors"][0]["transaction"] is not None
    assert [e["state"] for e in seen if e["event"] == "link"][0] == "open"
    assert not station.folder.exists()  # nothing is kept


@pytest.mark.parametrize("last", ["quit\n", ""])
def test_what_was_told_last_is_answered_before_the_end(station, csms, last):
    lines = f"wait ready\nstart 1 TAG-7 soc=20\nwait status Charging\nstop 1\n{last}"
    done = station(
        "--csms", csms, "--id", "CP-1", "--version", "1.6", "--fast", "--json", lines=lines
    )
    assert done.returncode == 0, done.stdout + done.stderr
    ended = [e for e in events(done) if e.get("action") == "StopTransaction"]
    assert [e["kind"] for e in ended] == ["Call", "CallResult"]


def test_lines_for_people(station, csms):
    lines = "wait ready\nfault 1 GroundFailure\nshow\ncall Heartbeat\nwait answer Heartbeat\n"
    done = station("--csms", csms, "--id", "CP-1", "--script", "-", lines=lines)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"→ BootNotification +\[2,", done.stdout)
    assert re.search(r"← BootNotification CallResult \d+ ms +\[3,", done.stdout)
    assert "connector 1: Faulted, GroundFailure" in done.stdout
    assert done.stderr == ""


def test_what_is_shown_has_been_charged_until_now(station, csms):
    lines = "wait ready\nstart 1 T soc=20\nwait status Charging\nwait 60\nshow\npower-cut\nshow\n"
    done = station("--csms", csms, "--id", "CP-1", "--fast", lines=lines)
    assert done.returncode == 0, done.stdout + done.stderr
    shown = re.search(r"connector 1: Charging, (\d+\.\d) kW, (\d\.\d{3}) kWh", done.stdout)
    kw, kwh = map(float, shown.groups())
    assert kw == 11.0 and 0.15 < kwh < 0.25
    assert done.stdout.count("CP-1  OCPP 1.6") == 2, "also shown without power"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("bogus", "There is no 'bogus'"),
        ("wait answer Nothing 0.1", "did not come within 0.1 s"),
    ],
)
def test_a_line_that_fails_ends_the_script(station, csms, line, words):
    done = station("--csms", csms, "--id", "CP-1", lines=f"wait ready\n{line}\ncall Heartbeat\n")
    assert done.returncode == 1
    assert words in done.stdout
    assert "→ Heartbeat" not in done.stdout


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--id", "A"], "--csms"),
        (["--csms", "http://x", "--id", "A"], "--csms:"),
        (["--csms", "ws://127.0.0.1:9", "--id", "A", "--script", "/nowhere"], "cannot be read"),
    ],
)
def test_what_cannot_begin_says_why_and_ends_with_2(station, options, words):
    done = station(*options)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_make_and_settings_are_on_the_wire(station, csms, tmp_path):
    make = tmp_path / "make.json"
    make.write_text(json.dumps({"vendor": "Volt & Co", "model": "Wall 11", "firmware": "9.9"}))
    options = ("--csms", csms, "--id", "CP-1", "--make", str(make), "--connectors", "2", "--json")
    done = station(
        *options, "--set", "HeartbeatInterval=1", lines="wait ready\nwait frame Heartbeat\n"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    frames = [e for e in events(done) if e["event"] == "frame"]
    assert frames[0]["frame"][3]["chargePointVendor"] == "Volt & Co"
    statuses = [e["frame"][3]["connectorId"] for e in frames if e["action"] == "StatusNotification"
                and e["kind"] == "Call"]  # fmt: skip
    assert {0, 1, 2} <= set(statuses)
    make.write_text(json.dumps({"vendor": "Volt", "colour": "blue"}))
    done = station(*options)
    assert done.returncode == 2 and "colour" in done.stderr


def test_why_it_does_not_connect(station):
    done = station(
        "--csms", "ws://127.0.0.1:9", "--id", "CP-1", lines="wait open 1\n"
    )  # fmt: skip
    assert done.returncode == 1
    assert re.search(r"CP-1 is waiting: .*refused", done.stdout)


def test_a_signal_ends_it_in_order(station, csms):
    command = station.argv("--csms", csms, "--id", "CP-1", "--script", "-")
    with subprocess.Popen(
        command, env=station.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:  # fmt: skip
        for line in process.stdout:
            if "← BootNotification" in line:
                break
        process.send_signal(signal.SIGTERM)
        rest = process.stdout.read()
        assert process.wait(PATIENCE) == 0
    assert "CP-1 is off" in rest


def test_a_person_types(station, csms):
    """At a terminal: a prompt, frames above it, and `quit`."""
    leader, follower = pty.openpty()
    command = station.argv("--csms", csms, "--id", "CP-1")
    env = {**station.env, "TERM": "xterm"}
    process = subprocess.Popen(command, env=env, stdin=follower, stdout=follower, stderr=follower)
    os.close(follower)
    try:
        shown = until(leader, "", "BootNotification CallResult")
        os.write(leader, b"show\r")
        shown = until(leader, shown, "registration Accepted")
        assert "CP-1>" in shown
        os.write(leader, b"nonsense\r")
        shown = until(leader, shown, "There is no 'nonsense'")
        os.write(leader, b"quit\r")
        until(leader, shown, "CP-1 is off")
        assert process.wait(PATIENCE) == 0  # what was mistyped is no failure of a person's
    finally:
        process.kill()
        process.wait()
        os.close(leader)


def until(terminal: int, shown: str, words: str) -> str:
    """Read on until the terminal has shown these words; its escapes are left out."""
    limit = time.monotonic() + PATIENCE
    while words not in shown:
        assert time.monotonic() < limit, shown
        if select.select([terminal], [], [], 1.0)[0]:
            data = os.read(terminal, 65536).decode(errors="replace")
            if "\x1b[6n" in data:  # where is the cursor? a terminal answers
                os.write(terminal, b"\x1b[1;1R")
            shown += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]", "", data)
    return shown
