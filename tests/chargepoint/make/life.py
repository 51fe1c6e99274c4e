"""Stations of a make, with a CSMS in memory, in any version."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from chargepoint.config import ConnectorConfig, StationConfig
from chargepoint.make.configured import with_make
from chargepoint.make.reading import read_make
from chargepoint.versions import reconfigure
from chargepoint.wire.schemas import check_shapes
from tests.chargepoint.make.documents import document
from tests.chargepoint.peer import START, Peer
from tests.chargepoint.v201.csms import Csms

CAR = {"soc": 10, "battery_kwh": 100, "max_power_kw": 22}
AC = (ConnectorConfig(1, 1), ConnectorConfig(2, 2))
DC = (ConnectorConfig(1, 1, "CCS2", 0, 50_000),)
OTHERS = ("2.0.1", "2.1")
VERSIONS = ("1.6", *OTHERS)
_BY_HAND = ("identity", "version", "default_id_tag")
SAMPLED = {"1.6": "MeterValuesSampledData", "2.x": "SampledDataCtrlr.TxUpdatedMeasurands"}


def config_of(version: str, config: dict[str, Any], **fields: Any) -> StationConfig:
    """fields: of the make, see documents.document; config: of the station."""
    station = StationConfig("CP1", version, default_id_tag="TAG1", **config)
    return with_make(station, read_make(document([version], **fields)))


def _loosely(action: str, payload: dict) -> None:
    assert check_shapes("1.6", action, payload, False) is None


class Life:
    """A station that is booted; `said` is what it has told of an action."""

    def __init__(self, version: str, config: dict[str, Any] | None = None, **fields: Any) -> None:
        self.version = version
        made = config_of(version, {"connectors": AC, **(config or {})}, **fields)
        if version == "1.6":
            more = {f: getattr(made, f) for f in made.__struct_fields__ if f not in _BY_HAND}
            self.csms: Any = Peer(version, **more)
        else:
            self.csms = Csms(made, now=START)
        if not made.make.time.zone:  # a breach on purpose: no date-time of RFC 3339
            self.csms.check = _loosely if version == "1.6" else check_shapes
        self.csms.connect()

    @property
    def station(self) -> Any:
        return self.csms.station

    def do(self, name: str, **args: Any) -> dict:
        return (self.csms.do if self.version == "1.6" else self.csms.command)(name, **args)

    def said(self, action: str) -> list[dict]:
        return self.csms.calls(action) if self.version == "1.6" else self.csms.sent(action)

    def ask(self, action: str, payload: dict) -> Any:
        """The payload of the answer, or the code of the CallError."""
        if self.version == "1.6":
            answer = self.csms.call(action, payload)
            return answer[2]
        answer = self.csms.call(action, payload)
        return answer[0] if isinstance(answer, tuple) else answer

    def pass_time(self, seconds: float) -> None:
        self.csms.pass_time(seconds)

    def charge(self, seconds: float = 0.0, connector: int = 1, **car: Any) -> Life:
        dc = self.station.connectors[connector].dc
        self.do("plug", connector=connector, ev=CAR | ({"phases": 0} if dc else {}) | car)
        self.do("start-transaction", connector=connector)
        self.pass_time(seconds)
        return self

    def stop(self, connector: int = 1) -> None:
        self.do("stop-transaction", connector=connector)
        self.do("unplug", connector=connector)

    def restart(self) -> None:
        """Another worker resumes it from its saved state, as text."""
        saved = json.loads(json.dumps(self.station.snapshot()["saved"]))
        if self.version == "1.6":
            from chargepoint.versions import make_station

            self.csms.station = make_station(self.csms.config, saved, self.csms.now, rng_seed=7)
        else:
            self.csms.restart(saved)
        self.csms.connect()

    def become(self, **fields: Any) -> None:
        """Its make is changed while it runs."""
        new = read_make(document([self.version], **fields))
        config = self.csms.config = msgspec.structs.replace(self.station.config, make=new)
        effects = reconfigure(self.station, config, self.csms.now)
        (self.csms.take if self.version == "1.6" else self.csms.perform)(effects)

    # --- meter values ----------------------------------------------------------------------------

    def entries(self, measurand: str) -> list[dict]:
        """sampledValue entries of a measurand, of all messages in their order; value as number."""
        if self.version == "1.6":
            values = [v for call in self.said("MeterValues") for v in call["meterValue"]]
        else:
            values = [
                v for call in self.said("TransactionEvent") for v in call.get("meterValue", ())
            ]
        found = [one for value in values for one in value["sampledValue"]]
        return [
            {**one, "value": float(one["value"]), "text": str(one["value"])}
            for one in found if one["measurand"] == measurand
        ]  # fmt: skip

    def unit(self, entry: dict) -> str:
        return entry["unit"] if self.version == "1.6" else entry["unitOfMeasure"]["unit"]


def measuring(*names: str, seconds: int = 20) -> dict[str, Any]:
    """The station's configuration in any version, to sample these each so many seconds."""
    text, every = ",".join(names), str(seconds)
    return {
        "configuration": {
            "MeterValuesSampledData": text, "MeterValueSampleInterval": every,
            "SampledDataCtrlr.TxUpdatedMeasurands": text,
            "SampledDataCtrlr.TxUpdatedInterval": every,
        }
    }  # fmt: skip
