"""Lives of a station in a few steps each: a conversation begins in some of them."""

from collections.abc import Callable
from random import Random
from typing import Any

from chargepoint.effects import BAD_MESSAGE, DENIED, DONE, FAILED, UNSUPPORTED
from chargepoint.timing.times import iso
from tests.chargepoint.conversation.examples import controls, dynamic, examples, signalled
from tests.chargepoint.conversation.hints import hints_for
from tests.chargepoint.conversation.talk import Step
from tests.chargepoint.peer import START

CAR = {"soc": 10, "battery_kwh": 50}
CARS = (CAR, CAR | {"soc": 60, "iso15118": True, "max_discharge_kw": 10, "min_soc": 10})
LATER = iso(START + 600)
FAILURES = (BAD_MESSAGE, DENIED, FAILED, UNSUPPORTED)


def ask(action: str, **payload: Any) -> Step:
    return ("ask", action, payload, "")


def do(name: str, **args: Any) -> Step:
    return ("command", name, args)


def _connectors(rng: Random) -> tuple[int, ...]:
    return rng.choice(((1,), (2,), (1, 2)))


def _charging(rng: Random, version: str) -> list[Step]:
    steps = []
    for number in _connectors(rng):
        car = rng.choice(CARS)
        steps += [do("plug", connector=number, ev=car), do("start-transaction", connector=number)]
    return [*steps, ("time", rng.choice((1.0, 70.0, 1000.0)))]


def _authorized(rng: Random, version: str) -> list[Step]:
    return [do("authorize", connector=rng.choice((1, 2)), id_tag="TAG1")]


def _finishing(rng: Random, version: str) -> list[Step]:
    return [*_charging(rng, version), do("stop-transaction", connector=1), ("time", 1.0)]


def _reserved(rng: Random, version: str) -> list[Step]:
    number = rng.choice((1, 2))
    if version == "1.6":
        return [ask("ReserveNow", connectorId=number, expiryDate=LATER, idTag="TAG1",
                    reservationId=1)]  # fmt: skip
    token = {"idToken": "TAG1", "type": "Central"}
    return [ask("ReserveNow", id=1, expiryDateTime=LATER, idToken=token, evseId=number)]


def _faulted(rng: Random, version: str) -> list[Step]:
    codes = ("GroundFailure", "ConnectorLockFailure", "ResetFailure", "ReaderFailure")
    return [do("fault", connector=rng.choice((1, 2)), error_code=rng.choice(codes))]


def _mended(rng: Random, version: str) -> list[Step]:
    return [*_faulted(rng, version), ("time", 5.0)] + [
        do("fault", connector=number, error_code="NoError") for number in (1, 2)
    ]


def _unavailable(rng: Random, version: str) -> list[Step]:
    if version == "1.6":
        return [ask("ChangeAvailability", connectorId=rng.choice((0, 1)), type="Inoperative")]
    return [ask("ChangeAvailability", operationalStatus="Inoperative")]


def _offline(rng: Random, version: str) -> list[Step]:
    """The next ask finds it back, with a queue."""
    return [*_charging(rng, version), ("drop",), ("time", rng.choice((10.0, 500.0))),
            do("stop-transaction", connector=1), ("time", 30.0)]  # fmt: skip


def _crashed(rng: Random, version: str) -> list[Step]:
    return [*rng.choice((_charging, _reserved, _updating))(rng, version), ("crash",)]


def _unheard(rng: Random, version: str) -> list[Step]:
    late = rng.choice(([], [("late",)], [("time", 40.0), ("late",)]))
    return [("hush", rng.choice((1, 3))), *_charging(rng, version), *late]


def _refused(rng: Random, version: str) -> list[Step]:
    return [("refuse", rng.choice((1, 4))), *_charging(rng, version)]


def _sloppy(rng: Random, version: str) -> list[Step]:
    return [("sloppy", rng.choice((1, 4))), *_charging(rng, version)]


def _dark(rng: Random, version: str) -> list[Step]:
    return [*_charging(rng, version), do("power-cut", seconds=rng.choice((5.0, 300.0)))]


def _resetting(rng: Random, version: str) -> list[Step]:
    kind = rng.choice(("Soft", "Hard") if version == "1.6" else ("OnIdle", "Immediate"))
    return [*_charging(rng, version), ask("Reset", type=kind)]


def _updating(rng: Random, version: str) -> list[Step]:
    location, at = "http://files.test/fw.bin", iso(START)
    if version == "1.6":
        begin = ask("UpdateFirmware", location=location, retrieveDate=at)
    else:
        firmware = {"location": location, "retrieveDateTime": at}
        begin = ask("UpdateFirmware", requestId=7, firmware=firmware)
    ends = [[], [("transfer", DONE)], [("transfer", rng.choice(FAILURES))],
            [("transfer", DONE), ("time", rng.choice((10.0, 100.0)))]]  # fmt: skip
    return [begin, ("time", 1.0), *rng.choice(ends)]


