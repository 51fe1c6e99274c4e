"""Block O: messages are set, listed and cleared, and the displays show what they should."""

import pytest

from chargepoint.common.switching import carried_over
from chargepoint.timing.times import iso
from tests.chargepoint.inside import block

from .csms import Csms, booted, config_of

QUIET = {"EmulatorCtrlr.AutoPlug": "false", "SampledDataCtrlr.TxUpdatedInterval": "0"}


def quiet(version="2.0.1", **configuration):
    return booted(version=version, configuration={**QUIET, **configuration})


def message(number, text="Hello", priority="NormalCycle", form="UTF8", **more):
    content = {"format": form, "content": text}
    return {"id": number, "priority": priority, "message": content, **more}


def put(csms, number, text="Hello", priority="NormalCycle", form="UTF8", **more):
    info = message(number, text, priority, form, **more)
    return csms.call("SetDisplayMessage", {"message": info})


def set_all(csms, *texts, **more):
    for number, text in enumerate(texts, start=1):
        assert put(csms, number, text, **more) == {"status": "Accepted"}


def lines(csms, evse=1):
    shown = csms.station.snapshot()["display"]
    return [line for display in shown if display["evse"] == evse for line in display["lines"]]


def texts(csms, evse=1):
    return [line["text"] for line in lines(csms, evse)]


def listed(csms, **wanted):
    before = len(csms.sent("NotifyDisplayMessages"))
    status = csms.call("GetDisplayMessages", {"requestId": 7, **wanted})["status"]
    parts = csms.sent("NotifyDisplayMessages")[before:]
    assert all(part["requestId"] == 7 for part in parts)
    assert [part["tbc"] for part in parts] == [True] * (len(parts) - 1) + [False] * bool(parts)
    found = [info["id"] for part in parts for info in part["messageInfo"]]
    assert (status == "Accepted") == bool(found)
    return found


def value(csms, name, component="DisplayMessageCtrlr", **more):
    item = {"component": {"name": component, **more}, "variable": {"name": name}}
    answer = csms.call("GetVariables", {"getVariableData": [item]})["getVariableResult"][0]
    return answer.get("attributeValue", answer["attributeStatus"])


def of_display(csms, evse=1, **variable):
    item = {"component": {"name": "Display", "evse": {"id": evse}}, "variable": variable}
    answer = csms.call("GetVariables", {"getVariableData": [item]})
    return answer["getVariableResult"][0]["attributeValue"]


def visible(csms, evse=1):
    return of_display(csms, evse, name="DataText", instance="Visible")


@pytest.mark.proves(
    "Display.DataText[Visible]", "DisplayMessageCtrlr.DisplayMessages", "NotifyDisplayMessages",
    "SetDisplayMessage",
)  # fmt: skip
def test_what_is_set_is_shown_on_every_display_and_told_as_it_was():
    csms = quiet()
    assert csms.station.snapshot()["display"] == []
    info = message(3, "Welcome", endDateTime=iso(csms.now + 600), display={"name": "Display"})
    assert csms.call("SetDisplayMessage", {"message": info}) == {"status": "Accepted"}
    expected = {
        "kind": "message", "id": 3, "priority": "NormalCycle", "text": "Welcome", "format": "UTF8",
    }  # fmt: skip
    assert lines(csms, 1) == lines(csms, 2) == [expected]
    assert (visible(csms, 1), value(csms, "DisplayMessages")) == ("Welcome", "1")
    assert listed(csms) == [3]
    assert csms.sent("NotifyDisplayMessages")[-1]["messageInfo"] == [info]


def test_a_message_with_a_known_id_replaces_the_whole_message():
    csms = quiet()
    put(csms, 1, "old", state="Faulted", endDateTime=iso(csms.now + 60))
    put(csms, 1, "new")
    csms.pass_time(120)
    assert texts(csms) == ["new"]
    assert value(csms, "DisplayMessages") == "1"


@pytest.mark.proves("ClearDisplayMessage")
def test_clearing():
    csms = quiet()
    set_all(csms, "a", "b")
    assert csms.call("ClearDisplayMessage", {"id": 1}) == {"status": "Accepted"}
    assert texts(csms) == ["b"]
    assert csms.call("ClearDisplayMessage", {"id": 1})["status"] == "Unknown"
    assert (listed(csms, id=[1]), listed(csms, id=[1, 2])) == ([], [2])


