"""The class of a make's stations: the version's, with tables made of the make.

A station without a make is of the version's own class and pays for none of this. One class is made
for a make and version, however many stations there are.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import structs

from chargepoint.core.block import Block
from chargepoint.core.habits import Habits
from chargepoint.core.quiet import QuietCalls
from chargepoint.core.service import Service
from chargepoint.core.station import Station
from chargepoint.hardware.register import Register
from chargepoint.hardware.states import CHARGING_STATE_201, STATUS_16
from chargepoint.make.cabinets import CabinetPower2, CabinetPower16
from chargepoint.make.fields import FREE_CHARGING, MAX_CURRENT
from chargepoint.make.free_charging import FreeCharging
from chargepoint.make.keys import keys_of
from chargepoint.make.make import Faults, Make
from chargepoint.make.named import named_by
from chargepoint.make.profiles import actions_without
from chargepoint.make.repeats import Repeats
from chargepoint.make.stamps import stamper
from chargepoint.make.values import FORM_2, FORM_16, Dressing
from chargepoint.make.variables import model_of
from chargepoint.make.warnings import Warnings
from chargepoint.v16.habits import Habits16
from chargepoint.v16.measurands import sampled_values
from chargepoint.v201.habits import Habits2
from chargepoint.v201.transactions.metering import meter_value
from chargepoint.wire import rpc, schemas

KEPT_AT_MOST = 200  # classes of makes that may have changed since; those in use stay in any case
_MADE: OrderedDict[tuple[type[Station], bytes], type[Station]] = OrderedDict()


def made_class(plain: type[Station], make: Make) -> type[Station]:
    """The class of stations of that make. Raises ValueError for a version that it does not
    speak."""
    if plain.VERSION not in make.versions:
        raise ValueError(
            f"{make.name} speaks OCPP {' and '.join(make.versions)}, not {plain.VERSION}."
        )
    key = (plain, msgspec.json.encode(make, order="deterministic"))
    found = _MADE.pop(key, None)
    if found is None:
        found = _made(plain, make)
    _MADE[key] = found
    while len(_MADE) > KEPT_AT_MOST:
        _MADE.popitem(last=False)
    return found


def _made(plain: type[Station], make: Make) -> type[Station]:
    is_16 = plain.VERSION == "1.6"
    off = frozenset(make.features.off) | actions_without(make.features.profiles)
    meter = make.meter
    register = Register(
        meter.register_per_session, meter.roll_over_wh or 0.0, meter.dc_efficiency
    )
    check = schemas.check if make.time.zone else schemas.check_shapes
    shared = Habits(stamper(make.time), register, make.power.shared_w, off, check)
    inner: dict[str, Any] = {
        "__slots__": (),
        "HABITS": _habits_16(make, shared) if is_16 else _habits_2(make, shared),
        "ROWS": {**plain.ROWS, **_rows(make, is_16)},
        **({} if is_16 else {"MODEL": model_of(make, plain.MODEL)}),
    }
    if off:
        inner["PARTS"] = (QuietCalls, Service)
        inner["CODES"] = {**plain.CODES, rpc.UNSUPPORTED: make.features.answer}
    made = type(f"{plain.__name__}Made", (plain,), inner)
    for action in off & made.TABLES.actions.keys():
        del made.TABLES.actions[action]
        del made.HANDLERS[action]
    return made


def _rows(make: Make, is_16: bool) -> dict[str, type[Block]]:
    """The blocks that the make has beside those of the version."""
    rows: dict[str, type[Block]] = {}
    keys = make.keys if is_16 else make.variables
    if make.power.shared_w is not None or named_by(keys, MAX_CURRENT) is not None:
        rows["cabinet_power"] = CabinetPower16 if is_16 else CabinetPower2
    if make.status.repeat_s:
        rows["repeats"] = Repeats
    if is_16 and named_by(keys, FREE_CHARGING) is not None:
        rows["free_charging"] = FreeCharging
    if is_16 and make.faults != Faults():
        rows["warnings"] = Warnings
    return rows


def _habits_16(make: Make, shared: Habits) -> Habits16:
    told = make.status.told_as
    return Habits16(
        *structs.astuple(shared),
        keys=keys_of(make),
        sampled=_sampler(Dressing(make.meter, shared.register, FORM_16)),
        statuses={state: told.get(status, status) for state, status in STATUS_16.items()},
        tells_itself=make.status.connector_0,
    )


def _habits_2(make: Make, shared: Habits) -> Habits2:
    told = make.status.charging_states
    return Habits2(
        *structs.astuple(shared),
        meter_value=_writer(Dressing(make.meter, shared.register, FORM_2)),
        charging_states={
            state: told.get(charging, charging) for state, charging in CHARGING_STATE_201.items()
        },
    )


def _sampler(dressing: Dressing) -> Callable[..., list[dict[str, Any]]]:
    def sampled(
        sample: Any, measurands: Any, context: str, since_wh: float | None = None,
        begun_wh: float | None = None,
    ) -> list[dict[str, Any]]:  # fmt: skip
        """As measurands.sampled_values."""
        values = sampled_values(sample, measurands, context, since_wh)
        dressing.dress(values, sample, begun_wh)
        return values

    return sampled


def _writer(dressing: Dressing) -> Callable[..., dict[str, Any] | None]:
    def written(
        sample: Any, measurands: Any, context: str, timestamp: str, begun_wh: float | None = None
    ) -> dict[str, Any] | None:
        """As metering.meter_value."""
        value = meter_value(sample, measurands, context, timestamp)
        if value is not None:
            dressing.dress(value["sampledValue"], sample, begun_wh)
        return value

    return written
