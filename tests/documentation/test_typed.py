"""What the README and the pages say to type does what it should, as it is typed: decision 49."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from benchmarks.processes import ROOT, Process, answers, free_port, wait_until
from benchmarks.stack import ADMIN, Stack
from documentation import typed
from documentation.project import DOCS
from tests.scenarios.platform import Platform

PATIENCE = 300.0  # seconds; a busy machine takes them
# Pages whose commands another test types.
ELSEWHERE = {
    "docs/reference/api.md": "tests/scenarios/test_documented_calls.py",
}
RUN = [page for page in typed.pages() if typed.has_commands(page)]
TYPED = [page for page in RUN if str(page.relative_to(ROOT)) not in ELSEWHERE]


@pytest.fixture(scope="module")
def platform(tmp_path_factory) -> Iterator[Stack]:
    parts = ("worker", "celery", "web", "scenarios")
    with Stack(tmp_path_factory.mktemp("typed"), start=parts) as running:
        running.manage("seedscenarios")
        running.manage("seedstations", "--stopped")
        yield running


@pytest.fixture(scope="module")
def csms(tmp_path_factory) -> Iterator[int]:
    port = free_port()
    log = tmp_path_factory.mktemp("csms") / "demo.log"
    process = Process(
        "demo CSMS", [sys.executable, "-m", "democsms", "--port", str(port)], log, {}
    ).start()
    try:
        wait_until(lambda: answers(port), PATIENCE, "the demo CSMS listens")
        yield port
    finally:
        process.stop()


@pytest.fixture(scope="module")
def cp_1(platform, csms) -> None:
    """The station that pages of the reference speak of."""
    known = Platform(platform)
    known.station("CP-1", f"ws://127.0.0.1:{csms}", tags=["building-a"])
    known.connected("CP-1")


def type_page(page: Path, values: dict[str, str], folder: Path) -> subprocess.CompletedProcess:
    """In a shell of its own, which ends with all that the page has started."""
    tree = folder / "tree"  # a reader's checkout: what a page writes stays out of ours
    tree.mkdir()
    for entry in ROOT.iterdir():
        if entry.name not in (".git", ".data"):
            (tree / entry.name).symlink_to(entry)
    text = typed.script(page, values)
    output = folder / "output"
    with output.open("w") as file:
        # To a file: a CSMS that the page leaves in the background would hold a pipe open.
        process = subprocess.Popen(
            ["bash", "-eu", "-c", text], cwd=tree, stdin=subprocess.DEVNULL, stdout=file,
            stderr=subprocess.STDOUT, start_new_session=True,
            env={**os.environ, "PASSWORD": ADMIN[1], "PYTHONDONTWRITEBYTECODE": "1"},
        )  # fmt: skip
    try:
        code = process.wait(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        pytest.fail(f"{page.name} goes on after {PATIENCE:.0f} s:\n{output.read_text()[-3000:]}")
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return subprocess.CompletedProcess(text, code, output.read_text())


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.slow
@pytest.mark.parametrize("page", TYPED, ids=name)
def test_each_page_as_it_is_typed(platform, csms, cp_1, page, tmp_path):
    text = page.read_text()
    # It may start a CSMS itself, at the port of the demo's or beside it.
    port = free_port() if "--port 9220" in text else csms
    beside, control = free_port(), free_port()
    values = {
        "http://127.0.0.1:8000": platform.url,
        "127.0.0.1:9220": f"127.0.0.1:{port}", "--port 9220": f"--port {port}",
        "127.0.0.1:9230": f"127.0.0.1:{beside}", "--port 9230": f"--port {beside}",
        "--control-port 9221": f"--control-port {control}",
        "--driver demo": " ".join([
            "--driver demo", f"--var base=http://127.0.0.1:{control}",
            f"--var firmware_url=http://127.0.0.1:{control}/files/firmware.bin",
            f"--var upload_url=http://127.0.0.1:{control}/files/"]),
        ".venv/bin/python": sys.executable,
    }  # fmt: skip
    done = type_page(page, values, tmp_path)
    assert done.returncode == 0, f"{name(page)}\n{done.stdout[-4000:]}"


def test_what_is_typed_elsewhere_is_still_there():
    assert set(ELSEWHERE) <= {name(page) for page in RUN}
    for test in ELSEWHERE.values():
        assert (ROOT / test).exists()
    assert len(TYPED) > 15


BLOCKS = [block for page in typed.pages() for block in typed.blocks(page)]


@pytest.mark.parametrize(
    "block", [b for b in BLOCKS if b.language == "sh"], ids=lambda block: block.name
)
def test_each_command_is_well_formed(block):
    done = subprocess.run(["bash", "-n", "-c", block.text], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "block", [b for b in BLOCKS if b.language == "json" and "..." not in b.text],
    ids=lambda block: block.name,
)  # fmt: skip
def test_each_json_is_json(block):
    json.loads(block.text)


@pytest.mark.parametrize(
    "block", [b for b in BLOCKS if b.language == "yaml"], ids=lambda block: block.name
)
def test_each_yaml_is_yaml(block):
    assert list(yaml.safe_load_all(block.text))


def test_no_block_is_left_out_by_its_language():
    """A shell's commands are marked sh; what is only shown has another word."""
    known = {"sh", "json", "yaml", "python", "text", "ini", "systemd", "nginx"}
    other = {b.language or f"none, {b.name}" for b in BLOCKS} - known
    assert not other


def test_the_service_is_one_of_systemd(tmp_path):
    """By systemd's own tool where it is installed."""
    units = [b for b in BLOCKS if b.language == "systemd"]
    assert len(units) == 1
    unit = tmp_path / "ocpp-emulator.service"
    text = units[0].text.replace("/srv/emulator/venv/bin/ocpp-emulator", sys.executable)
    unit.write_text(text.replace("EnvironmentFile=", "EnvironmentFile=-"))
    assert "KillMode=mixed" in text and "LimitNOFILE" in text
    try:
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True,
            timeout=60,
        )  # fmt: skip
    except FileNotFoundError:
        pytest.skip("systemd-analyze is not installed")
    complaints = [line for line in done.stderr.splitlines() if unit.name in line]
    assert not complaints, done.stderr


def test_reasons_are_few_words():
    reasons = {block.reason for block in BLOCKS if block.reason}
    assert reasons and all(len(reason) < 60 for reason in reasons)
    assert (DOCS / "contributing" / "writing.md").read_text().count("not run:") >= 1