def _telling_logs(rng: Random, version: str) -> list[Step]:
    if version == "1.6":
        begin = ask("GetDiagnostics", location="ftp://files.test/in")
    else:
        log = {"remoteLocation": "http://files.test/in"}
        begin = ask("GetLog", logType="DiagnosticsLog", requestId=3, log=log)
    return [begin, *([("transfer", rng.choice((DONE, *FAILURES)))] if rng.random() < 0.5 else [])]


def _limited(rng: Random, version: str) -> list[Step]:
    """With charging profiles, of a running transaction too."""
    name = "csChargingProfiles" if version == "1.6" else "chargingProfile"
    place = "connectorId" if version == "1.6" else "evseId"
    hint = hints_for(version)[name]
    steps = _charging(rng, version) if rng.random() < 0.5 else []
    for _ in range(3):
        made = hint(rng.randrange(1000) * 2 + 1)
        steps.append(ask("SetChargingProfile", **{place: rng.choice((0, 1)), name: made}))
    return steps


def _listed(rng: Random, version: str) -> list[Step]:
    accepted = {"status": "Accepted"}
    if version == "1.6":
        entries = [{"idTag": tag, "idTagInfo": accepted} for tag in ("TAG0", "TAG1")]
        return [ask("SendLocalList", listVersion=3, updateType="Full",
                    localAuthorizationList=entries)]  # fmt: skip
    tokens = [{"idToken": tag, "type": "Central"} for tag in ("TAG0", "TAG1")]
    entries = [{"idToken": token, "idTokenInfo": accepted} for token in tokens]
    return [ask("SendLocalList", versionNumber=3, updateType="Full",
                localAuthorizationList=entries)]  # fmt: skip


def _monitored(rng: Random, version: str) -> list[Step]:
    hint = hints_for(version)["setMonitoringData"]
    items = [hint(2 * n + 1) for n in range(5)]
    return [ask("SetVariableMonitoring", setMonitoringData=items), ("time", 100.0)]


def _displaying(rng: Random, version: str) -> list[Step]:
    content = {"format": "UTF8", "content": "hello"}
    return [
        ask("SetDisplayMessage", message={
            "id": number, "priority": priority, "message": content, "endDateTime": LATER,
        })
        for number, priority in enumerate(("AlwaysFront", "InFront", "NormalCycle"))
    ]  # fmt: skip


def _priced(rng: Random, version: str) -> list[Step]:
    prices = [{"priceKwh": 0.3}, {"priceKwh": 0.2, "conditions": {"minEnergy": 10.0}}]
    tariff = {"tariffId": "T0", "currency": "EUR", "energy": {"prices": prices}}
    return [ask("SetDefaultTariff", evseId=0, tariff=tariff), *_charging(rng, version)]


def _controlled(rng: Random, version: str) -> list[Step]:
    return [ask("SetDERControl", **made) for made in controls()] + _charging(rng, version)


def _dynamic(rng: Random, version: str) -> list[Step]:
    made = rng.choice((dynamic(), signalled()))
    return [ask("SetChargingProfile", evseId=1, chargingProfile=made), *_charging(rng, version)]


def _swapping(rng: Random, version: str) -> list[Step]:
    stocked = [
        do("battery-swap", kind="stock", connector=n, serial=f"B{n}", soc=90) for n in (1, 2)
    ]
    return stocked[: rng.choice((1, 2))]


def _publishing(rng: Random, version: str) -> list[Step]:
    [made] = examples(version)["PublishFirmware"]
    end = [("transfer", DONE), ("time", 60.0)] if rng.random() < 0.7 else []
    return [ask("PublishFirmware", **made), ("time", 1.0), *end]


def _trusting(rng: Random, version: str) -> list[Step]:
    return [ask("InstallCertificate", **made) for made in examples(version)["InstallCertificate"]]


def _signing(rng: Random, version: str) -> list[Step]:
    """A certificate of its own is asked for."""
    if version == "1.6":
        return [ask("ExtendedTriggerMessage", requestedMessage="SignChargePointCertificate")]
    return [ask("TriggerMessage", requestedMessage="SignChargingStationCertificate")]


def _streaming(rng: Random, version: str) -> list[Step]:
    item = {
        "value": 1.0, "type": "Delta", "severity": 5, "variable": {"name": "Power"},
        "component": {"name": "EVSE", "evse": {"id": 1}},
        "periodicEventStream": {"interval": 5, "values": 2},
    }  # fmt: skip
    return [ask("SetVariableMonitoring", setMonitoringData=[item]), *_charging(rng, version)]


# What an operator or a driver does in between; what a version does not know is not done.
DEEDS: tuple[Step, ...] = (
    *(do(name, connector=n) for name in ("plug", "unplug", "stop-transaction") for n in (1, 2)),
    *(do("authorize", connector=n, id_tag="TAG2") for n in (1, 2)),
    *(do("availability", connector=1, operative=operative) for operative in (True, False)),
    *(do("charging-limit", limit=limit) for limit in (0, 7000, None)),
    *(do("bay", connector=1, occupied=occupied) for occupied in (True, False)),
    do("fault", connector=1, error_code="NoError"), do("grid", voltage_pct=80), do("grid"),
    do("data-transfer", vendor_id="x"), do("reset"), do("vat-number", connector=1, vat_number="D1"),
    do("power-cut", seconds=10),
)  # fmt: skip


