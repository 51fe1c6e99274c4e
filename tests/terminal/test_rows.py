"""Options and files become a station by the admin's own rules, or it is said what is wrong."""

import argparse
import json
from pathlib import Path

import pytest
from django.core.management import call_command

from terminal import rows
from terminal.suites.suite_files import of_suite

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


# --- makes

MAKE = {"name": "mine", "vendor": "Volt", "model": "Wall 11", "versions": ["2.0.1"],
        "outlets": [{"id": 1, "evse": 1, "phases": 1, "max_power_w": 7400}]}  # fmt: skip


def test_a_make_is_one_that_ships_or_a_file(tmp_path):
    config = row_of("--make", "hallvik-home-7").to_core_config()
    assert (config.make.name, config.vendor, config.version) == ("hallvik-home-7", "Hallvik", "1.6")
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(MAKE))
    row = row_of("--make", str(path), "--connectors", "2")
    assert (row.to_core_config().make.name, row.ocpp_version) == ("mine", "2.0.1")
    assert len(row.connectors) == 2, "an option comes before the make"
    assert row_of("--make", str(path)).connectors[0]["max_power_w"] == 7400
    with pytest.raises(rows.Unusable, match="speaks OCPP 2.0.1"):
        row_of("--make", str(path), versions=("1.6", "2.0.1"))


def test_a_file_that_is_no_make_is_told_by_its_fields(tmp_path):
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(MAKE | {"meter": {"noise_pct": 99}, "colour": "blue"}))
    with pytest.raises(rows.Unusable) as unusable:
        row_of("--make", str(path))
    assert "meter.noise_pct:" in str(unusable.value) and "colour:" in str(unusable.value)


def test_settings_of_a_template_may_name_a_make(tmp_path):
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"make": "hallvik-home-7", "meter_sample_interval": 5}))
    config = row_of("--make", str(path)).to_core_config()
    assert config.make.name == "hallvik-home-7"
    assert config.configuration["MeterValueSampleInterval"] == "5"
    path.write_text(json.dumps({"make": "nobody"}))
    with pytest.raises(rows.Unusable, match="no make 'nobody'"):
        row_of("--make", str(path))


def said_by_make(capsys, *words):
    call_command("make", *words)
    return capsys.readouterr().out


def test_the_command_lists_shows_and_checks(tmp_path, capsys):
    assert "hallvik-home-7" in said_by_make(capsys, "list")
    document = json.loads(said_by_make(capsys, "show", "hallvik-home-7"))
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(document))
    assert "OCPP 1.6" in said_by_make(capsys, "check", str(path))
    path.write_text(json.dumps({"makes": [document, MAKE]}))
    assert "mine: a make of OCPP 2.0.1" in said_by_make(capsys, "check", str(path))
    path.write_text(json.dumps(document | {"colour": "blue"}))
    with pytest.raises(SystemExit) as ended:
        call_command("make", "check", str(path))
    assert ended.value.code == 1 and "colour" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        call_command("make", "show", "nobody")


def test_a_matrix_of_a_suite_takes_makes_by_name_and_by_document():
    wait = {"type": "delay", "params": {"duration": 1}}
    mine = MAKE | {"versions": ["1.6"]}
    makes = {"home": "hallvik-home-7", "mine": mine, "plain": {"model": "X"}}
    whole = {"cases": [{"id": "A", "steps": [wait]}], "matrix": {"makes": makes}}
    suite = of_suite(Path("suite.json"), whole, ["1.6"])
    parser = argparse.ArgumentParser()
    rows.add_options(parser)
    chosen = parser.parse_args(["--csms", "ws://csms.example"])
    made = {
        case.make: rows.row_of(chosen, "A", ["1.6"], case.station).to_core_config()
        for case in suite.cases
    }
    assert made["home"].vendor == "Hallvik" and made["mine"].make.name == "mine"
    assert made["plain"].make is None and made["plain"].model == "X"
    with pytest.raises(rows.Unusable, match="no make 'nobody'"):
        of_suite(Path("suite.json"), whole | {"matrix": {"makes": {"a": "nobody"}}}, ["1.6"])
