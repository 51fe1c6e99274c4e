#!/usr/bin/env python
"""Django's command line for the emulator."""

import os
import sys
from pathlib import Path

# Of commands that do without the web and the admin.
SETTINGS = {
    "runchargepoints": "emulator.profiles.charge_points",  # thousands of stations share its memory
    "station": "emulator.profiles.terminal",
    "up": "emulator.profiles.up",  # it only looks after processes
    "runscenario": "emulator.profiles.suites",
    "runsuite": "emulator.profiles.suites",
    "record": "emulator.profiles.suites",
    "replay": "emulator.profiles.suites",
}


def _reads_the_log(words: list[str]) -> bool:
    """`record --station CP-1`: of the platform's log, which is in a store."""
    named = any(word.partition("=")[0] == "--station" for word in words)
    return words[0] == "record" and named


def main() -> None:
    chosen = os.environ.setdefault("DJANGO_SETTINGS_MODULE", "emulator.settings")
    if chosen == "emulator.settings" and sys.argv[1:2] and not _reads_the_log(sys.argv[1:]):
        os.environ["DJANGO_SETTINGS_MODULE"] = SETTINGS.get(sys.argv[1], chosen)
    try:
        from django.core.management import execute_from_command_line

        execute_from_command_line(sys.argv)
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if (Path(__file__).parent / package).is_dir():
            raise  # a module of ours: a mistake, not a missing package
        sys.exit(
            f"Package {package} is missing in {sys.executable}: start with `make run`, or run "
            "`pip install -r requirements.txt`."
        )


if __name__ == "__main__":
    main()