# --- a station that is not accepted ----------------------------------------------------------


def _pending(rng: Random) -> list[Step]:
    """And with something to say that nobody has asked for."""
    waits = do("data-transfer", vendor_id="x")
    return [("boot", "Pending", rng.choice((10, 300))), ("link",), waits]


def _rejected(rng: Random) -> list[Step]:
    return [("boot", "Rejected", rng.choice((10, 300)))]


def _disowned(rng: Random) -> list[Step]:
    """Accepted, and then not any more (2.x refuses to boot again)."""
    status = rng.choice(("Pending", "Rejected"))
    again = ask("TriggerMessage", requestedMessage="BootNotification")
    return [("link",), ("boot", status, 300), again, ("drop",)]


def _accepted_late(rng: Random) -> list[Step]:
    status = rng.choice(("Pending", "Rejected"))
    return [("boot", status, 10), ("link",), ("time", 5.0), ("boot", "Accepted", 60)]


BEGINNINGS: tuple[Callable[[Random], list[Step]], ...] = (
    _pending, _rejected, _disowned, _accepted_late,
)  # fmt: skip

# --- which states there are ----------------------------------------------------------------------

State = Callable[[Random, str], list[Step]]
_STATES: tuple[State, ...] = (
    _authorized, _charging, _crashed, _dark, _faulted, _finishing, _limited, _listed, _mended,
    _offline, _refused, _reserved, _resetting, _sloppy, _telling_logs, _trusting, _unavailable,
    _unheard, _updating,
)  # fmt: skip
_STATES_2 = (*_STATES, _displaying, _monitored, _publishing)
STATES: dict[str, tuple[State, ...]] = {
    "1.6": _STATES, "2.0.1": _STATES_2,
    "2.1": (*_STATES_2, _controlled, _dynamic, _priced, _streaming),
}  # fmt: skip
# In which a request does something.
_FITTING: dict[State, str] = {
    _charging: "AFRRSignal ChangeTransactionTariff CostUpdated GetTransactionStatus "
               "NotifyAllowedEnergyTransfer RemoteStopTransaction RequestStopTransaction "
               "UnlockConnector UsePriorityCharging",
    _controlled: "ClearDERControl GetDERControl SetDERControl",
    _displaying: "ClearDisplayMessage GetDisplayMessages SetDisplayMessage",
    _dynamic: "AFRRSignal UpdateDynamicSchedule",
    _limited: "ClearChargingProfile GetChargingProfiles GetCompositeSchedule SetChargingProfile",
    _listed: "GetLocalListVersion SendLocalList",
    _monitored: "ClearVariableMonitoring GetMonitoringReport SetMonitoringBase "
                "SetMonitoringLevel SetVariableMonitoring",
    _priced: "ChangeTransactionTariff ClearTariffs GetTariffs SetDefaultTariff",
    _publishing: "PublishFirmware UnpublishFirmware",
    _reserved: "CancelReservation ReserveNow",
    _signing: "CertificateSigned",
    _streaming: "AdjustPeriodicEventStream GetPeriodicEventStream",
    _swapping: "RequestBatterySwap",
    _telling_logs: "GetDiagnostics GetLog",
    _trusting: "DeleteCertificate GetInstalledCertificateIds",
    _updating: "SignedUpdateFirmware UpdateFirmware",
}  # fmt: skip


def fitting(action: str) -> tuple[State, ...]:
    """The states in which the action does something, where there are such."""
    return tuple(state for state, actions in _FITTING.items() if action in actions.split())


# What an operator may have configured, {} for a station as it comes.
_CONFIGURED_2: tuple[dict[str, str], ...] = (
    {}, {}, {"EmulatorCtrlr.AutoPlug": "true"}, {"AlignedDataCtrlr.Interval": "60"},
    {"TxCtrlr.TxStartPoint": "EVConnected", "TxCtrlr.TxStopPoint": "EVConnected"},
    {"TxCtrlr.TxStartPoint": "ParkingBayOccupancy"}, {"AuthCtrlr.Enabled": "false"},
    {"TxCtrlr.TxStartPoint": "Authorized", "AuthCtrlr.AuthorizeRemoteStart": "true"},
)  # fmt: skip
CONFIGURED: dict[str, tuple[dict[str, str], ...]] = {
    "1.6": (
        {}, {}, {"EmulatorAutoPlug": "true"}, {"ClockAlignedDataInterval": "60"},
        {"AuthorizeRemoteTxRequests": "true"}, {"StopTransactionOnEVSideDisconnect": "false"},
        {"StopTxnSampledData": "Energy.Active.Import.Register"},
    ),
    "2.0.1": _CONFIGURED_2,
    "2.1": (
        *_CONFIGURED_2, {"TxCtrlr.ResumptionTimeout": "600"},
        {"BatterySwapCtrlr.Available": "true"},
        {"WebPaymentsCtrlr.URLTemplate": "https://pay.test/{evse}/{totp}",
         "WebPaymentsCtrlr.SharedSecret": "MySharedSecret"},
    ),
}  # fmt: skip
