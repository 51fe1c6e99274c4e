"""One charging life of each version, told as what the CSMS got of signed values."""

import base64
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from chargepoint.config import ConnectorConfig
from tests.chargepoint.peer import Peer
from tests.chargepoint.signed.formats import Ocmf
from tests.chargepoint.v201.csms import Csms, config_of

AC, DC = 1, 2
OUTLETS = (ConnectorConfig(AC, 1), ConnectorConfig(DC, 2, "CCS2", 0, 150_000))
REGISTER = "Energy.Active.Import.Register"
# What the note calls each switch -> the variable of 2.x.
OF_2 = {
    "SampledDataSignReadings": "SampledDataCtrlr.SignReadings",
    "SampledDataSignStartedReadings": "SampledDataCtrlr.SignStartedReadings",
    "SampledDataSignUpdatedReadings": "SampledDataCtrlr.SignUpdatedReadings",
    "AlignedDataSignReadings": "AlignedDataCtrlr.SignReadings",
    "AlignedDataSignUpdatedReadings": "AlignedDataCtrlr.SignUpdatedReadings",
    "PublicKeyWithSignedMeterValue": "OCPPCommCtrlr.PublicKeyWithSignedMeterValue",
    "EmulatorMeterFormat": "EmulatorCtrlr.MeterFormat",
    "EmulatorSigningMethod": "EmulatorCtrlr.SigningMethod",
}
ALL = {name: "true" for name in OF_2 if "Sign" in name and name.endswith("Readings")}


class Told(NamedTuple):
    """raw: the value beside it, in Wh. where: the action, or eventType of 2.x."""

    where: str
    context: str
    measurand: str
    raw: float
    text: str
    key: str
    method: str

    @property
    def ocmf(self) -> Ocmf:
        return Ocmf(self.text)


class Life16:
    """A station of 1.6 with an AC and a DC outlet, and what was heard of it."""

    KEY_OF = "MeterPublicKey{}"

    def __init__(self, saved: dict | None = None, **keys: str) -> None:
        usual = {"StartTxnSampledData": REGISTER, "StopTxnSampledData": REGISTER}
        self.peer = Peer(connectors=OUTLETS, saved=saved, configuration={**usual, **keys})
        self.peer.connect()

    def charge(self, connector: int, seconds: float = 130, reason: str = "Local") -> None:
        self.peer.do("plug", connector=connector, ev={"soc": 20, "battery_kwh": 60})
        self.peer.do("authorize", connector=connector, id_tag="04A1B2C3")
        self.peer.pass_time(seconds)
        self.peer.do("stop-transaction", connector=connector, reason=reason)
        self.peer.do("unplug", connector=connector)

    def pass_time(self, seconds: float) -> None:
        self.peer.pass_time(seconds)

    def set(self, name: str, value: str) -> str:
        answer = self.peer.call("ChangeConfiguration", {"key": name, "value": value})
        return answer[2]["status"]

    def public_key(self, connector: int) -> str:
        answer = self.peer.call("GetConfiguration", {"key": [f"MeterPublicKey{connector}"]})[2]
        return answer["configurationKey"][0]["value"] if answer["configurationKey"] else ""

    def frames(self) -> str:
        return json.dumps(self.peer.sent)

    @property
    def station(self) -> Any:
        return self.peer.station

    def saved(self) -> dict:
        return json.loads(json.dumps(self.peer.station.snapshot()["saved"]))

    def told(self) -> list[Told]:
        return [told for frame in self.peer.sent if frame and frame[0] == 2
                for told in told_in(frame[2], frame[3])]  # fmt: skip


class Life2:
    """The same of 2.0.1 and of 2.1."""

    VERSION = "2.0.1"

    def __init__(self, saved: dict | None = None, **keys: str) -> None:
        configuration = {OF_2.get(name, name): value for name, value in keys.items()}
        made = config_of(self.VERSION, connectors=OUTLETS, configuration=configuration)
        self.csms = Csms(made, saved=saved).connect()

    def charge(self, connector: int, seconds: float = 130, reason: str = "Local") -> None:
        self.csms.command("plug", connector=connector, ev={"soc": 20, "battery_kwh": 60})
        self.csms.command("authorize", connector=connector, id_tag="04A1B2C3")
        self.csms.pass_time(seconds)
        if reason == "Remote":
            transaction = self.csms.events[-1]["transactionInfo"]["transactionId"]
            self.csms.call("RequestStopTransaction", {"transactionId": transaction})
        else:
            self.csms.command("authorize", connector=connector, id_tag="04A1B2C3")
        self.csms.command("unplug", connector=connector)

    def pass_time(self, seconds: float) -> None:
        self.csms.pass_time(seconds)

    def set(self, name: str, value: str) -> str:
        return self.csms.set(OF_2.get(name, name), value)

    def public_key(self, connector: int) -> str:
        component = {"name": "FiscalMetering", "evse": {"id": connector}}
        asked = [{"component": component, "variable": {"name": "PublicKey"}}]
        answer = self.csms.call("GetVariables", {"getVariableData": asked})
        return answer["getVariableResult"][0].get("attributeValue", "")

    def frames(self) -> str:
        return json.dumps([self.csms.calls, self.csms.results])

    @property
    def station(self) -> Any:
        return self.csms.station

    def saved(self) -> dict:
        return self.csms.saved()

    def told(self) -> list[Told]:
        return [told for action, payload in self.csms.calls for told in told_in(action, payload)]


class Life21(Life2):
    VERSION = "2.1"


LIVES = {"1.6": Life16, "2.0.1": Life2, "2.1": Life21}


def told_in(action: str, payload: dict[str, Any]) -> Iterator[Told]:
    """What is signed in a Call."""
    where = payload.get("eventType", action)
    for meter in payload.get("meterValue", payload.get("transactionData", ())):
        raw: dict[str, float] = {}
        for value in meter["sampledValue"]:
            measurand, context = value["measurand"], value["context"]
            if value.get("format") == "SignedData":
                text = value["value"]
                inner = json.loads(text) if text.startswith("{") else None
            else:
                raw[measurand] = float(value["value"])
                inner = value.get("signedMeterValue")
                if inner is None:
                    continue
            key = method = ""
            if inner is not None:
                text = base64.b64decode(inner["signedMeterData"], validate=True).decode()
                key = base64.b64decode(inner["publicKey"]).decode()
                method = inner["signingMethod"]
            yield Told(where, context, measurand, raw[measurand], text, key, method)
