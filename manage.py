#!/usr/bin/env python
"""Django's command line for the emulator."""

import os
import sys
from pathlib import Path


def main() -> None:
    chosen = os.environ.setdefault("DJANGO_SETTINGS_MODULE", "emulator.settings")
    if sys.argv[1:2] == ["runchargepoints"] and chosen == "emulator.settings":
        # Thousands of stations share that process: it does without the web and the admin.
        os.environ["DJANGO_SETTINGS_MODULE"] = "emulator.settings_charge_points"
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
