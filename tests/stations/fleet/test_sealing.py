"""What a CSMS has entrusted to a station, at rest."""

from stations.worker.sealing import seal, shown, unseal


def snapshot():
    security = {"profile": 3, "certificate": "PEM", "roots": {"use": ["PEM"]}}
    secrets = {"key": "a private key", "before": [None, "old", "", ""]}
    network = {"base": "", "current": [2, {"OcppCsmsUrl": "ws://elsewhere.example"}]}
    parts = {"security": security, "secrets": secrets, "network": network}
    return {"saved": {"booted": True, **parts}}


def test_secrets_are_stored_encrypted_and_come_back():
    sealed = seal(snapshot())["saved"]
    assert "private" not in str(sealed)
    assert unseal(sealed) == snapshot()["saved"]


def test_the_same_secrets_are_stored_as_the_same_text():
    assert seal(snapshot()) == seal(snapshot())


def test_a_state_without_secrets_or_from_this_worker_stays_as_it_is():
    assert seal({"saved": {}}) == {"saved": {}}
    assert unseal(snapshot()["saved"]) == snapshot()["saved"]


def test_another_secret_key_costs_the_credentials_and_nothing_else(settings):
    sealed = seal(snapshot())["saved"]
    settings.SECRET_KEY = "another key than the one of the tests"
    assert unseal(sealed) == {"booted": True, "security": {"roots": {"use": ["PEM"]}}}


def test_an_operator_sees_no_secrets():
    given = snapshot()
    assert "secrets" not in shown(given)["saved"]
    assert "secrets" in given["saved"]
