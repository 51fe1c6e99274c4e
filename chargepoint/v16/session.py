"""One charging session of 1.6, from StartTransaction to the answer to StopTransaction."""

from typing import Any

from chargepoint.hardware.connector import Connector

UNKNOWN_TRANSACTION = -1  # errata 4.0, 3.18: the start was never accepted


class Session16:
    """`transaction_id` is None until the CSMS has answered StartTransaction.

    id           uuid, made at the start; `rev` counts the updates of its record
    sampled_wh   register at the last periodic sample, aligned_wh at the last clock-aligned one
    data         transactionData gathered for StopTransaction (StopTxn* keys)
    cap_wh       register value at which an invalid idTag's energy ends (MaxEnergyOnInvalidId)
    """

    __slots__ = (
        "aligned_wh", "cap_wh", "connector", "data", "id", "id_tag", "interrupted", "meter_start",
        "parent", "rev", "sampled_wh", "spacing", "started", "suspended", "transaction_id",
    )  # fmt: skip

    def __init__(
        self, identity: str, connector: int, id_tag: str, started: float, meter_start: int
    ) -> None:
        self.id = identity
        self.connector = connector
        self.id_tag = id_tag
        self.parent = ""
        self.started = started
        self.meter_start = meter_start
        self.transaction_id: int | None = None
        self.rev = 0
        self.data: list[dict[str, Any]] = []
        self.spacing = 1  # of the values to come every so manieth is kept (kept_values.py)
        self.cap_wh: float | None = None
        self.sampled_wh = self.aligned_wh = float(meter_start)
        self.interrupted = False  # by a fault or a pulled cable
        self.suspended = False  # deauthorized: no more energy, transaction still open

    def to_saved(self) -> dict[str, Any]:
        """For the snapshot."""
        saved = {name: getattr(self, name) for name in self.__slots__}
        saved["data"] = list(self.data)
        return saved

    @classmethod
    def from_saved(cls, saved: dict[str, Any]) -> "Session16":
        """Read an entry of `sessions` of a snapshot; an older one may lack fields."""
        session = cls(
            saved["id"], saved["connector"], saved["id_tag"], saved["started"],
            saved["meter_start"],
        )  # fmt: skip
        for name in ("parent", "transaction_id", "rev", "data", "cap_wh", "suspended"):
            setattr(session, name, saved[name])
        session.interrupted = saved.get("interrupted", False)
        session.spacing = saved.get("spacing", 1)
        for name in ("sampled_wh", "aligned_wh"):
            setattr(session, name, saved.get(name, session.meter_start))
        return session


def update_of(
    session: Session16, outlet: Connector, sample: dict | None = None, ended: float | None = None,
    meter_stop: int | None = None, reason: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """The next update of the session's record, without the station that it is of."""
    session.rev += 1
    end = round(outlet.meter_wh) if meter_stop is None else meter_stop
    known = session.transaction_id
    return {
        "id": session.id,
        "rev": session.rev,
        "connector": outlet.id,
        "evse": outlet.evse,
        "transaction_id": "" if known is None else str(known),
        "id_tag": session.id_tag,
        "started": session.started,
        "meter_start": session.meter_start,
        "ended": ended,
        "meter_stop": meter_stop,
        "reason": reason,
        "energy_wh": end - session.meter_start,
        "state": "active" if ended is None else "ended",
        "sample": sample,
    }
