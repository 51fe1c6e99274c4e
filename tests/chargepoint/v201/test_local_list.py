"""The local authorization list, and who may charge by it: online, offline and by groups."""

import pytest

from chargepoint.core.commands import CommandRejected
from chargepoint.timing.times import iso
from tests.chargepoint.inside import block

from .csms import booted

QUIET = {"SampledDataCtrlr.TxUpdatedInterval": "0", "EmulatorCtrlr.AutoPlug": "false"}


def quiet(**configuration):
    names = {key.replace("_", "."): value for key, value in configuration.items()}
    return booted(configuration={**QUIET, **names})


def entry(name, status="Accepted", kind="KeyCode", group=None, **more):
    info = {"status": status, **more}
    if group:
        info["groupIdToken"] = {"idToken": group, "type": "Central"}
    return {"idToken": {"idToken": name, "type": kind}, "idTokenInfo": info}


def send(csms, version, *entries, kind="Full"):
    payload = {"versionNumber": version, "updateType": kind}
    if entries:
        payload["localAuthorizationList"] = list(entries)
    answer = csms.call("SendLocalList", payload)
    return answer["status"] if isinstance(answer, dict) else answer[0]


def version(csms):
    return csms.call("GetLocalListVersion", {})["versionNumber"]


def charges(csms, name, **more):
    """Whether the token starts something, and whether the CSMS was asked for it."""
    asked = len(csms.sent("Authorize"))
    try:
        csms.command("start-transaction", connector=1, id_tag=name, **more)
    except CommandRejected:
        return False, len(csms.sent("Authorize")) > asked
    running = csms.station.outlets[1].transaction is not None
    return running, len(csms.sent("Authorize")) > asked


def entries_read(csms):
    item = {"component": {"name": "LocalAuthListCtrlr"}, "variable": {"name": "Entries"}}
    answer = csms.call("GetVariables", {"getVariableData": [item]})
    return int(answer["getVariableResult"][0]["attributeValue"])


@pytest.mark.proves("GetLocalListVersion", "SendLocalList")
def test_lists_and_their_versions():
    csms = quiet()
    assert version(csms) == 0
    assert send(csms, 3, entry("A"), entry("B")) == "Accepted"
    assert (version(csms), entries_read(csms)) == (3, 2)
    gone = {"idToken": {"idToken": "b", "type": "KeyCode"}}
    assert send(csms, 4, entry("C"), gone, kind="Differential") == "Accepted"
    assert set(block(csms.station, "local_list").local_list) == {"keycode:a", "keycode:c"}
    assert send(csms, 4, entry("D"), kind="Differential") == "VersionMismatch"
    assert send(csms, 2, entry("E")) == "Accepted"  # a full list may go back
    assert (version(csms), entries_read(csms)) == (2, 1)
    assert send(csms, 9) == "Accepted"
    assert (version(csms), entries_read(csms)) == (0, 0)


@pytest.mark.parametrize(
    ("number", "entries", "status"),
    [
        (0, [entry("A")], "Failed"),
        (1, [entry("A"), entry("a")], "Failed"),
        (1, [{"idToken": {"idToken": "A", "type": "KeyCode"}}], "Failed"),
        (1, [entry(f"T{n}") for n in range(101)], "OccurrenceConstraintViolation"),
        (1, [{**entry("A"), "customData": {"vendorId": "x" * 250, "pad": "x" * 65_000}}],
         "FormatViolation"),
    ],
)  # fmt: skip
def test_lists_that_are_refused(number, entries, status):
    csms = quiet()
    assert send(csms, number, *entries) == status
    assert block(csms.station, "local_list").local_list is None


def test_a_list_that_grows_beyond_its_room_is_refused():
    csms = quiet()
    for part in range(10):
        tokens = [entry(f"T{part}-{n}") for n in range(100)]
        assert send(csms, part + 1, *tokens, kind="Differential") == "Accepted"
    assert send(csms, 11, entry("one more"), kind="Differential") == "Failed"
    assert (version(csms), entries_read(csms)) == (10, 1000)


@pytest.mark.proves("LocalAuthListCtrlr.Enabled")
def test_switched_off_there_is_no_list():
    csms = quiet()
    send(csms, 1, entry("A"))
    csms.set("LocalAuthListCtrlr.Enabled", "false")
    assert version(csms) == 0
    assert send(csms, 2, entry("A")) == "Failed"
    csms.disconnect()
    assert charges(csms, "A") == (False, False)


def test_the_list_survives_a_crash_and_works_offline():
    csms = quiet()
    send(csms, 5, entry("A"), entry("B", "Blocked"))
    csms.restart()
    assert charges(csms, "B") == (False, False)
    assert charges(csms, "A") == (True, False)
    csms.connect()
    assert version(csms) == 5
    assert csms.events[0]["offline"] is True


@pytest.mark.proves("AuthCtrlr.LocalAuthorizeOffline")
@pytest.mark.parametrize(("allowed", "result"), [("true", True), ("false", False)])
def test_offline_authorization_by_the_list_can_be_switched_off(allowed, result):
    csms = quiet(AuthCtrlr_LocalAuthorizeOffline=allowed)
    send(csms, 1, entry("A"))
    csms.disconnect()
    assert charges(csms, "A")[0] is result


@pytest.mark.proves("AuthCtrlr.OfflineTxForUnknownIdEnabled")
def test_an_unknown_token_offline():
    csms = quiet(AuthCtrlr_OfflineTxForUnknownIdEnabled="true")
    send(csms, 1, entry("A", "Expired"))
    csms.disconnect()
    assert charges(csms, "A") == (False, False)  # known, and not good
    assert charges(csms, "Z") == (True, False)


