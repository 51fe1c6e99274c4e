"""A pytest plugin: which tests run which lines of some files, and how long each test takes.

MUTANTS_FILES names the files (JSON), MUTANTS_SEEN where the answer is written.
"""

import json
import os
from collections import defaultdict
from pathlib import Path

import coverage
import pytest

FILES = [str(Path(name).resolve()) for name in json.loads(os.environ["MUTANTS_FILES"])]
MEASURED = coverage.Coverage(data_file=None, config_file=False, include=FILES)
MEASURED.start()
_seconds: dict[str, float] = defaultdict(float)
_bad: set[str] = set()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item):
    MEASURED.switch_context(item.nodeid)
    return (yield)


def pytest_runtest_logreport(report):
    _seconds[report.nodeid] += report.duration
    if report.failed:
        _bad.add(report.nodeid)


def pytest_sessionfinish():
    MEASURED.stop()
    data = MEASURED.get_data()
    here = Path.cwd()
    lines = {
        str(Path(file).relative_to(here)): {
            line: [test for test in tests if test in _seconds and test not in _bad]
            for line, tests in data.contexts_by_lineno(file).items()
        }
        for file in data.measured_files()
    }
    answer = {"lines": lines, "seconds": _seconds, "failed": sorted(_bad)}
    Path(os.environ["MUTANTS_SEEN"]).write_text(json.dumps(answer))
