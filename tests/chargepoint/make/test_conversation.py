"""Every request, legal and not, asked of stations whose make has many quirks: what they say is
valid, and each Call has its one answer. The quirks here are those that no rule forbids."""

import pytest

from chargepoint.make.reading import read_make
from tests.chargepoint.bounds.stations import sends
from tests.chargepoint.conversation.play import VERSIONS, conversations, fault_of, report
from tests.chargepoint.make.documents import document

SEED = 61
METER = {
    "energy_unit": "kWh", "power_unit": "kW", "voltage_phases": "L1-L2", "line_phases": "L1-N",
    "decimals": 2, "noise_pct": 2, "register_per_session": True, "roll_over_wh": 1_000_000,
    "start_wh": 5_000, "dc_efficiency": 0.92, "values": {"Voltage": {"fixed": 230}},
}  # fmt: skip
QUIRKS = {
    "meter": METER, "time": {"zone": "+02:00", "fractions": 0}, "power": {"shared_w": 40_000},
    "delays": {"restart": [1, 5]},
}  # fmt: skip
OF_16 = {
    "keys": {
        "AcmeInterval": {"effect": "MeterValueSampleInterval"},
        "AcmeAmps": {"type": "integer", "value": "16", "effect": "max_current"},
        "AcmeFree": {"type": "boolean", "value": "true", "effect": "free_charging"},
        "AcmeTag": {"type": "text", "value": "FREE", "effect": "free_charging_tag"},
        "AcmePin": {"type": "text", "hidden": True},
        "HeartbeatInterval": {"reboot": True},
        "LightIntensity": {"absent": True},
    },
    "faults": {"warnings": ["HighTemperature"]},
}
OF_2 = {
    "variables": {
        "AcmeCtrlr.Every": {"effect": "SampledDataCtrlr.TxUpdatedInterval"},
        "AcmeCtrlr.Amps": {"type": "integer", "value": "16", "effect": "max_current"},
        "AcmeCtrlr.Pin": {"type": "string", "hidden": True},
        "TxCtrlr.EVConnectionTimeOut": {"reboot": True},
        "AuthCacheCtrlr.LifeTime": {"absent": True},
    },
}
ACTIONS = [(version, action) for version in VERSIONS for action in sorted(sends(version))]


def make_of(version):
    return read_make(document([version], **QUIRKS, **(OF_16 if version == "1.6" else OF_2)))


@pytest.mark.parametrize(("version", "action"), ACTIONS)
def test_every_request_is_answered_as_the_rules_have_it(version, action):
    make = make_of(version)
    for steps in conversations(version, action, 10, SEED):
        found = fault_of(version, steps, make=make)
        if found is not None:
            pytest.fail(report(version, steps, found, SEED, make=make), pytrace=False)
