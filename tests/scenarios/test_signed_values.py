"""The rule @signed, on what stations of each version send."""

import json
from base64 import b32decode, b64encode

import pytest

from chargepoint.trust.signed.checking import check, signed_in
from scenarios.rules.matching import check_matcher, mismatch
from tests.chargepoint.signed.lives import AC, ALL, DC, LIVES


def ended(life) -> dict:
    """The last message of a transaction."""
    if hasattr(life, "peer"):
        return life.peer.calls("StopTransaction")[-1]
    return life.csms.events[-1]


def tampered(payload: dict, life) -> dict:
    """One digit of the last reading is another."""
    text = json.dumps(payload)
    last = life.told()[-1]
    value = f'"RV":{last.ocmf.reading["RV"]}'
    assert value in last.text
    other = last.text.replace(value, f"{value[:-1]}{(int(value[-1]) + 1) % 10}")
    old, new = (b64encode(each.encode()).decode() for each in (last.text, other))
    assert old in text
    return json.loads(text.replace(old, new))


@pytest.fixture(params=LIVES)
def life(request):
    made = LIVES[request.param](PublicKeyWithSignedMeterValue="EveryMeterValue", **ALL)
    made.charge(AC)
    return made


def test_what_holds_matches_and_one_other_digit_does_not(life):
    payload = ended(life)
    name = "transactionData" if "transactionData" in payload else "meterValue"
    assert mismatch({name: {"@signed": True}}, payload) is None
    assert mismatch({name: {"@signed": {"format": "OCMF"}}}, payload) is None
    why = mismatch({name: {"@signed": True}}, tampered(payload, life))
    assert "is invalid: The signature is of another text" in why
    assert "is not Alfen" in mismatch({name: {"@signed": {"format": "Alfen"}}}, payload)


def test_the_key_may_be_said(life):
    payload, mine, other = ended(life), life.public_key(AC), life.public_key(DC)
    assert mismatch({"@signed": {"key": mine}}, payload) is None
    assert "another key" in mismatch({"@signed": {"key": other}}, payload)


@pytest.mark.parametrize("version", LIVES)
def test_an_unknown_key_does_not_match(version):
    life = LIVES[version](PublicKeyWithSignedMeterValue="Never", **ALL)
    life.charge(AC)
    assert "Its public key is unknown" in mismatch({"@signed": True}, ended(life))
    assert mismatch({"@signed": {"key": life.public_key(AC)}}, ended(life)) is None


@pytest.mark.parametrize("version", LIVES)
def test_alfens_form(version):
    life = LIVES[version](EmulatorMeterFormat="Alfen", PublicKeyWithSignedMeterValue="Never", **ALL)
    life.charge(DC)
    assert mismatch({"@signed": {"format": "Alfen"}}, ended(life)) is None
    assert mismatch({"@signed": {"key": life.public_key(DC)}}, ended(life)) is None
    assert "another key" in mismatch({"@signed": {"key": life.public_key(AC)}}, ended(life))
    text = life.told()[-1].text
    for place in range(len(text) - 1):
        other = "A" if text[place] != "A" else "B"
        changed = text[:place] + other + text[place + 1 :]
        if _decoded(changed) == _decoded(text):
            continue  # bits that Base32 does not use
        found = list(signed_in({"format": "SignedData", "value": changed}))
        # The letter of its kind and the version are not under the signature.
        assert place in (3, 5) or check(found[0]).check != "valid", place


def _decoded(text: str) -> list[bytes] | None:
    parts = text.split(";")
    try:
        return [text[:7].encode(), *map(b32decode, parts[3:6])] if len(parts) == 7 else None
    except ValueError:
        return None


def test_nothing_signed_does_not_match():
    life = LIVES["1.6"]()
    life.charge(AC)
    assert "without a signed value" in mismatch({"@signed": True}, ended(life))
    assert "without a signed value" in mismatch({"@signed": True}, 5)
    assert mismatch({"x": {"@signed": True}}, {}) == "x is missing"


def test_some_of_them_is_not_all(life):
    payload = ended(life)
    both = [payload, tampered(payload, life)]
    assert mismatch({"@signed": True}, both) and mismatch({"@signed": True}, payload) is None
    assert mismatch({"@not": {"@signed": True}}, tampered(payload, life)) is None


@pytest.mark.parametrize("wanted", [
    True, {"format": "OCMF"}, {"key": "$key"}, {"format": "$form"}, "$wanted",
])  # fmt: skip
def test_rules_that_make_sense(wanted):
    assert check_matcher({"meterValue": {"@signed": wanted}}) is None


@pytest.mark.parametrize("wanted", [
    False, 1, {}, [], {"format": "EDL"}, {"key": "no key"}, {"key": ""}, {"key": 5}, {"keys": 1},
])  # fmt: skip
def test_rules_that_make_none(wanted):
    assert "@signed" in check_matcher({"meterValue": {"@signed": wanted}})


def test_a_key_from_a_variable_that_cannot_be_read():
    life = LIVES["1.6"](**ALL)
    life.charge(AC)
    assert "cannot be read" in mismatch({"@signed": {"key": "nothing"}}, ended(life))
