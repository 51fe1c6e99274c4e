"""Options and files become a station by the admin's own rules, or it is said what is wrong."""

import argparse
import json

import pytest

from terminal import rows

FILES = {"junk.pem": "no certificate", "text.json": "no json", "list.json": "[]",
         "strange.json": '{"colour": "blue"}', "bad.json": '{"call_timeout": -1}'}  # fmt: skip
WRONG = {
    "--user": ["--user", "a:b"],
    "--password": ["--password", "x" * 500],
    "--set takes KEY=VALUE": ["--set", "nothing"],
    "--set:": ["--set", f"{'K' * 51}=1"],
    "--connectors": ["--connectors", "0"],
    "--ca:": ["--ca", "junk.pem"],
    "/nowhere.json cannot be read": ["--make", "/nowhere.json"],
    "text.json is no JSON": ["--make", "text.json"],
    "list.json must hold": ["--make", "list.json"],
    "strange.json has colour": ["--make", "strange.json"],
    "call_timeout:": ["--make", "bad.json"],
}


def row_of(*options, identity="A", versions=()):
    parser = argparse.ArgumentParser()
    rows.add_options(parser)
    chosen = parser.parse_args(["--csms", "wss://csms.example", *options])
    return rows.row_of(chosen, identity, versions)


@pytest.mark.parametrize("words", WRONG)
def test_what_cannot_be_used_is_said_by_its_option(words, tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    options = [str(tmp_path / each) if each in FILES else each for each in WRONG[words]]
    with pytest.raises(rows.Unusable) as unusable:
        row_of(*options)
    assert words in str(unusable.value)


def test_options_come_before_the_file(tmp_path):
    make = tmp_path / "make.json"
    make.write_text(json.dumps({
        "vendor": "Volt", "ocpp_version": "1.6", "default_id_tag": "FILE",
        "configuration": {"OCPPCommCtrlr.HeartbeatInterval": "7"},
    }))  # fmt: skip
    row = row_of(
        "--make", str(make), "--id-tag", "OPTION",
        "--set", "HeartbeatInterval=9", "--connectors", "3", "--password", "p" * 20, "--insecure",
        "--strict-reading", versions=("2.1", "1.6"),
    )  # fmt: skip
    config, target = row.to_core_config(), row.dial_target()
    assert (config.vendor, config.version, config.default_id_tag) == ("Volt", "2.1", "OPTION")
    assert config.configuration["OCPPCommCtrlr.HeartbeatInterval"] == "7"
    assert row.to_core_config("1.6").configuration["HeartbeatInterval"] == "9"
    assert len(config.connectors) == 3 and not config.lenient
    assert target.subprotocol == "ocpp2.1, ocpp1.6"
    assert (target.url, target.username) == ("wss://csms.example/A", "A")
    assert target.tls.verify is False
