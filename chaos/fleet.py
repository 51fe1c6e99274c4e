"""The stations of a run: which there are, who begins their sessions, and how they are set up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

VERSIONS = ("1.6", "2.0.1", "2.1")
CALL_TIMEOUT = 10.0  # seconds
CAR = {"battery_kwh": 10_000, "soc": 10, "max_power_kw": 22, "phases": 3, "target_soc": 100}
# A transaction message is tried until it is taken, and a dead link is noticed soon.
_SETTINGS = {
    "1.6": {
        "TransactionMessageAttempts": "1000", "TransactionMessageRetryInterval": "0",
        "WebSocketPingInterval": "10",
    },
    "2.x": {
        "OCPPCommCtrlr.MessageAttempts[TransactionEvent]": "1000",
        "OCPPCommCtrlr.MessageAttemptInterval[TransactionEvent]": "0",
        "OCPPCommCtrlr.WebSocketPingInterval": "10",
        "OCPPCommCtrlr.RetryBackOffRepeatTimes": "3",
        "OCPPCommCtrlr.RetryBackOffRandomRange": "2",
    },
}  # fmt: skip
SCRIPTED = 3  # stations that only scenarios move, one a version


@dataclass(frozen=True)
class Fleet:
    """`local` are moved by an operator, `remote` by the CSMS, `scripted` by scenarios."""

    local: tuple[str, ...]
    remote: tuple[str, ...]
    scripted: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        return (*self.local, *self.remote, *self.scripted)


def make(number: int) -> Fleet:
    names = [f"CHAOS-{index:03d}" for index in range(number)]
    free = names[SCRIPTED:]
    # In groups of three, so that each has stations of every version.
    local = tuple(name for index, name in enumerate(free) if index // 3 % 2 == 0)
    return Fleet(local, tuple(n for n in free if n not in local), tuple(names[:SCRIPTED]))


def version_of(name: str) -> str:
    return VERSIONS[int(name.rsplit("-", 1)[1]) % len(VERSIONS)]


def fields(name: str, url: str) -> dict[str, Any]:
    """A row of stations.models.Station: two outlets of 22 kW, the meter read each 2 s."""
    version = version_of(name)
    outlet = {"kind": "Type2", "phases": 3, "max_power_w": 22_000}
    return {
        "identity": name, "csms_url": url, "ocpp_version": version, "vendor": "Proof",
        "model": "AC 22", "default_id_tag": "TAG-1", "meter_sample_interval": 2,
        "meter_variance": 0.0, "call_timeout": CALL_TIMEOUT, "tags": ["chaos"],
        "reading": "strict",
        "connectors": [{"id": n, "evse": n, **outlet} for n in (1, 2)],
        "configuration": _SETTINGS["1.6" if version == "1.6" else "2.x"],
    }  # fmt: skip
