"""One connector as 2.x sees it: the hardware, who is authorized on it, and its transaction."""

from typing import Any

from chargepoint.hardware.connector import Connector
from chargepoint.hardware.states import State

NO_POINTS: frozenset[str] = frozenset()


class Transaction:
    """One 2.x transaction. Energies in Wh, times in unix seconds.

    `seq` is the next sequence number; numbers are given when an event is made, and the event is
    kept until the CSMS has it, so there is no gap whatever happens to the link.
    """

    __slots__ = (
        "barred",
        "cap_wh",
        "charging_state",
        "ended",
        "ended_values",
        "id",
        "id_token",
        "limits",
        "meter_start",
        "reason",
        "remote_start_id",
        "rev",
        "seq",
        "session",
        "spacing",
        "started",
    )

    def __init__(self, id: str, session: str, started: float, meter_start: float):
        self.id = id
        self.session = session
        self.rev = 0
        self.seq = 0
        self.started = started
        self.ended: float | None = None
        self.meter_start = meter_start
        self.id_token: dict | None = None  # who it is charged to; the first token stays
        self.remote_start_id: int | None = None
        self.charging_state = ""  # as last reported
        self.reason: str | None = None  # why it stops; the first reason stays
        self.cap_wh: float | None = None  # see energy_caps.py
        self.limits: dict | None = None  # 2.1's transactionLimit
        self.barred = False  # deauthorized, but not to be stopped: no energy is offered
        self.ended_values: list[dict] = []  # MeterValues kept for the Ended event
        self.spacing = 1  # of the values to come every so manieth is kept (kept_values.py)

    def to_saved(self) -> dict[str, Any]:
        """For the snapshot."""
        saved = {name: getattr(self, name) for name in self.__slots__}
        return {**saved, "ended_values": [*self.ended_values]}  # the list grows on

    @classmethod
    def from_saved(cls, saved: dict[str, Any]) -> "Transaction":
        """Read a transaction of a snapshot; an older one may lack fields."""
        transaction = cls(saved["id"], saved["session"], saved["started"], saved["meter_start"])
        for name in cls.__slots__:
            if name in saved:  # an older snapshot knows less
                setattr(transaction, name, saved[name])
        return transaction


class Outlet:
    """`token`: authorized here now; `group`: its group's key, "" where unknown.

    `seen`: the points at the last look (see transactions.py). `connector_id` counts within the
    EVSE, from 1, as 2.x does; `number` within the station.
    """

    __slots__ = (
        "bay",
        "connect_by",
        "connector_id",
        "group",
        "hardware",
        "inoperative_after",
        "needs",
        "remote_start_id",
        "seen",
        "token",
        "transaction",
    )

    def __init__(self, hardware: Connector, connector_id: int):
        self.hardware = hardware
        self.connector_id = connector_id
        self.token: dict | None = None
        self.group = ""
        self.bay = False  # a car stands in the parking bay
        self.needs: float | None = None  # until when the EV waits for its schedule (ev_needs.py)
        self.remote_start_id: int | None = None
        self.connect_by: float | None = None  # TxCtrlr.EVConnectionTimeOut
        self.transaction: Transaction | None = None
        self.seen = NO_POINTS
        self.inoperative_after = False  # scheduled by ChangeAvailability

    @property
    def number(self) -> int:
        return self.hardware.id

    @property
    def evse(self) -> int:
        return self.hardware.evse

    def points(self) -> frozenset[str]:
        """Which of the TxStartPoint / TxStopPoint conditions hold (part 2, E01)."""
        plugged = self.hardware.ev is not None
        if not plugged and self.token is None and not self.bay:
            return NO_POINTS
        # A car at the cable stands in the bay, whatever its detector was told.
        reached = {"ParkingBayOccupancy"} if self.bay or plugged else set()
        if plugged:
            reached.add("EVConnected")
        if self.token is not None:
            reached.add("Authorized")
            if plugged:
                # Our meter signs at once, so that signed data are there as soon as the path closes.
                reached |= {"PowerPathClosed", "DataSigned"}
        if self.hardware.state is State.CHARGING:
            reached.add("EnergyTransfer")
        return frozenset(reached)

    def to_saved(self) -> dict[str, Any]:
        """What is not at its default; {} for an idle outlet."""
        saved: dict[str, Any] = {}
        for name in ("token", "remote_start_id", "connect_by", "needs"):
            if getattr(self, name) is not None:
                saved[name] = getattr(self, name)
        if self.transaction is not None:
            saved["transaction"] = self.transaction.to_saved()
        if self.bay:
            saved["bay"] = True
        if self.group:
            saved["group"] = self.group
        if self.inoperative_after:
            saved["inoperative_after"] = True
        return saved

    def restore(self, saved: dict[str, Any]) -> None:
        """Read an entry of `outlets` of a snapshot."""
        self.token = saved.get("token")
        self.group = saved.get("group", "")
        self.needs = saved.get("needs")
        self.bay = saved.get("bay", False)
        self.remote_start_id = saved.get("remote_start_id")
        self.connect_by = saved.get("connect_by")
        if saved.get("transaction"):
            self.transaction = Transaction.from_saved(saved["transaction"])
        self.inoperative_after = saved.get("inoperative_after", False)