@pytest.mark.proves("GetDisplayMessages")
def test_lists_by_id_priority_and_state_in_parts():
    csms = quiet()
    for number in range(25):
        put(csms, number, priority="InFront" if number % 2 else "NormalCycle")
    put(csms, 90, state="Idle")
    assert len(listed(csms)) == 26
    assert len(csms.sent("NotifyDisplayMessages")) == 3
    assert listed(csms, priority="InFront") == list(range(1, 25, 2))
    assert listed(csms, state="Idle") == [90]
    assert listed(csms, state="Faulted") == []
    assert listed(csms, id=[2, 3, 4], priority="NormalCycle") == [2, 4]
    many = csms.call("GetDisplayMessages", {"requestId": 1, "id": list(range(51))})
    assert many[0] == "OccurrenceConstraintViolation"


def test_priorities():
    csms = quiet()
    put(csms, 1, "normal")
    put(csms, 2, "front", "InFront")
    put(csms, 3, "front too", "InFront")
    assert texts(csms) == ["front", "front too"]
    put(csms, 4, "only", "AlwaysFront")
    assert texts(csms) == ["only"]
    put(csms, 5, "only this", "AlwaysFront")
    assert texts(csms) == ["only this"]
    assert listed(csms, id=[4]) == []  # replaced, though it had another id
    csms.call("ClearDisplayMessage", {"id": 5})
    assert texts(csms) == ["front", "front too"]


def test_one_always_in_front_a_display():
    csms = quiet()
    place = {"name": "Display", "evse": {"id": 2}}
    put(csms, 1, "all", "AlwaysFront")
    put(csms, 2, "second", "AlwaysFront", display=place)
    assert (texts(csms, 1), texts(csms, 2)) == (["all"], ["second"])
    put(csms, 3, "third", "AlwaysFront", display=place)
    assert listed(csms) == [1, 3]
    put(csms, 4, "all again", "AlwaysFront")
    assert listed(csms) == [4]


def test_a_display_of_one_evse():
    csms = quiet()
    put(csms, 1, "two only", display={"name": "Display", "evse": {"id": 2}})
    assert (texts(csms, 1), texts(csms, 2)) == ([], ["two only"])


def test_from_and_until():
    csms = quiet()
    put(csms, 1, "later", startDateTime=iso(csms.now + 60), endDateTime=iso(csms.now + 120))
    assert (texts(csms), listed(csms)) == ([], [1])
    csms.pass_time(59)
    assert texts(csms) == []
    before = csms.station.version
    csms.pass_time(2)
    assert texts(csms) == ["later"]
    assert csms.station.version > before  # so that whoever looks on is told
    csms.pass_time(60)
    assert (texts(csms), listed(csms)) == ([], [])


def test_times_follow_the_stations_clock():
    csms = quiet()
    put(csms, 1, "soon", startDateTime=iso(csms.now + 3600))
    csms.answers["Heartbeat"] = lambda _: {"currentTime": iso(csms.now + 4000)}
    csms.pass_time(301)
    assert texts(csms) == ["soon"]
    csms.answers["Heartbeat"] = lambda _: {"currentTime": iso(csms.now)}
    csms.pass_time(301)
    assert texts(csms) == []  # it is an hour off again
    csms.pass_time(3600)
    assert texts(csms) == ["soon"]


def test_states():
    csms = quiet()
    states = ("Charging", "Faulted", "Idle", "Unavailable")
    for number, state in enumerate(states):
        assert put(csms, number, state, state=state)["status"] == "Accepted"
    put(csms, 9, "always")
    assert texts(csms) == ["Idle", "always"]
    csms.command("start-transaction", connector=1)
    assert (texts(csms), texts(csms, 2)) == (["Charging", "always"], ["Idle", "always"])
    csms.command("stop-transaction", connector=1)
    csms.command("fault", connector=1, error_code="HighTemperature")
    assert texts(csms) == ["Faulted", "always"]
    csms.command("fault", connector=1, error_code="NoError")
    csms.command("availability", connector=1, operative=False)
    assert texts(csms) == ["Unavailable", "always"]


def test_a_pause_is_charging_still_in_2_0_1():
    csms = quiet()
    put(csms, 1, "Charging", state="Charging")
    csms.command("start-transaction", connector=1, ev={"soc": 80, "target_soc": 80})
    assert csms.station.outlets[1].hardware.charging_state_201 == "SuspendedEV"
    assert texts(csms) == ["Charging"]


def test_a_transactions_message_is_shown_where_it_runs_and_goes_with_it():
    csms = quiet()
    assert put(csms, 1, transactionId="none")["status"] == "UnknownTransaction"
    csms.command("start-transaction", connector=2)
    running = csms.station.outlets[2].transaction.id
    put(csms, 1, "yours", transactionId=running)
    put(csms, 2, "everybody's")
    assert (texts(csms, 1), texts(csms, 2)) == (["everybody's"], ["yours", "everybody's"])
    csms.command("stop-transaction", connector=2)
    assert listed(csms) == [2]


