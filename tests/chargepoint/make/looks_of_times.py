"""Looks at the times of a make: how it writes them, and how long it takes."""

from __future__ import annotations

from typing import Any

from chargepoint.effects import DONE, Dial, Download, Transferred
from tests.chargepoint.make.life import Life
from tests.chargepoint.make.looks import MakeLife, look


@look("time.zone", "time.fractions")
def stamps(version: str, make: MakeLife) -> None:
    life = make(time={"zone": "+05:30", "fractions": 1})
    [*_, note] = life.said("StatusNotification")
    assert note["timestamp"][19:] == ".0+05:30"


def asked_to_reset(life: Life) -> Any:
    """The Close effect, once the station has ended its link."""
    kind = "Hard" if life.version == "1.6" else "Immediate"
    assert life.ask("Reset", {"type": kind})["status"] == "Accepted"
    life.pass_time(29.5)
    assert not life.csms.closes
    life.pass_time(1)
    return life.csms.closes[0]


@look("delays.reset")
def time_before_the_end_of_the_link(version: str, make: MakeLife) -> None:
    assert asked_to_reset(make(delays={"reset": [30, 30]})).reason == "rebooting"


@look("delays.restart")
def time_without_a_link(version: str, make: MakeLife) -> None:
    spans = {"restart": [44, 44], "reset": [30, 30]}
    assert asked_to_reset(make(delays=spans)).reconnect_after == 44


@look("delays.boot")
def time_before_the_first_link(version: str, make: MakeLife) -> None:
    life = make(delays={"boot": 42})
    life.do("power-cut")
    _, effects = life.station.command("power-on", {}, life.csms.now)
    assert [one.pause for one in effects if type(one) is Dial] == [42]


@look("delays.relink", "delays.reconnect")
def time_of_a_new_link(version: str, make: MakeLife) -> None:
    key = "SecurityProfile" if version == "1.6" else "SecurityCtrlr.SecurityProfile"
    life = make({"configuration": {key: "1"}}, delays={"relink": [7, 7], "reconnect": [19, 19]})
    secret = "a-new-password-of-16"
    if version == "1.6":
        asked = {"key": "AuthorizationKey", "value": secret}
        assert life.ask("ChangeConfiguration", asked) == {"status": "Accepted"}
    else:
        assert life.csms.set("SecurityCtrlr.BasicAuthPassword", secret) == "Accepted"
    life.pass_time(6.9)
    assert not life.csms.closes
    life.pass_time(0.2)
    [close] = life.csms.closes
    assert close.reconnect_after == 19


@look("delays.firmware")
def time_to_install(version: str, make: MakeLife) -> None:
    life = make({"firmware": "1.0"}, delays={"firmware": [50, 50]})
    life.csms.answers["FirmwareStatusNotification"] = {}
    begun: list[Download] = []
    name = "take" if version == "1.6" else "perform"
    plain = getattr(life.csms, name)

    def heeding(effects: list, *more: Any) -> None:
        begun.extend(one for one in effects if type(one) is Download)
        plain(effects, *more)

    setattr(life.csms, name, heeding)
    where, date = "ftp://files/f.bin", "2026-01-01T00:00:00Z"
    asked = {"location": where, "retrieveDate": date} if version == "1.6" else {
        "requestId": 1, "firmware": {"location": where, "retrieveDateTime": date}}  # fmt: skip
    life.ask("UpdateFirmware", asked)
    life.pass_time(5)
    ended = Transferred(begun[0].id, DONE, "", 15, b"", b"version: 2.1.0\n")
    heeding(life.station.transfer_ended(ended, life.csms.now))

    def told() -> list[str]:
        return [one["status"] for one in life.said("FirmwareStatusNotification")]

    life.pass_time(49.5)
    assert told()[-1] == "Installing" and not life.csms.closes
    life.pass_time(5)
    assert len(life.csms.closes) == 1
    life.csms.connect()
    assert told()[-1] == "Installed"
