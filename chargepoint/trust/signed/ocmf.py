"""OCMF, the Open Charge Metering Format of S.A.F.E., version 1.4: `OCMF|payload|signature`."""

import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from chargepoint.timing.times import iso
from chargepoint.trust.signed.keys import signature_of
from chargepoint.trust.signed.reading import Meter, Reading, User

NAME = "OCMF"
VERSION = "1.4"
LONGEST = 50  # bytes of a name: the whole has to go into the 2,500 of 2.0.1's Base64
LONGEST_IDENTITY = 40  # "Identification Type"
# Table 25, by outward and (direct current, begins anew): in all or of a transaction, at the meter,
# and at the device where what the cable loses is taken off.
_DIRECTIONS = "BC"
_REGISTERS = {(False, False): 0, (True, False): 1, (False, True): 2, (True, True): 3}
CABLE_MILLIOHM = 4
_CABLE = {"LN": "DC cable", "LR": CABLE_MILLIOHM, "LU": "mOhm"}


def record(
    meter: Meter, user: User | None, reading: Reading, key: ec.EllipticCurvePrivateKey, method: str
) -> str:
    """One signed reading. `user`: None outside of a transaction."""
    payload = _payload(meter, user, reading)
    signature = {"SA": method, "SD": signature_of(key, payload.encode()).hex()}
    return f"{NAME}|{payload}|{_written(signature)}"


def _payload(meter: Meter, user: User | None, reading: Reading) -> str:
    fields: dict[str, Any] = {
        "FV": VERSION, "GI": meter.gateway, "GS": meter.gateway_serial,
        "GV": meter.gateway_version, "PG": reading.page, "MV": meter.vendor, "MM": meter.model,
        "MS": meter.serial,
    }  # fmt: skip
    fields = {name: _cut(value, LONGEST) for name, value in fields.items() if value}
    if user is not None:
        fields |= {
            "IS": user.assigned, "IL": user.level, "IF": list(user.flags), "IT": user.kind,
            "ID": _cut(user.identity, LONGEST_IDENTITY),
        }  # fmt: skip
    if reading.dc and not reading.outward:
        fields["LC"] = _CABLE
    fields |= {"CT": "CBIDC", "CI": _place(meter.place)}
    # The reading last, by hand: RV keeps its decimals, which JSON's writer would drop.
    return f'{_written(fields)[:-1]},"RD":[{_reading(reading)}]}}'


def _reading(reading: Reading) -> str:
    fields: dict[str, Any] = {"TM": _time(reading)}
    if reading.reason:
        fields["TX"] = reading.reason
    after = {
        "RI": _register(reading), "RU": "kWh",
        "RT": "DC" if reading.dc else "AC",
    }  # fmt: skip
    loss = "" if reading.loss_wh is None else f',"CL":{_kwh(reading.loss_wh)}'
    last = _written({"EF": "", "ST": "G"})[1:]
    return (
        f'{_written(fields)[:-1]},"RV":{_kwh(reading.wh)},{_written(after)[1:-1]}{loss},{last}'
    )


def _register(reading: Reading) -> str:
    """Its OBIS code."""
    number = _REGISTERS[reading.dc, reading.anew]
    return f"01-00:{_DIRECTIONS[reading.outward]}{number}.08.00*FF"


def _time(reading: Reading) -> str:
    """2018-07-24T13:22:04,000+0200 S: in UTC, synchronized or unknown."""
    clock = "S" if reading.synchronized else "U"
    return f"{iso(reading.time)[:-1].replace('.', ',')}+0000 {clock}"


def _kwh(wh: int) -> str:
    return f"{wh // 1000}.{wh % 1000:03d}"


def _cut(text: str, length: int) -> str:
    return text.encode()[:length].decode(errors="ignore")


def _place(place: str) -> str:
    """The connector's number stays, however long the identity is."""
    identity, _, number = place.rpartition(" ")
    return f"{_cut(identity, LONGEST - 1 - len(number))} {number}"


def _written(fields: dict[str, Any]) -> str:
    # "|" may stand in no section: in JSON it can be written otherwise.
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False).replace("|", "\\u007c")
