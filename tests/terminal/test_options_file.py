"""Options of `runsuite` out of a file, and a run that may not ask this machine."""

from __future__ import annotations

import json
import sys

import pytest

from benchmarks.processes import ROOT
from terminal.rows import Unusable
from terminal.suites import repeating
from terminal.suites.command import _command, spelled_out
from tests import warm
from tests.terminal.conftest import PATIENCE

DRIVER = {"actions": {"Reset": {"url": "http://127.0.0.1:9/reset"}}}
SUITE = {"suite": "S", "versions": ["1.6"], "cases": [
    {"id": "C_1", "steps": [{"type": "delay", "params": {"duration": 1}}]}]}  # fmt: skip


def test_only_the_first_word_stands_for_a_file_and_its_lines_for_words(tmp_path):
    path = tmp_path / "options"
    path.write_text("suite.json\n--var=a= x \n@other\n")
    words = spelled_out([f"@{path}", "--strict"])
    assert words == ["suite.json", "--var=a= x ", "@other", "--strict"]
    assert spelled_out(["suite", f"@{path}"]) == ["suite", f"@{path}"] and spelled_out([]) == []
    with pytest.raises(Unusable, match="cannot be read"):
        spelled_out([f"@{tmp_path}/none"])


def test_the_command_that_repeats_a_run_has_the_words_and_no_password(tmp_path, monkeypatch):
    path = tmp_path / "options"
    path.write_text("suite.json\n--password\nopen-sesame\n")
    monkeypatch.setattr(sys, "argv", ["manage.py", "runsuite", f"@{path}"])
    assert _command(7) == "manage.py runsuite suite.json --password ... --seed 7"


@pytest.mark.parametrize("words, expected", [
    ("--password=open-sesame --id a", "--password=... --id a"),
    ("--password --var --id a", "--password ... --id a"),
    ("--var old_password=open-sesame", "--var old_password=..."),
    ("--var=newPassword=a=b", "--var=newPassword=..."),
    ("--var api_key=x --var API_TOKEN=y", "--var api_key=... --var API_TOKEN=..."),
    ("--var valid_id_tag=TAG --var id_token=T", "--var valid_id_tag=TAG --var id_token=T"),
    ("--csms wss://user:open-sesame@h/ocpp --id a", "--csms wss://user:...@h/ocpp --id a"),
    ("--proxy=http://u:p@h:8080", "--proxy=http://u:...@h:8080"),
    ("--csms ws://h:9000/a@b", "--csms ws://h:9000/a@b"),
    ("--var base=http://127.0.0.1:9221", "--var base=http://127.0.0.1:9221"),
    ("--var", "--var"),
])  # fmt: skip
def test_no_secret_is_in_the_command_that_repeats_a_run(words, expected):
    assert repeating.shown(words.split()) == expected


def test_without_loopback_a_driver_of_this_machine_needs_to_be_allowed(station, tmp_path):
    for name, content in (("suite.json", SUITE), ("driver.json", DRIVER)):
        (tmp_path / name).write_text(json.dumps(content))
    words = ["suite.json", "--csms", "ws://127.0.0.1:9", "--driver", "driver.json", "--no-loopback"]
    (tmp_path / "options").write_text("\n".join(words))
    argv = [sys.executable, str(ROOT / "manage.py"), "runsuite", "@options"]
    done = warm.run(
        argv, cwd=tmp_path, env=station.env, timeout=PATIENCE
    )
    assert done.returncode == 2 and "127.0.0.1 is not allowed" in done.stderr, done
