"""The direction of imports: by import-linter, and by what a fresh interpreter really loads."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run(*command: str) -> subprocess.CompletedProcess:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)


def test_contracts_hold():
    done = run(str(Path(sys.executable).parent / "lint-imports"), "--no-cache")
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
def test_the_core_loads_nothing_of_ours_and_no_io(version):
    # An import in a package's __init__ slips past import-linter; sys.modules does not lie.
    script = (
        "import sys\n"
        "from chargepoint.config import ConnectorConfig, StationConfig\n"
        "from chargepoint.station import make_station\n"
        "plug = ConnectorConfig(id=1, evse=1, kind='Type2', phases=3, max_power_w=22000)\n"
        f"config = StationConfig(identity='a', version={version!r}, vendor='v', model='m',\n"
        "    serial='s', firmware='f', connectors=(plug,), configuration={})\n"
        "make_station(config, None, 1.0e9).connected_to(1.0e9)\n"
        "print(' '.join(sorted({name.partition('.')[0] for name in sys.modules})))\n"
    )
    done = run(sys.executable, "-c", script)
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert "chargepoint" in loaded
    forbidden = {
        "django", "channels", "celery", "redis", "pymongo", "picows", "uvloop", "asyncio",
        "emulator", "stations", "messaging", "scenarios", "accounts",
    }  # fmt: skip
    assert not loaded & forbidden
