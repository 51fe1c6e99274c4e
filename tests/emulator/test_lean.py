"""What our processes do not have in memory: in one of its own."""

from __future__ import annotations

import subprocess
import sys

from django.conf import settings

UNUSED = "rich", "prompt_toolkit", "wcwidth"
SHARED = """
import sys
from emulator.processes import fork_server
fork_server.preload()
print(*sorted({top.partition(".")[0] for top in sys.modules}))
"""
OURS = """
import sys
import emulator.logs
print(*sys.modules)
import rich.console
"""


def modules(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=settings.BASE_DIR, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_what_the_processes_share_has_nothing_for_terminals():
    assert not modules(SHARED) & set(UNUSED)


def test_tracebacks_need_no_package_which_the_command_line_still_has():
    assert not modules(OURS) & set(UNUSED)