@pytest.mark.parametrize(
    ("info", "status", "code"),
    [
        (message(1, display={"name": "Display", "evse": {"id": 9}}), "Rejected", "UnknownEvse"),
        (message(1, display={"name": "Lamp"}), "Rejected", "UnsupportedParam"),
        (message(1, endDateTime="2001-01-01T00:00:00Z"), "Rejected", "InvalidValue"),
        (message(1, startDateTime="2099-01-02T00:00:00Z", endDateTime="2099-01-01T00:00:00Z"),
         "Rejected", "InvalidValue"),
        (message(1, "für", form="ASCII"), "Rejected", "InvalidValue"),
        (message(1, "no address", form="URI"), "Rejected", "InvalidURL"),
        (message(1, transactionId="x"), "UnknownTransaction", "TxNotFound"),
    ],
)  # fmt: skip
def test_refusals(info, status, code):
    csms = quiet()
    answer = csms.call("SetDisplayMessage", {"message": info})
    assert (answer["status"], answer["statusInfo"]["reasonCode"]) == (status, code)
    assert block(csms.station, "display").messages is None


@pytest.mark.parametrize("form", ["ASCII", "HTML", "URI", "UTF8"])
def test_every_format_is_shown_as_its_text(form):
    csms = quiet()
    assert put(csms, 1, "https://example.org/a", form=form)["status"] == "Accepted"
    assert texts(csms) == ["https://example.org/a"]


@pytest.mark.proves(
    "DisplayMessageCtrlr.SupportedFormats", "DisplayMessageCtrlr.SupportedPriorities",
    "DisplayMessageCtrlr.SupportedStates",
)  # fmt: skip
def test_a_simpler_display_says_what_it_cannot():
    csms = quiet(**{
        "DisplayMessageCtrlr.SupportedFormats": "UTF8,ASCII",
        "DisplayMessageCtrlr.SupportedPriorities": "NormalCycle",
        "DisplayMessageCtrlr.SupportedStates": "Idle,Charging",
    })  # fmt: skip
    assert put(csms, 1, form="HTML")["status"] == "NotSupportedMessageFormat"
    assert put(csms, 1, priority="InFront")["status"] == "NotSupportedPriority"
    assert put(csms, 1, state="Faulted")["status"] == "NotSupportedState"
    assert put(csms, 1, state="Idle")["status"] == "Accepted"
    assert value(csms, "SupportedFormats") == "ASCII,UTF8"
    assert value(csms, "SupportedStates") == "Charging,Idle"
    assert csms.set("DisplayMessageCtrlr.SupportedFormats", "HTML") == "Rejected"  # not the CSMS's


def test_what_2_0_1_knows_is_in_the_values_list():
    csms = quiet()
    csms.call("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"})
    found = {
        (line["component"]["name"], line["variable"]["name"]): line
        for part in csms.sent("NotifyReport")
        for line in part["reportData"]
    }
    states = found["DisplayMessageCtrlr", "SupportedStates"]
    assert states["variableCharacteristics"]["valuesList"] == "Charging,Faulted,Idle,Unavailable"
    assert states["variableAttribute"][0]["value"] == "Charging,Faulted,Idle,Unavailable"
    assert found["DisplayMessageCtrlr", "DisplayMessages"]["variableCharacteristics"][
        "maxLimit"] == 50  # fmt: skip
    assert ("Display", "DataText") in found


@pytest.mark.proves("DisplayMessageCtrlr.Language", versions=("2.0.1",))
def test_in_2_0_1_a_message_has_one_language_and_is_shown_in_it():
    csms = quiet()
    assert value(csms, "Language") == "en"
    assert csms.set("DisplayMessageCtrlr.Language", "de") == "Accepted"
    assert csms.set("DisplayMessageCtrlr.Language", "tlh") == "Rejected"
    assert value(csms.restart().connect(), "Language") == "de"
    info = message(1, "Salut")
    info["message"]["language"] = "fr"
    assert csms.call("SetDisplayMessage", {"message": info}) == {"status": "Accepted"}
    assert (texts(csms), lines(csms)[0]["language"]) == (["Salut"], "fr")


@pytest.mark.proves("DisplayMessageCtrlr.Enabled")
def test_switched_off_nothing_is_shown_or_taken_and_nothing_is_lost():
    csms = quiet()
    put(csms, 1)
    csms.set("DisplayMessageCtrlr.Enabled", "false")
    assert texts(csms) == []
    assert put(csms, 2)["status"] == "Rejected"
    assert listed(csms) == [1]
    csms.set("DisplayMessageCtrlr.Enabled", "true")
    assert texts(csms) == ["Hello"]


@pytest.mark.proves("DisplayMessageCtrlr.Available")
def test_a_station_without_display_messages():
    csms = quiet(**{"DisplayMessageCtrlr.Available": "false"})
    assert put(csms, 1)["statusInfo"]["reasonCode"] == "NotEnabled"


