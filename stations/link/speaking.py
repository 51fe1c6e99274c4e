"""Which OCPP version a station speaks, where it offers several."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from chargepoint.common.switching import carried_over
from chargepoint.config import SUBPROTOCOLS, StationConfig
from chargepoint.effects import URGENT
from chargepoint.versions import make_station

if TYPE_CHECKING:
    from stations.worker.consumers import ChargePointConsumer


class NothingChosen(Exception):
    """No version is agreed on, in words."""


def of_version(
    version: str | None, config: StationConfig, offered: Iterable[StationConfig]
) -> StationConfig:
    """That of the version; `config` where it is not offered."""
    return next((each for each in offered if each.version == version), config)


def chosen_config(
    config: StationConfig, offered: tuple[StationConfig, ...], agreed: Iterable[str]
) -> StationConfig:
    """By what the other side has chosen, which is not `config`'s. Raises NothingChosen.

    OCPP-J 1.6, 3.1.2 and 2.0.1 part 4, 3.1.2: no common subprotocol, no connection. RFC 6455, 4.1:
    one that was not offered fails it too.
    """
    known = {SUBPROTOCOLS[each.version]: each for each in offered or (config,)}
    names = [name for name in agreed if name]
    for name in names:
        if offered and name in known:
            return known[name]
    answer = f"chose {names[0][:60]}" if names else "chose no subprotocol"
    raise NothingChosen(f"the CSMS {answer}; offered: {', '.join(known)}")


def change_version(consumer: ChargePointConsumer, config: StationConfig) -> None:
    """Go on as a station of another version, on the same link: chargepoint/common/switching.py."""
    host, now = consumer.host, consumer.host.clock.now()
    saved, over = carried_over(consumer.station.snapshot(), config.version)
    host.transfers.stop_all(consumer)
    consumer.station = make_station(config, saved, now)
    for update in over:
        host.recorder.session(consumer.epoch, update)
    host.deadlines.arm(consumer, consumer.station.deadline)
    host.snapshots.changed(consumer, URGENT)
