#!/usr/bin/env python
"""Django's command line for the emulator."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "emulator.settings")
    try:
        from django.core.management import execute_from_command_line
    except ImportError:
        sys.exit(
            f"Package Django is missing in {sys.executable}: "
            "run `make run`, or install requirements.txt."
        )
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
