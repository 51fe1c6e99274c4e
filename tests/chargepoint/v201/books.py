"""What a CSMS writes down of the transactions of 2.x."""

from chargepoint.timing.times import seconds_of


class Books:
    """What the CSMS writes down of each transaction, and checks at once."""

    def __init__(self) -> None:
        self.seqs: dict[str, int] = {}
        self.open: dict[int, str] = {}  # EVSE -> transaction
        self.ended: set[str] = set()
        self.stamps: list[float] = []
        self.registers: dict[int, list[float]] = {1: [], 2: []}

    def event(self, payload: dict) -> None:
        tx = payload["transactionInfo"]["transactionId"]
        evse, kind = payload["evse"]["id"], payload["eventType"]
        assert payload["seqNo"] == self.seqs.get(tx, -1) + 1
        assert (kind == "Started") == (payload["seqNo"] == 0)
        assert tx not in self.ended
        if kind == "Started":
            assert evse not in self.open
            self.open[evse] = tx
        assert self.open[evse] == tx
        if kind == "Ended":
            del self.open[evse]
            self.ended.add(tx)
        self.seqs[tx] = payload["seqNo"]
        self.stamps.append(seconds_of(payload["timestamp"]))
        self.values(evse, payload.get("meterValue", []))

    def values(self, evse: int, meter: list[dict]) -> None:
        for entry in meter:
            for value in entry["sampledValue"]:
                if value["measurand"] == "Energy.Active.Import.Register":
                    self.registers[evse].append((seconds_of(entry["timestamp"]), value["value"]))
