"""A make of charging stations: what one model does of its own, as immutable values.

One object is shared by all stations of a make. Each field, its bounds and the versions in which it
has an effect stand in fields.py; classes.py makes the tables of a station out of it.
"""

from typing import Any

import msgspec


class Outlet(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """As config.ConnectorConfig: `phases` 1 or 3, 0 for DC; `max_power_w` in watts."""

    id: int
    evse: int
    kind: str = "Type2"
    phases: int = 3
    max_power_w: int = 22_000


class Key(msgspec.Struct, frozen=True, omit_defaults=True):
    """A configuration key (1.6) or a variable (2.x) that differs from the emulator's.

    type    "" of a standard one; else how its value is checked
    value   None: as without the make, for one of the make's own ""
    low, high, values   what a value may be
    hidden  it can be set and not read
    reboot  a change is answered RebootRequired, and in force from the next boot on
    effect  what it does: the name of a standard key that it is another name of, or a quirk's
    absent  this make does not have it
    """

    type: str = ""
    value: str | None = None
    low: float | None = None
    high: float | None = None
    values: tuple[str, ...] = ()
    read_only: bool = False
    hidden: bool = False
    reboot: bool = False
    effect: str = ""
    absent: bool = False


class Features(msgspec.Struct, frozen=True, omit_defaults=True):
    """profiles  of 1.6 that it supports beside Core; None: all
    off       actions that it neither serves nor sends
    answer    the code of the CallError for these
    """

    profiles: tuple[str, ...] | None = None
    off: tuple[str, ...] = ()
    answer: str = "NotSupported"


class Measurand(msgspec.Struct, frozen=True, omit_defaults=True):
    """How the values of one measurand are told.

    fixed      always this, in the unit of the emulator (W, A, V, Wh, Percent, Celsius, Hz)
    noise_pct  percent that they vary by, beside the station's own variance; registers never
    minimum    what is less is told as 0: a meter's starting current
    decimals   behind the point
    """

    fixed: float | None = None
    noise_pct: float = 0.0
    minimum: float | None = None
    decimals: int | None = None


class MeterHabits(msgspec.Struct, frozen=True, omit_defaults=True):
    """measurands  that it has; None: all of the emulator's
    energy_unit, power_unit  "kWh" for "Wh", "kW" for "W"; also of reactive values
    voltage_phases  "L1", "L1-N" or "L1-L2"; "" : L1-N
    line_phases     of currents and powers: "L1" or "L1-N"; "" : L1
    register_per_session  the register starts at 0 with each transaction
    roll_over_wh    the register starts at 0 again there
    start_wh        what the register of a new station shows
    dc_efficiency   a DC outlet's meter sits before the rectifier: it tells what the car gets
                    divided by this
    """

    measurands: tuple[str, ...] | None = None
    values: dict[str, Measurand] = {}
    energy_unit: str = ""
    power_unit: str = ""
    voltage_phases: str = ""
    line_phases: str = ""
    decimals: int | None = None
    noise_pct: float = 0.0
    register_per_session: bool = False
    roll_over_wh: float | None = None
    start_wh: float = 0.0
    dc_efficiency: float = 1.0


class Time(msgspec.Struct, frozen=True, omit_defaults=True):
    """zone       "Z", "" for none, or an offset as "+02:00"
    fractions  digits of a second
    """

    zone: str = "Z"
    fractions: int = 3


class Status(msgspec.Struct, frozen=True, omit_defaults=True):
    """told_as          1.6: status -> what is told in its place
    charging_states  2.x: chargingState -> what is told in its place
    connector_0      1.6: whether the status of the station itself is told
    repeat_s         each so many seconds all statuses are told again; 0: only changes
    """

    told_as: dict[str, str] = {}
    charging_states: dict[str, str] = {}
    connector_0: bool = True
    repeat_s: float = 0.0


class Power(msgspec.Struct, frozen=True, omit_defaults=True):
    """shared_w  what all outlets can carry together, in watts; None: each its own"""

    shared_w: float | None = None


class ErrorDetails(msgspec.Struct, frozen=True, omit_defaults=True):
    """What goes along with an error code, where nothing else is given; as in StatusNotification.

    vendor_id  "" for the station's vendor
    """

    vendor_error_code: str = ""
    vendor_id: str = ""
    info: str = ""


class Faults(msgspec.Struct, frozen=True, omit_defaults=True):
    """connector_0  1.6: a fault is told of connector 0 as well
    warnings     1.6: error codes that are told while the status stays
    codes        1.6: error code -> what is told with it
    """

    connector_0: bool = False
    warnings: tuple[str, ...] = ()
    codes: dict[str, ErrorDetails] = {}


class Make(msgspec.Struct, frozen=True, omit_defaults=True):
    """serial, meter_serial  patterns: # a digit, ? a letter, drawn by the station's identity;
                          {identity} the identity itself
    keys       1.6 key -> Key
    variables  2.x "Component.Variable" -> Key
    delays     those of StationConfig.delays, (least, most) in seconds; "boot" is one number
    rules      as StationConfig.rules
    """

    name: str
    vendor: str
    model: str
    versions: tuple[str, ...]
    description: str = ""
    firmware: str = ""
    serial: str = ""
    meter_type: str = ""
    meter_serial: str = ""
    outlets: tuple[Outlet, ...] = (Outlet(1, 1),)
    keys: dict[str, Key] = {}
    variables: dict[str, Key] = {}
    features: Features = Features()
    meter: MeterHabits = MeterHabits()
    time: Time = Time()
    delays: dict[str, float | tuple[float, float]] = {}
    status: Status = Status()
    power: Power = Power()
    faults: Faults = Faults()
    rules: tuple[dict[str, Any], ...] = ()
