"""The core stands alone: importing all of it loads no framework, no store, no event loop."""

import subprocess
import sys
from collections import defaultdict

import pytest

from chargepoint.versions import station_class

SCRIPT = """
import sys
import chargepoint.station, chargepoint.v16.station, chargepoint.v201.station
import chargepoint.v21.station
banned = {"django", "redis", "asyncio", "channels", "celery", "ocpp.messages", "stations",
          "messaging", "emulator", "accounts"}
print(sorted(banned & set(sys.modules)))
"""


def test_the_core_imports_nothing_of_the_outside():
    run = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
def test_no_block_takes_a_private_name_of_another(version):
    owners = defaultdict(list)
    for kind in station_class(version).__mro__:
        for name, member in vars(kind).items():
            if callable(member) and name.startswith("_") and not name.startswith("__"):
                owners[name].append(kind.__name__)
    shared = {name for name, kinds in owners.items() if len(kinds) > 1}
    assert shared <= {"_send_call", "_take_bad"}  # these call the one below them
