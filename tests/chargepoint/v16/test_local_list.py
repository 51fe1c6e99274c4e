"""The local authorization list: updates, limits, and what it decides (1.6 3.4.2, 5.10, 5.15)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargepoint.timing.times import iso
from tests.chargepoint.peer import START, Peer


@pytest.fixture
def peer():
    return Peer().connect()


def entry(tag, status="Accepted", **info):
    return {"idTag": tag, "idTagInfo": {"status": status, **info}}


def send(peer, version, *entries, kind="Full"):
    payload = {"listVersion": version, "updateType": kind, "localAuthorizationList": list(entries)}
    return peer.call("SendLocalList", payload)[2]["status"]


def version_of(peer):
    return peer.call("GetLocalListVersion", {})[2]["listVersion"]


def set_key(peer, key, value):
    answer = peer.call("ChangeConfiguration", {"key": key, "value": value})
    assert answer[2] == {"status": "Accepted"}


@pytest.mark.proves("GetLocalListVersion", "SendLocalList")
def test_a_full_list_replaces_and_an_empty_one_empties(peer):
    assert version_of(peer) == 0
    assert send(peer, 7, entry("ANNA")) == "Accepted"
    assert version_of(peer) == 7
    assert send(peer, 3, entry("BERT")) == "Accepted"  # a full list may step back
    assert version_of(peer) == 3
    assert peer.call("SendLocalList", {"listVersion": 9, "updateType": "Full"})[2] == {
        "status": "Accepted"
    }
    assert version_of(peer) == 0


def test_an_update_adds_changes_and_removes(peer):
    send(peer, 1, entry("ANNA"), entry("BERT"))
    update = [entry("anna", "Blocked"), {"idTag": "BERT"}, entry("CORA")]
    assert send(peer, 2, *update, kind="Differential") == "Accepted"
    assert version_of(peer) == 2
    peer.drop()
    assert peer.do("authorize", id_tag="ANNA", connector=1)["authorization"] == "Invalid"
    assert peer.do("authorize", id_tag="BERT", connector=1)["authorization"] == "Invalid"
    assert peer.do("authorize", id_tag="CORA", connector=1)["authorization"] == "Accepted"


@pytest.mark.parametrize("version", [4, 5])
def test_an_update_that_is_not_newer_does_not_fit(peer, version):
    send(peer, 5, entry("ANNA"))
    assert send(peer, version, {"idTag": "ANNA"}, kind="Differential") == "VersionMismatch"
    assert version_of(peer) == 5


@pytest.mark.parametrize(
    ("version", "entries"),
    [
        (2, [{"idTag": "ANNA"}]),  # a full list says what each tag may
        (2, [entry("ANNA"), entry("anna", "Blocked")]),  # which one?
        (0, [entry("ANNA")]),
        (-1, [entry("ANNA")]),
        (2, [entry(f"T{n}") for n in range(251)]),  # SendLocalListMaxLength
    ],
)
def test_a_list_that_makes_no_sense_changes_nothing(peer, version, entries):
    send(peer, 1, entry("BERT"))
    assert send(peer, version, *entries) == "Failed"
    assert version_of(peer) == 1
    peer.drop()
    assert peer.do("authorize", id_tag="BERT", connector=1)["authorization"] == "Accepted"


def test_the_list_has_a_longest_length(peer):
    for part in range(4):
        tags = [entry(f"T{part}-{n}") for n in range(250)]
        assert send(peer, part + 1, *tags, kind="Differential") == "Accepted"
    assert send(peer, 9, entry("ONE-MORE"), kind="Differential") == "Failed"
    assert send(peer, 9, {"idTag": "T0-0"}, entry("ONE-MORE"), kind="Differential") == "Accepted"


@pytest.mark.proves("LocalAuthListEnabled")
def test_without_the_list_it_is_not_supported(peer):
    send(peer, 1, entry("ANNA"))
    set_key(peer, "LocalAuthListEnabled", "false")
    assert version_of(peer) == -1
    assert send(peer, 2, entry("BERT")) == "NotSupported"
    peer.drop()
    assert peer.do("authorize", id_tag="ANNA", connector=1)["authorization"] == "Invalid"


def test_a_listed_tag_starts_before_the_csms_answers(peer):
    send(peer, 1, entry("ANNA"))
    set_key(peer, "LocalPreAuthorize", "true")
    peer.answers["Authorize"] = None
    peer.do("start-transaction", connector=1, id_tag="ANNA")
    assert peer.calls("StartTransaction")[0]["idTag"] == "ANNA"
    assert not peer.calls("Authorize")


def test_the_list_counts_more_than_the_cache(peer):
    peer.do("authorize", id_tag="ANNA", connector=1)  # Accepted, and now in the cache
    peer.pass_time(61)
    send(peer, 1, entry("ANNA", "Blocked"))
    peer.drop()
    assert peer.do("authorize", id_tag="ANNA", connector=1)["authorization"] == "Invalid"


def test_a_listed_tag_ends_with_its_expiry_date(peer):
    send(peer, 1, entry("ANNA", expiryDate=iso(START + 100)))
    peer.drop()
    assert peer.do("authorize", id_tag="ANNA", connector=1)["authorization"] == "Accepted"
    peer.pass_time(101)
    assert peer.do("authorize", id_tag="ANNA", connector=1)["authorization"] == "Invalid"


def test_a_listed_parent_stops_the_transaction_of_its_family(peer):
    family = [entry("ANNA", parentIdTag="HOME"), entry("BERT", parentIdTag="HOME")]
    send(peer, 1, *family)
    peer.answers["StartTransaction"] = {
        "transactionId": 5, "idTagInfo": {"status": "Accepted", "parentIdTag": "HOME"},
    }  # fmt: skip
    peer.do("start-transaction", connector=1, id_tag="ANNA")
    assert peer.do("authorize", id_tag="BERT", connector=1)["stopped"]


def test_a_contradiction_is_told_as_a_conflict_of_the_list(peer):
    send(peer, 1, entry("ANNA"))
    peer.answers["Authorize"] = {"idTagInfo": {"status": "Invalid"}}
    peer.do("authorize", id_tag="ANNA", connector=1)
    told = [n for n in peer.calls("StatusNotification") if n["errorCode"] != "NoError"]
    assert [(n["connectorId"], n["errorCode"]) for n in told] == [(0, "LocalListConflict")]


def test_the_list_survives_a_crash_and_a_reset(peer):
    send(peer, 4, entry("ANNA"))
    again = peer.crash()
    again.connect()
    again.call("Reset", {"type": "Hard"})
    again.connect()
    assert version_of(again) == 4
    again.drop()
    assert again.do("authorize", id_tag="ANNA", connector=1)["authorization"] == "Accepted"


_TAGS = st.sampled_from(["A", "a", "B", "C", "D"])
_STATUSES = st.sampled_from([None, "Accepted", "Blocked", "Invalid"])
_UPDATES = st.lists(
    st.tuples(
        st.booleans(), st.integers(-1, 6), st.lists(st.tuples(_TAGS, _STATUSES), max_size=4)
    ),
    max_size=8,
)


@given(_UPDATES)
def test_any_history_leaves_what_a_plain_dictionary_would_hold(updates):
    peer = Peer().connect()
    model, model_version = {}, 0
    for full, version, pairs in updates:
        entries = [entry(t, s) if s else {"idTag": t} for t, s in pairs]
        status = send(peer, version, *entries, kind="Full" if full else "Differential")
        names = [t.lower() for t, _ in pairs]
        bad = version < 1 or len(set(names)) < len(names) or (full and any(not s for _, s in pairs))
        if not full and version <= model_version:
            assert status == "VersionMismatch"
        elif bad:
            assert status == "Failed"
        else:
            assert status == "Accepted"
            model = {} if full else model
            model = {t: s for t, s in (model | {t.lower(): s for t, s in pairs}).items() if s}
            model_version = version
    assert version_of(peer) == (model_version if model else 0)
    peer.drop()
    for tag in "abcd":
        answer = peer.do("authorize", id_tag=tag, connector=1)["authorization"]
        assert answer == ("Accepted" if model.get(tag) == "Accepted" else "Invalid")
        peer.pass_time(61)  # the authorization without a car ends
