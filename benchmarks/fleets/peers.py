"""Other simulators as fleets. Their folders are outside of this repository and are not written to.

Solidstudio's virtual charge point (its `package.json` installed): one Node process with a VCP
object a station, made by the script below through the same classes as its own stress script,
which waits 100 ms between two stations and starts their transactions itself. Its interval of meter
values is a constant of 15 s; the script gives such timers 5 s.

SAP's e-mobility charging stations simulator (installed and built: `dist/`): run as `dist/start.js`
on a copy of `dist`, with a template of one connector and one worker thread for all stations, the
leanest of its settings. It starts its stations with itself: the order is the start of the process.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from benchmarks.fleets.trial import EVERY
from benchmarks.processes import _die_with_parent, wait_until
from benchmarks.trees import Cost, cost_of

SOLIDSTUDIO = """
import { createRequire } from "node:module";
const require = createRequire(process.argv[2] + "/");
const METERS = 15_000;
const timer = globalThis.setInterval;
globalThis.setInterval = (work, ms, ...more) =>
  timer(work, ms === METERS ? Number(process.argv[5]) * 1000 : ms, ...more);
const { VCP } = require("./src/vcp");
const { OcppVersion } = require("./src/ocppVersion");
const { bootNotificationOcppMessage } = require("./src/v16/messages/bootNotification");
const [endpoint, count] = [process.argv[3], Number(process.argv[4])];
const boot = () => bootNotificationOcppMessage.request({
  chargePointVendor: "Solidstudio", chargePointModel: "VirtualChargePoint",
});
process.stdin.once("data", () => {
  for (let number = 0; number < count; number++) {
    const vcp = new VCP({
      endpoint, chargePointId: `PEER-${number}`, ocppVersion: OcppVersion.OCPP_1_6,
    });
    vcp.connect().then(() => vcp.send(boot()));
  }
});
console.log("ready");
"""

SAP_TEMPLATE = {
    "$schemaVersion": 1,
    "idTagsFile": "idtags.json",
    "baseName": "PEER",
    "chargePointModel": "Simulator simple",
    "chargePointVendor": "SAP",
    "power": 22000,
    "powerUnit": "W",
    "currentOutType": "AC",
    "numberOfPhases": 3,
    "numberOfConnectors": 1,
    "randomConnectors": False,
    "Configuration": {
        "configurationKey": [
            {
                "key": "MeterValuesSampledData", "readonly": False,
                "value": "Energy.Active.Import.Register",
            },
            {"key": "MeterValueSampleInterval", "readonly": False, "value": str(EVERY)},
            {
                "key": "SupportedFeatureProfiles", "readonly": True,
                "value": "Core,LocalAuthListManagement,SmartCharging,RemoteTrigger,Reservation",
            },
            {"key": "LocalAuthListEnabled", "readonly": False, "value": "false"},
            {"key": "AuthorizeRemoteTxRequests", "readonly": False, "value": "false"},
            {"key": "WebSocketPingInterval", "readonly": False, "value": "0"},
        ]
    },
    "Connectors": {
        "0": {},
        "1": {"bootStatus": "Available", "MeterValues": [{"unit": "Wh"}]},
    },
}  # fmt: skip


def sap_configuration(url: str, stations: int) -> dict:
    """No log, no statistics, no interface, nothing kept; all stations in one worker thread."""
    return {
        "$schemaVersion": 1,
        "supervisionUrls": [url],
        "supervisionUrlDistribution": "round-robin",
        "log": {"enabled": False, "statisticsInterval": 0},
        "worker": {
            "processType": "workerSet", "elementsPerWorker": "all", "startDelay": 0,
            "elementAddDelay": 0,
        },
        "performanceStorage": {"enabled": False, "type": "none"},
        "uiServer": {"enabled": False},
        "persistState": False,
        "stationTemplateUrls": [
            {"file": "peer.station-template.json", "numberOfStations": stations}
        ],
    }  # fmt: skip


class _Node:
    """One Node process and its folder of scratch files."""

    def __init__(self, folder: Path, node: str) -> None:
        self.folder, self.node = folder.resolve(), node
        self._scratch = tempfile.TemporaryDirectory(prefix="ocpp-peer-")
        self.scratch = Path(self._scratch.name)
        self.popen: subprocess.Popen | None = None

    def run(self, *arguments: str, cwd: Path, **env: str) -> None:
        with (self.scratch / "out.log").open("ab") as log:
            self.popen = subprocess.Popen(
                [self.node, *arguments], cwd=cwd, stdin=subprocess.PIPE, stdout=log,
                stderr=log, env={**os.environ, "NODE_ENV": "production", **env},
                start_new_session=True, preexec_fn=_die_with_parent,
            )  # fmt: skip

    def said(self) -> str:
        """What it has printed; raises where it has ended."""
        said = (self.scratch / "out.log").read_text(errors="replace")
        if self.popen.poll() is not None:
            raise AssertionError(f"the peer ended ({self.popen.returncode}):\n{said[-2000:]}")
        return said

    def costs(self, memory: bool = False) -> dict[str, Cost]:
        if self.popen is None:
            return {}
        self.said()
        return {"node": cost_of(self.popen.pid, memory)}

    def end(self) -> None:
        if self.popen is not None:
            if self.popen.poll() is None:
                os.killpg(self.popen.pid, signal.SIGKILL)
            self.popen.communicate()

    def close(self) -> None:
        self.end()
        self._scratch.cleanup()


class Solidstudio(_Node):
    name = "Solidstudio virtual charge point"

    def launch(self, url: str, stations: int) -> None:
        script = self.scratch / "fleet.mjs"
        script.write_text(SOLIDSTUDIO)
        loader = (self.folder / "node_modules/tsx/dist/loader.mjs").as_uri()
        self.run(
            "--import", loader, str(script), str(self.folder), url, str(stations), str(EVERY),
            cwd=self.folder, LOG_LEVEL="error",
        )  # fmt: skip
        wait_until(lambda: "ready" in self.said(), 30, "the peer is ready")

    def order(self) -> None:
        self.popen.stdin.write(b"go\n")
        self.popen.stdin.flush()


class Sap(_Node):
    name = "SAP simulator"

    def launch(self, url: str, stations: int) -> None:
        shutil.copytree(self.folder / "dist", self.scratch / "dist")
        shutil.copy(self.folder / "package.json", self.scratch)
        (self.scratch / "node_modules").symlink_to(self.folder / "node_modules")
        # What it takes with one station is what it takes before the order.
        self.url, self.stations = url, stations
        self._run(1)

    def order(self) -> None:
        self.end()
        self._run(self.stations)

    def _run(self, stations: int) -> None:
        assets = self.scratch / "dist/assets"
        write = {
            assets / "config.json": sap_configuration(self.url, stations),
            assets / "station-templates/peer.station-template.json": SAP_TEMPLATE,
        }
        for path, content in write.items():
            path.write_text(json.dumps(content))
        self.run("dist/start.js", cwd=self.scratch)
