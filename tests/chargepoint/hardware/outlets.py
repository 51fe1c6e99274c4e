"""Outlets and cars for the hardware tests."""

from types import SimpleNamespace

from chargepoint.hardware.connector import Connector, Event
from chargepoint.hardware.ev import EV


def outlet(phases=3, max_power_w=22_000, variance=0.0, id=1, now=0.0) -> Connector:
    config = SimpleNamespace(
        id=id, evse=id, kind="CCS2" if phases == 0 else "Type2", phases=phases,
        max_power_w=max_power_w,
    )  # fmt: skip
    return Connector(config, now, variance)


def charging(connector: Connector, ev: EV, now: float = 0.0) -> Connector:
    connector.plug(ev, now)
    for event in (Event.AUTHORIZED, Event.TRANSACTION_STARTED, Event.ENERGY_OFFERED):
        connector.apply(event, now)
    return connector
