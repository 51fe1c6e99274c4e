"""See table.py."""

import sys

from benchmarks.fleets.table import main

sys.exit(main())
