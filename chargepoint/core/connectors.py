"""The connectors of a station: made from its configuration, restored, matched with a new one."""

from __future__ import annotations

from typing import Any

from chargepoint.config import ConnectorConfig, StationConfig
from chargepoint.hardware.connector import Connector


def connectors_of(config: StationConfig, saved: dict[str, Any], now: float) -> dict[int, Connector]:
    """The connectors of the configuration, as they were saved; `saved` is {} for a new station."""
    variance = config.meter_variance
    kept = {entry["id"]: entry for entry in saved.get("connectors", ())}
    connectors: dict[int, Connector] = {}
    for outlet in config.connectors:
        entry = kept.get(outlet.id)
        if entry is None:
            connectors[outlet.id] = _new(outlet, config, now)
            continue
        was_off = "ev" in entry and not saved.get("booted")
        if was_off or entry.get("at", now) > now:
            # It was off, or a clock was set back since: no energy has flowed since.
            entry = {**entry, "at": now}
        connectors[outlet.id] = Connector.from_saved(outlet, entry, variance)
    return connectors


def match(connectors: dict[int, Connector], config: StationConfig, now: float) -> None:
    """Have those of the configuration; a removed one with a car on it stays until it has gone."""
    for outlet in config.connectors:
        known = connectors.get(outlet.id)
        if known is None:
            connectors[outlet.id] = _new(outlet, config, now)
        else:
            known.advance(now)
            known.config = outlet
            known.variance = config.meter_variance
    numbers = {outlet.id for outlet in config.connectors}
    for number in [n for n in connectors if n not in numbers]:
        if not connectors[number].in_transaction:
            del connectors[number]


def _new(outlet: ConnectorConfig, config: StationConfig, now: float) -> Connector:
    """One that was not there before: its meter may have counted in the factory."""
    connector = Connector(outlet, now, config.meter_variance)
    if config.make is not None:
        meter = config.make.meter
        # What it shows has been counted before the losses, if the make's meter sits there.
        share = meter.dc_efficiency if outlet.phases == 0 else 1.0
        connector.raise_registers(meter.start_wh * share, 0.0)
    return connector
