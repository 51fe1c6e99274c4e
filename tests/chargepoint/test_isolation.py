"""The core stands alone: importing all of it loads no framework, no store, no event loop."""

import subprocess
import sys

SCRIPT = """
import sys
import chargepoint.core.station, chargepoint.v16.station, chargepoint.v201.station
import chargepoint.v21.station
banned = {"django", "redis", "asyncio", "channels", "celery", "ocpp.messages", "stations",
          "messaging", "emulator", "accounts"}
print(sorted(banned & set(sys.modules)))
"""


def test_the_core_imports_nothing_of_the_outside():
    run = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
