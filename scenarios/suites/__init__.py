"""Suites that ship: what OCPP asks of a CSMS, what it must survive, what it must bear."""

from pathlib import Path

SHIPPED = Path(__file__).parent
NAMES = tuple(sorted(path.parent.name for path in SHIPPED.glob("*/suite.json")))