@pytest.mark.proves("AuthCtrlr.LocalPreAuthorize")
def test_pre_authorization_asks_nobody_and_the_list_goes_before_the_cache():
    csms = quiet(AuthCtrlr_LocalPreAuthorize="true")
    csms.answers["Authorize"] = {"idTokenInfo": {"status": "Blocked"}}
    assert charges(csms, "A") == (False, True)  # the cache knows it as Blocked now
    send(csms, 1, entry("A"))
    assert charges(csms, "A") == (True, False)


@pytest.mark.proves("LocalAuthListCtrlr.DisablePostAuthorize")
def test_what_the_list_forbids_is_asked_unless_that_is_switched_off():
    csms = quiet()
    send(csms, 1, entry("A", "Blocked"))
    csms.set("LocalAuthListCtrlr.DisablePostAuthorize", "true")
    assert charges(csms, "A") == (False, False)
    csms.set("LocalAuthListCtrlr.DisablePostAuthorize", "false")
    assert charges(csms, "A") == (True, True)


@pytest.mark.proves("AuthCtrlr.DisableRemoteAuthorization")
def test_without_remote_authorization_only_list_and_cache_count():
    csms = quiet(AuthCtrlr_DisableRemoteAuthorization="true")
    assert charges(csms, "A") == (False, False)
    send(csms, 1, entry("A"))
    assert charges(csms, "A") == (True, False)


def test_an_entry_that_has_expired_counts_no_longer():
    csms = quiet(AuthCtrlr_LocalPreAuthorize="true")
    send(csms, 1, entry("A", cacheExpiryDateTime=iso(csms.now + 60)))
    csms.pass_time(61)
    csms.disconnect()
    assert charges(csms, "A") == (False, False)


@pytest.mark.parametrize(
    "kind", ["Central", "eMAID", "ISO14443", "ISO15693", "KeyCode", "Local", "MacAddress"]
)
def test_each_type_of_token(kind):
    csms = quiet()
    csms.command("start-transaction", connector=1, id_tag="00A1B2C3", token_type=kind)
    token = {"idToken": "00A1B2C3", "type": kind}
    assert csms.sent("Authorize") == [{"idToken": token}]
    assert csms.events[0]["idToken"] == token


def test_no_authorization_is_a_type_without_a_token_and_an_unknown_type_is_refused():
    csms = quiet(AuthCtrlr_Enabled="false")
    csms.command("start-transaction", connector=1, token_type="NoAuthorization")
    assert csms.events[0]["idToken"] == {"idToken": "", "type": "NoAuthorization"}
    with pytest.raises(CommandRejected, match="token_type"):
        csms.command("authorize", connector=2, id_tag="A", token_type="Passport")


def test_a_token_for_other_evses_starts_nothing_here():
    csms = quiet()
    csms.answers["Authorize"] = {"idTokenInfo": {"status": "Accepted", "evseId": [2]}}
    assert charges(csms, "A") == (False, True)
    csms.command("start-transaction", connector=2, id_tag="A")
    assert csms.station.outlets[2].transaction is not None


# --- groups --------------------------------------------------------------------------------------


def test_a_group_by_the_list_stops_offline():
    csms = quiet()
    send(csms, 1, entry("A", group="G"), entry("B", group="G"), entry("C", group="H"))
    csms.disconnect()
    charges(csms, "A")
    with pytest.raises(CommandRejected):
        csms.command("authorize", connector=1, id_tag="C")
    assert csms.command("authorize", connector=1, id_tag="B")["authorization"] == "Stopped"
    csms.connect()
    assert csms.events[-1]["idToken"]["idToken"] == "B"


def test_the_csms_is_asked_for_a_group_that_only_it_knows_and_the_cache_is_off():
    csms = quiet(AuthCacheCtrlr_Enabled="false")
    group = {"groupIdToken": {"idToken": "G", "type": "Central"}}
    csms.answers["Authorize"] = {"idTokenInfo": {"status": "Accepted", **group}}
    charges(csms, "A")
    assert csms.command("authorize", connector=1, id_tag="B")["authorization"] == "Pending"
    assert csms.story()[-1][:2] == ("Ended", "StopAuthorized")


@pytest.mark.proves("AuthCtrlr.MasterPassGroupId")
def test_the_master_pass_stops_everything_and_starts_nothing():
    csms = quiet(AuthCtrlr_MasterPassGroupId="MASTER")
    csms.command("start-transaction", connector=1, id_tag="A")
    csms.command("start-transaction", connector=2, id_tag="B")
    group = {"groupIdToken": {"idToken": "MASTER", "type": "Central"}}
    csms.answers["Authorize"] = {"idTokenInfo": {"status": "Accepted", **group}}
    csms.command("authorize", connector=1, id_tag="POLICE")
    ended = [e for e in csms.events if e["eventType"] == "Ended"]
    assert [e["transactionInfo"]["stoppedReason"] for e in ended] == ["MasterPass"] * 2
    assert charges(csms, "POLICE") == (False, True)


def test_a_token_that_is_not_in_the_list_can_be_taken_out_of_it():
    """D01.FR.17: an entry without idTokenInfo is removed; there may be none."""
    csms = quiet()
    assert send(csms, 1, entry("A")) == "Accepted"
    unknown = {"idToken": {"idToken": "Z", "type": "KeyCode"}}
    assert send(csms, 2, unknown, entry("B"), kind="Differential") == "Accepted"
    assert version(csms) == 2
