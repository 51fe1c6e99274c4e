"""Drivers: how a CSMS is made to act, as tables from actions to HTTP requests. The files beside."""

from pathlib import Path

SHIPPED = Path(__file__).parent
