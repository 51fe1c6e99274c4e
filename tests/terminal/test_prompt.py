"""Step `prompt` with somebody at a terminal."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.core.management import call_command

from benchmarks.processes import ROOT
from terminal.suites.asking import by_files
from tests.terminal.conftest import PATIENCE

STEPS = [
    {"type": "wait_for_state", "timeout": 60000,
     "params": {"target": "station", "state": "accepted"}},
    {"type": "prompt", "params": {"text": "Look at [the] page."}},
]  # fmt: skip


def read_until(master: int, words: str, seconds: float = PATIENCE) -> str:
    """What the terminal has shown until these words came, or until it was closed."""
    shown, end = "", time.monotonic() + seconds
    while words not in shown and time.monotonic() < end:
        if select.select([master], [], [], 1.0)[0]:
            try:
                shown += os.read(master, 65536).decode(errors="replace")
            except OSError:  # the other end was closed
                break
    return shown


@pytest.mark.parametrize(("typed", "code", "words"), [("", 0, "PASS"), ("no page", 1, "no page")])
def test_a_person_says_that_it_is_done_or_what_went_wrong(
    csms, station, tmp_path, typed, code, words
):
    path = tmp_path / "asked.json"
    path.write_text(json.dumps({"scenarioId": "asked", "name": "Asked", "steps": STEPS}))
    argv = [sys.executable, str(ROOT / "manage.py"), "runscenario", str(path), "--csms", csms,
            "--id", "CP-P", "--fast"]  # fmt: skip
    master, slave = pty.openpty()
    with subprocess.Popen(
        argv, cwd=tmp_path, env={**station.env, "TERM": "dumb"}, stdin=slave, stdout=slave,
        stderr=slave, start_new_session=True,
    ) as process:  # fmt: skip
        os.close(slave)
        assert "Look at [the] page." in (shown := read_until(master, "what went wrong")), shown
        os.write(master, f"{typed}\r".encode())
        shown = read_until(master, "in all the output there is no such text")
        assert process.wait(PATIENCE) == code, shown
        assert words in shown
    os.close(master)


async def asked(folder: Path, seconds: float = PATIENCE) -> tuple[asyncio.Task, dict]:
    """A question by files, and what stands in it."""
    task = asyncio.create_task(by_files(folder)("1", "CP-1", "Look.", seconds))
    async with asyncio.timeout(PATIENCE):
        path = folder / "1.question.json"
        while not path.exists():  # noqa: ASYNC110 - another process would write it
            await asyncio.sleep(0.01)
    return task, json.loads(path.read_text())


@pytest.mark.parametrize("why", ["", "no page"])
async def test_a_question_by_files_is_answered(tmp_path, why):
    task, question = await asked(tmp_path)
    assert question == {"station": "CP-1", "text": "Look.", "seconds": PATIENCE}
    (tmp_path / "1.answer.json").write_text(json.dumps({"why": why}))
    assert await asyncio.wait_for(task, PATIENCE) == why
    assert not list(tmp_path.iterdir())


async def test_a_question_by_files_that_nobody_answers_goes(tmp_path):
    task, _ = await asked(tmp_path, 0.3)
    with pytest.raises(TimeoutError):
        await task
    assert not list(tmp_path.iterdir())


def test_questions_by_files_need_a_folder(tmp_path, capsys):
    path = tmp_path / "asked.json"
    path.write_text(json.dumps({"scenarioId": "asked", "name": "Asked", "steps": STEPS}))
    with pytest.raises(SystemExit) as ended:
        call_command("runscenario", str(path), "--csms", "ws://127.0.0.1:9", "--id", "CP-P",
                     "--questions", str(tmp_path / "none"))  # fmt: skip
    assert ended.value.code == 2 and "no folder" in capsys.readouterr().err
