"""What a charge point is told about itself before it starts. Immutable values."""

from typing import Any

import msgspec

from chargepoint.cars.profile import EvProfile

SUBPROTOCOLS = {"1.6": "ocpp1.6", "2.0.1": "ocpp2.0.1", "2.1": "ocpp2.1"}

# One longer frame than this is refused unread (OCPP sets no limit; a real controller has one).
MAX_FRAME = 1 << 20


class ConnectorConfig(msgspec.Struct, frozen=True, gc=False):
    """One outlet. `phases` is 1 or 3, 0 for DC; `max_power_w` in watts."""

    id: int
    evse: int
    kind: str = "Type2"
    phases: int = 3
    max_power_w: int = 22_000


class StationConfig(msgspec.Struct, frozen=True):
    """A station as configured.

    configuration  overrides: 1.6 key -> value, 2.x "Component.Variable" -> value, all text
    boot_delay     seconds between power-on and the first dial
    meter_variance relative noise on sampled values (0.05 is +-5 %); registers stay exact
    call_timeout   seconds to wait for the answer to a Call
    credentials    changes whenever the operator changes the address or the credentials of the link
    csms_url       the operator's address of the CSMS, for 2.x to report
    delays         seconds that a station takes, (least, most) to draw from; see pace.py
    lenient        take what can be read of a payload that its schema refuses (wire/kindly.py)
    cars           the kinds of cars that come, each with its weight; none: usual cars
    rules          answers that stand in the place of the station's own; see tap/standing.py
    make           chargepoint.make.make.Make, or None: what the model does of its own, see
                   with_make
    ticks          a second, at which heartbeats and meter values are due; 0: to the microsecond
    """

    identity: str
    version: str
    vendor: str = "Emulator"
    model: str = "Emulator"
    serial: str = ""
    firmware: str = ""
    iccid: str = ""
    imsi: str = ""
    meter_type: str = ""
    meter_serial: str = ""
    connectors: tuple[ConnectorConfig, ...] = (ConnectorConfig(1, 1),)
    configuration: dict[str, str] = {}
    boot_delay: float = 0.0
    default_id_tag: str = ""
    meter_variance: float = 0.0
    call_timeout: float = 30.0
    credentials: str = ""
    csms_url: str = ""
    lenient: bool = False
    delays: dict[str, tuple[float, float]] = {}
    ticks: int = 0
    rules: tuple[dict[str, Any], ...] = ()
    make: Any = None  # its folder is above this one
    cars: tuple[tuple[EvProfile, float], ...] = ()
