"""What a meter signs: a reading, whose it is, and which meter it was."""

from typing import NamedTuple

BEGIN, DURING, SUSPENDED, END = "B", "C", "S", "E"
LOCAL, REMOTE, ABORTED, POWER_LOST = "L", "R", "A", "P"
ENDS = frozenset({END, LOCAL, REMOTE, ABORTED, POWER_LOST})
# Why a transaction ended (ReasonEnumType, 1.6 Reason) -> OCMF's more precise letter of an end.
_ENDED_BY = {
    "Local": LOCAL, "MasterPass": LOCAL, "StoppedByEV": LOCAL, "LocalOutOfCredit": LOCAL,
    "Remote": REMOTE, "PowerLoss": POWER_LOST, "PowerQuality": POWER_LOST,
    "DeAuthorized": ABORTED, "EmergencyStop": ABORTED, "GroundFault": ABORTED,
    "HardReset": ABORTED, "ImmediateReset": ABORTED, "OvercurrentFault": ABORTED,
    "Reboot": ABORTED, "Other": ABORTED,
}  # fmt: skip


def end_of(reason: str | None) -> str:
    """OCMF 1.4, table 7: the letter of an end by that reason; E where none is more precise."""
    return _ENDED_BY.get(reason or "", END)


class Meter(NamedTuple):
    """gateway, gateway_serial, gateway_version: what signs; place: identity and connector, by OCPP.
    """

    gateway: str
    gateway_serial: str
    gateway_version: str
    vendor: str
    model: str
    serial: str
    place: str


class User(NamedTuple):
    """Who charges, in the words of OCMF 1.4, tables 11 to 17. flags: how that is known."""

    assigned: bool
    level: str
    flags: tuple[str, ...]
    kind: str
    identity: str


NOBODY = User(False, "NONE", (), "NONE", "")


class Reading(NamedTuple):
    """time          unix seconds, by the station's clock
    synchronized  whether that clock follows the CSMS's
    page          "T" in a transaction or "F" outside of one, and a number from 1 on, without a gap
    reason        one of the letters above, "" outside of a transaction
    wh            what the register shows, in whole Wh
    outward       the register of what flowed back from EVs
    loss_wh       what was lost in the cable since the begin and is not in `wh`; None: not known
    dc            whether the meter measures direct current
    session       of the transaction, "" outside of one
    anew          whether the register begins at 0 with each transaction
    """

    time: float
    synchronized: bool
    page: str
    reason: str
    wh: int
    outward: bool
    dc: bool
    loss_wh: int | None
    session: str
    anew: bool = False
