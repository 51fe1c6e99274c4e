"""GetReport by componentCriteria (B08.FR.07 to 10 and 13)."""

import pytest

from .asking import made, place_of


@pytest.fixture(params=["2.0.1", "2.1"])
def csms(request):
    return made(request.param)


def report(csms, *criteria, only=()):
    """The status, and the reportData that followed."""
    before = len(csms.sent("NotifyReport"))
    payload = {"requestId": 4, "componentCriteria": list(criteria)}
    if only:
        payload["componentVariable"] = [place_of(key, evse) for key, evse in only]
    status = csms.call("GetReport", payload)["status"]
    return status, [x for part in csms.sent("NotifyReport")[before:] for x in part["reportData"]]


def components(lines):
    return {line["component"]["name"] for line in lines}


def places(lines):
    return {(x["component"]["name"], x["component"].get("evse", {}).get("id")) for x in lines}


def inventory(csms):
    csms.call("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"})
    return [x for part in csms.sent("NotifyReport") for x in part["reportData"]]


@pytest.mark.parametrize("name", ["Active", "Available", "Enabled"])
def test_components_of_which_it_is_true_or_that_have_no_such_variable(csms, name):
    """ "every component that has the variable ... set to true, or does not have" it."""
    whole = inventory(csms)
    values = {True: set(), False: set()}
    for line in whole:
        if line["variable"]["name"] == name:
            value = line["variableAttribute"][0]["value"] == "true"
            values[value].add(line["component"]["name"])
    status, lines = report(csms, name)
    assert status == "Accepted"
    # TariffCostCtrlr has it for tariffs, costs and running costs: one of them is enough.
    assert components(lines) == components(whole) - (values[False] - values[True])
    told = [x["variable"]["name"] for x in lines if x["component"]["name"] == "TxCtrlr"]
    assert {"TxStartPoint", "EVConnectionTimeOut"} <= set(told)  # all of a component


def test_what_is_switched_off_is_not_enabled(csms):
    assert "AuthCacheCtrlr" in components(report(csms, "Enabled")[1])
    csms.set("AuthCacheCtrlr.Enabled", "false")
    lines = report(csms, "Enabled")[1]
    assert "AuthCacheCtrlr" not in components(lines)
    assert ("EVSE", 2) in places(lines)  # without such a variable
    assert "AuthCacheCtrlr" in components(report(csms, "Enabled", "Available")[1])  # one is enough


def test_problem_is_what_has_one(csms):
    assert report(csms, "Problem") == ("EmptyResultSet", [])
    csms.command("fault", connector=1, error_code="GroundFailure")
    status, lines = report(csms, "Problem")
    assert status == "Accepted"
    assert places(lines) == {("Connector", 1)}
    assert "ConnectorType" in {x["variable"]["name"] for x in lines}


def test_criteria_and_variables_must_both_be_met(csms):
    asked = [("EVSE.AvailabilityState", {"id": 1})]
    status, lines = report(csms, "Available", only=asked)
    assert (status, len(lines)) == ("Accepted", 1)
    assert lines[0]["component"] == {"name": "EVSE", "evse": {"id": 1}}
    assert report(csms, "Problem", only=asked) == ("EmptyResultSet", [])
