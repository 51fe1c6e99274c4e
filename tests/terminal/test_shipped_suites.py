"""The suites for robustness and load: they pass on the demo CSMS, and fail on one that does not
survive, or answers too late."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection, serve

from benchmarks.processes import ROOT, free_port
from terminal.suites import documents
from tests.terminal.conftest import PATIENCE

SUITES = ROOT / "scenarios" / "suites"


@pytest.fixture
def runsuite(station, tmp_path: Path) -> Callable:
    def run(suite: str, *options: str) -> tuple[int, dict]:
        report = tmp_path / "report.json"
        argv = [sys.executable, str(ROOT / "manage.py"), "runsuite", str(SUITES / suite),
                "--json", str(report), "--id", "CP-{n}", *options]  # fmt: skip
        done = subprocess.run(argv, cwd=tmp_path, env=station.env, text=True, capture_output=True,
                              timeout=PATIENCE * 3)  # fmt: skip
        assert report.exists(), done.stdout + done.stderr
        return done.returncode, json.loads(report.read_text())

    return run


@pytest.fixture(scope="module")
def driven() -> Iterator[tuple[str, str]]:
    """A demo CSMS with a control port: their addresses."""
    port, control = free_port(), free_port()
    command = [sys.executable, "-u", "-m", "democsms", "--port", str(port), "--control-port",
               str(control), "--quiet"]  # fmt: skip
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert "demo CSMS on" in process.stdout.readline()
        try:
            yield f"ws://127.0.0.1:{port}", f"http://127.0.0.1:{control}"
        finally:
            process.terminate()


# Which of ours take long by what they wait for.
SLOW = ("ROB_17", "ROB_18")


@pytest.mark.slow
@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
def test_the_demo_csms_survives(runsuite, driven, version: str) -> None:
    csms, control = driven
    wanted = [c.id for c in documents.read(str(SUITES / "robustness"), [version]).cases]
    assert len(wanted) == 18
    only = [word for each in wanted if each not in SLOW for word in ("--only", each)]
    code, made = runsuite(
        "robustness", "--csms", csms, "--driver", "demo", "--var", f"base={control}",
        "--version", version, "--parallel", "16", "--var", "answer_ms=30000", *only,
    )  # fmt: skip
    told = [f"{r['id']} {r['verdict']} {r['message']}" for r in made["results"] if r["bad"]]
    assert code == 0, told
    assert made["counts"]["PASS"] == 16


class Fragile:
    """A CSMS of 1.6 that answers properly, until `breaks` says that a text is too much for it."""

    def __init__(self, breaks: Callable[[str], bool]) -> None:
        self._breaks = breaks
        self.dead = False

    async def attend(self, connection: ServerConnection) -> None:
        async for text in connection:
            self.dead = self.dead or self._breaks(text)
            if self.dead:
                continue  # as one whose only loop has hung up
            try:
                kind, uid, action, _ = json.loads(text)
            except ValueError:
                continue
            now = "2026-01-31T12:00:00Z"
            beat = {"currentTime": now}
            boot = {"status": "Accepted", "interval": 300, **beat}
            answer = {"BootNotification": boot, "Heartbeat": beat}.get(action, {})
            if kind == 2:
                await connection.send(json.dumps([3, uid, answer]))


@pytest.fixture
def fragile() -> Iterator[Callable[[Callable[[str], bool]], str]]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    servers = []

    def start(breaks: Callable[[str], bool]) -> str:
        async def listen():
            protocols = ["ocpp1.6"]
            return await serve(Fragile(breaks).attend, "127.0.0.1", 0, subprotocols=protocols)

        server = asyncio.run_coroutine_threadsafe(listen(), loop).result(PATIENCE)
        servers.append(server)
        return f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    yield start
    for server in servers:
        loop.call_soon_threadsafe(server.close)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(PATIENCE)
    loop.close()


def test_a_csms_that_dies_of_a_frame_fails_by_the_other_station(runsuite, fragile) -> None:
    csms = fragile(lambda text: not text.startswith('[2,"'))
    options = ("--csms", csms, "--only", "ROB_01", "--version", "1.6", "--var", "answer_ms=1500",
               "--var", "seconds=4")  # fmt: skip
    code, made = runsuite("robustness", *options)
    (result,) = made["results"]
    assert code == 1 and result["verdict"] == "FAIL"
    assert "2 of 2 stations failed" in result["message"] and "Heartbeat" in json.dumps(result)


def test_limits_are_a_verdict(runsuite, csms) -> None:
    options = ("--csms", csms, "--only", "LOAD_01", "--version", "1.6", "--var", "stations=8",
               "--var", "settle_ms=100", "--var", "p99_ms=60000", "--var",
               "p95_ms=60000")  # fmt: skip
    code, made = runsuite("load", *options, "--var", "p50_ms=60000")
    (result,) = made["results"]
    assert code == 0, result["message"]
    assert result["latencies"]["BootNotification"]["count"] == 16
    code, made = runsuite("load", *options, "--var", "p50_ms=0")
    (result,) = made["results"]
    assert code == 1 and result["verdict"] == "FAIL"
    assert "BootNotification: answered after" in result["message"]
    assert "at p50 of 16, more than 0 ms" in result["message"]


def test_several_stations_need_several_names(tmp_path, capsys) -> None:
    from django.core.management import call_command

    with pytest.raises(SystemExit) as ended:
        call_command("runsuite", str(SUITES / "load"), "--csms", "ws://127.0.0.1:9", "--id", "CP-1")
    assert ended.value.code == 2 and "{n}" in capsys.readouterr().err
