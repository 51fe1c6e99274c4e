"""What a typed line means."""

import pytest

from terminal.words import Ask, Order, Unclear, commands_of, explain, read

LINES = {
    "plug": Order("plug", {}),
    "plug 2": Order("plug", {"connector": 2}),
    "plug 2 soc=20 max_power_kw=7.4": Order(
        "plug", {"connector": 2, "ev": {"soc": 20, "max_power_kw": 7.4}}
    ),
    "plug 1 profile=van soc=20": Order(
        "plug", {"connector": 1, "ev": {"profile": "van", "soc": 20}}
    ),
    "plug soc=20 connector=2": Order("plug", {"connector": 2, "ev": {"soc": 20}}),
    "start 1 0815": Order("start-transaction", {"connector": 1, "id_tag": "0815"}),
    "start connector=2 TAG": Order("start-transaction", {"connector": 2, "id_tag": "TAG"}),
    "stop 1 EVDisconnected": Order(
        "stop-transaction", {"connector": 1, "reason": "EVDisconnected"}
    ),
    "fault 1 GroundFailure 'wet feet'": Order(
        "fault", {"connector": 1, "error_code": "GroundFailure", "info": "wet feet"}
    ),
    "fault 1 OtherError vendor_error_code=0042 vendor_id=7": Order("fault", {
        "connector": 1, "error_code": "OtherError", "vendor_error_code": "0042", "vendor_id": "7",
    }),
    "clear 1": Order("fault", {"connector": 1, "error_code": "NoError"}),
    "clear 1 error_code=GroundFailure": Order("fault", {"connector": 1, "error_code": "NoError"}),
    'raw  [2,"1","Heartbeat",{}] ': Order("message", {"text": '[2,"1","Heartbeat",{}]'}),
    "raw {not json 'at all": Order("message", {"text": "{not json 'at all"}),
    'call DataTransfer {"vendorId": "a b"}': Order(
        "message", {"action": "DataTransfer", "payload": {"vendorId": "a b"}}
    ),
    "call Heartbeat": Order("message", {"action": "Heartbeat", "payload": {}}),
    "charging-limit limit=7000 unit=W critical=true": Order(
        "charging-limit", {"limit": 7000, "unit": "W", "critical": True}
    ),
    "wait status Charging 1 20": Ask("wait", ["status", "Charging", "1", "20"]),
    "  # a remark": None,
    "": None,
}


@pytest.mark.parametrize("line", LINES)
def test_a_line_means(line):
    assert read(line) == LINES[line]


@pytest.mark.parametrize(
    "line",
    ["plug 1 2", "start 1 TAG more", "call", "call Heartbeat {", "plug 'open", "x" * (1 << 21)],
)
def test_what_is_unclear_is_said(line):
    with pytest.raises(Unclear) as unclear:
        read(line)
    assert len(str(unclear.value)) > 10


@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
def test_everything_that_may_be_typed_is_explained(version):
    names = commands_of(version)
    assert {"plug", "start", "raw", "call", "wait", "show", "quit", "connect"} <= set(names)
    whole = explain(version)
    for name in names:
        assert name in whole
        assert not explain(version, name).startswith("There is no")
    assert explain(version, "nonsense").startswith("There is no")


def test_a_version_has_its_own_commands():
    assert "data-transfer" in commands_of("1.6")
    assert "data-transfer" not in commands_of("2.0.1")
    assert "der-alarm" in commands_of("2.1")


def test_a_car_of_a_file(tmp_path):
    file = tmp_path / "my-car.json"
    file.write_text('{"name": "my-car"}')
    order = read(f"plug 1 profile={file} soc=20")
    assert order.arguments["ev"] == {"profile": {"name": "my-car"}, "soc": 20}
    file.write_text("{")
    for wrong in (file, tmp_path / "none.json"):
        with pytest.raises(Unclear, match="json (is no JSON|cannot be read)"):
            read(f"plug 1 profile={wrong}")
