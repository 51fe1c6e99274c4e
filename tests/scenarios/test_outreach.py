"""What runs of the platform may reach: hosts, drivers, the environment; and what is refused."""

from __future__ import annotations

import json

import pytest

from scenarios import outreach
from scenarios.drivers.document import BadDriver, read_driver
from scenarios.web import Hosts, Request, Unreached

DRIVER = {
    "driver": "Ours", "variables": {"base": "https://csms.example"},
    "headers": {"Authorization": "Bearer ${env:DRIVER_TOKEN}"},
    "actions": {"Reset": {"url": "${base}/reset"}},
}  # fmt: skip
CSMS = {"type": "csms", "params": {"call": "Reset"}}
HTTP = {"type": "http", "params": {"url": "https://csms.example/"}}


def content(*steps: dict) -> dict:
    return {"steps": list(steps), "cleanup": []}


@pytest.mark.parametrize(
    ("steps", "driver", "hosts", "words"),
    [
        ([CSMS], DRIVER, ["csms.example"], []),
        ([HTTP], {}, ["csms.example"], []),
        ([{"type": "delay", "params": {"duration": 1}}], {}, [], []),
        ([CSMS], DRIVER, [], ["HTTP_ALLOW_HOSTS"]),
        ([HTTP], {}, [], ["HTTP_ALLOW_HOSTS"]),
        ([CSMS], {}, ["csms.example"], ["no driver"]),
        ([{"type": "csms", "params": {"call": "ClearCache"}}], DRIVER, ["x"], ["ClearCache"]),
        ([{"type": "prompt", "params": {"text": "Do it."}}], {}, [], []),
        ([{"type": "repeat", "params": {"count": 2, "steps": [
            {"type": "link", "params": {}}]}}], {}, [], ["a station's link"]),
    ],
)  # fmt: skip
def test_what_cannot_be_carried_out_here_is_refused_with_the_reason(
    settings, steps, driver, hosts, words
):
    settings.HTTP_ALLOW_HOSTS = hosts
    found = list(outreach.refusals(content(*steps), driver))
    assert len(found) == len(words), found
    assert all(word in why for word, why in zip(words, found, strict=True))


def test_of_the_environment_only_what_is_meant_for_drivers_can_be_named(monkeypatch):
    monkeypatch.setenv("DRIVER_TOKEN", "s3cret")
    monkeypatch.setenv("DJANGO_SECRET_KEY", "two")
    made = read_driver(DRIVER, outreach.environment)
    assert made.entries["Reset"].headers == {"Authorization": "Bearer s3cret"}
    sly = {**DRIVER, "headers": {"X": "${env:DJANGO_SECRET_KEY}"}}
    with pytest.raises(BadDriver, match="DJANGO_SECRET_KEY"):
        read_driver(sly, outreach.environment)
    assert "s3cret" not in repr(made)


def test_whose_variables_a_run_may_replace(settings, tmp_path):
    values = {"base": "https://other.example"}
    assert outreach.driver_document(DRIVER, values)["variables"] == values
    assert outreach.driver_document("octt", values)["variables"] == values
    path = tmp_path / "driver.json"
    path.write_text(json.dumps(DRIVER))
    settings.SCENARIO_DRIVER = str(path)
    assert outreach.driver_document(None, values)["variables"] == DRIVER["variables"]
    assert outreach.driver_document("octt", values)["driver"] == "OCTT convention"
    for wrong in (str(path), "../drivers/octt", "none", [1], {"actions": {}}):
        with pytest.raises(BadDriver):
            outreach.driver_document(wrong, {})
    settings.SCENARIO_DRIVER = str(tmp_path / "none.json")
    with pytest.raises(BadDriver, match="SCENARIO_DRIVER"):
        outreach.driver_document(None, {})
    settings.SCENARIO_DRIVER = ""
    assert outreach.driver_document(None, values) == {}


@pytest.mark.parametrize(
    ("host", "port", "may"),
    [
        ("csms.example", 443, True), ("CSMS.example.", 443, True), ("a.test", 80, True),
        ("a.b.test", 80, True), ("test", 80, False), ("10.0.0.5", 8080, True),
        ("10.0.0.5", 80, False), ("127.0.0.1", 80, False), ("localhost", 80, False),
        ("notcsms.example", 443, False), ("csms.example.evil", 443, False),
    ],
)  # fmt: skip
def test_which_hosts_are_allowed(host, port, may):
    hosts = Hosts(["csms.example", ".test", "10.0.0.5:8080"], loopback=False)
    assert hosts.may(host, port) is may


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://127.0.0.1:6379/", "127.0.0.1 is not allowed"),
        ("http://user:secret@csms.example/", "credentials"),
        ("ftp://csms.example/", "none of http"),
        ("http://csms.example:99999/", "cannot be read"),
        ("http://169.254.169.254/latest", "not allowed"),
    ],
)
async def test_what_is_not_asked(settings, url, words):
    settings.HTTP_ALLOW_HOSTS = ["csms.example"]
    web = outreach.web()
    with pytest.raises(Unreached) as why:
        await web.ask(Request("GET", url))
    assert words in str(why.value) and "secret" not in str(why.value)
    await web.close()


async def test_an_allowed_name_is_judged_by_where_it_leads(settings):
    settings.HTTP_ALLOW_HOSTS = ["169.254.169.254"]
    web = outreach.web()
    with pytest.raises(Unreached, match="stations do not reach"):
        await web.ask(Request("GET", "http://169.254.169.254/latest"))
    await web.close()