def test_there_is_an_end_of_room():
    csms = quiet()
    set_all(csms, *map(str, range(50)))
    assert put(csms, 99)["statusInfo"]["reasonCode"] == "TooManyElements"
    assert put(csms, 50, "replaced")["status"] == "Accepted"
    assert value(csms, "DisplayMessages") == "50"


def test_messages_outlive_a_crash_and_a_reset_and_their_times_go_on():
    csms = quiet()
    csms.command("start-transaction", connector=1)
    running = csms.station.outlets[1].transaction.id
    put(csms, 1, "stays")
    put(csms, 2, "ends", endDateTime=iso(csms.now + 100))
    put(csms, 3, "yours", transactionId=running)
    put(csms, 4, "passed", endDateTime=iso(csms.now + 10))
    put(csms, 5, "comes", startDateTime=iso(csms.now + 100))
    saved = csms.saved()
    csms.now += 50
    csms.restart(saved).connect()
    assert texts(csms) == ["stays", "ends", "yours"]
    csms.pass_time(51)
    assert texts(csms) == ["stays", "yours", "comes"]
    csms.call("Reset", {"type": "Immediate"})
    csms.connect()
    assert (texts(csms), listed(csms)) == (["stays", "comes"], [1, 5])


def test_offline_they_are_shown_and_without_power_they_are_not():
    csms = quiet()
    put(csms, 1)
    csms.disconnect()
    assert texts(csms) == ["Hello"]
    csms.command("power-cut", seconds=10)
    assert texts(csms) == []
    csms.pass_time(11)
    assert texts(csms) == ["Hello"]


@pytest.mark.proves("Display.Enabled")
def test_a_display_is_on_while_there_is_power():
    csms = quiet()
    assert of_display(csms, name="Enabled") == "true"
    csms.command("power-cut", seconds=10)
    place = {"id": 1}  # nobody can ask by a link now
    enabled = block(csms.station, "variables").find_variable(
        {"name": "Display", "evse": place}, {"name": "Enabled"}
    )
    assert block(csms.station, "variables").read(enabled, place, csms.now) == "false"
    csms.pass_time(11)
    csms.connect()
    assert of_display(csms, name="Enabled") == "true"


@pytest.mark.proves(
    "DisplayMessageCtrlr.PersonalMessageSize",
    "OCPPCommCtrlr.FieldLength[MessageContentType.content]",
)
@pytest.mark.parametrize(("version", "longest"), [("2.0.1", 512), ("2.1", 1024)])
def test_a_text_is_as_long_as_told_and_no_longer(version, longest):
    csms = quiet(version)
    assert value(csms, "PersonalMessageSize") == str(longest)
    field = {"name": "FieldLength", "instance": "MessageContentType.content"}
    item = {"component": {"name": "OCPPCommCtrlr"}, "variable": field}
    [told] = csms.call("GetVariables", {"getVariableData": [item]})["getVariableResult"]
    assert told["attributeValue"] == str(longest)
    assert put(csms, 1, "x" * longest) == {"status": "Accepted"}
    assert put(csms, 2, "x" * (longest + 1))[0] in (
        "FormatViolation", "PropertyConstraintViolation",
    )  # fmt: skip
    assert listed(csms) == [1]


@pytest.mark.parametrize(("before", "after"), [("2.0.1", "2.1"), ("2.1", "2.0.1")])
def test_they_go_over_to_the_other_2_x(before, after):
    csms = quiet(before)
    csms.command("start-transaction", connector=1)
    put(csms, 1, "over", startDateTime=iso(csms.now + 60))
    put(csms, 2, transactionId=csms.station.outlets[1].transaction.id)
    saved, _ = carried_over(csms.station.snapshot(), after)
    other = Csms(config_of(after, configuration=QUIET), saved, csms.now).connect()
    assert listed(other) == [1]
    other.pass_time(61)
    assert texts(other) == ["over"]
    assert "messages" not in carried_over(csms.station.snapshot(), "1.6")[0]


def test_what_only_2_1_can_say_stays_behind():
    csms = quiet("2.1")
    put(csms, 1, state="Suspended")
    put(csms, 2, "geo:0,0", form="QRCODE")
    put(csms, 3, "x" * 600)
    put(csms, 4, messageExtra=[{"format": "UTF8", "language": "de", "content": "Hallo"}])
    saved, _ = carried_over(csms.station.snapshot(), "2.0.1")
    other = Csms(config_of("2.0.1", configuration=QUIET), saved, csms.now).connect()
    assert listed(other) == [4]
    assert "messageExtra" not in other.sent("NotifyDisplayMessages")[0]["messageInfo"][0]
