"""Writes docs/reference/ocpp-1.6.md: the actions and keys of OCPP 1.6, and their proofs.

`python -m tests.chargepoint.v16.coverage_page > docs/reference/ocpp-1.6.md`; a test holds the two
in step.
"""

from __future__ import annotations

from chargepoint.v16.keys import KEYS
from tests.chargepoint.coverage import ROOT, action_table, acts, proof, row, shown, table
from tests.chargepoint.readings import readings

VERSION = "1.6"
READINGS = readings(ROOT / "tests/chargepoint/v16/readings.txt")
_HEAD = """\
# OCPP 1.6J: what is emulated

Made from the code's own tables and the tests' `proves` marks by
`python -m tests.chargepoint.v16.coverage_page > docs/reference/ocpp-1.6.md`. Do not edit by hand.
A Call of the CSMS that is not here as *served* is answered with NotSupported.

## Actions
"""

# messageId of "Using ISO 15118 Plug & Charge with OCPP 1.6", 2.2 -> what a station does with it;
# a test's mark names it "PnC Authorize".
TRANSFERRED = {
    "Authorize": "sent", "CertificateSigned": "served", "DeleteCertificate": "served",
    "Get15118EVCertificate": "sent", "GetCertificateStatus": "sent",
    "GetInstalledCertificateIds": "served", "InstallCertificate": "served",
    "SignCertificate": "sent", "TriggerMessage": "served",
}  # fmt: skip
_TRANSFERS = """
## Messages in DataTransfer

Of OCA's application note "Using ISO 15118 Plug & Charge with OCPP 1.6" (1.0), `vendorId`
`org.openchargealliance.iso15118pnc`, on a station with `ISO15118PnCEnabled`: see
[Plug & Charge](../how-to/plug-and-charge.md).
"""
_KEYS = """
## Configuration keys

What a key means was read in the source beside its test: a section of OCPP 1.6 edition 2, the
whitepaper "Improved security for OCPP 1.6-J", or an application note of OCA. The words are ours
(`tests/chargepoint/v16/readings.txt`).
"""


def _key_row(name: str) -> str:
    key, (source, says) = KEYS[name], READINGS[name]
    default = key.default or ("by the configuration" if key.computed else "")
    idle = "told" if key.readonly else "kept and told"
    return row(
        name, default.replace(",", ", "), "yes" if key.readonly else "",
        "acts" if acts(VERSION, name) else idle, says, source, shown(proof(VERSION, name)),
    )  # fmt: skip


def _transfer_row(name: str) -> str:
    return row(name, TRANSFERRED[name], shown(proof(VERSION, f"PnC {name}")))


def page() -> str:
    """The whole of docs/reference/ocpp-1.6.md."""
    return "\n".join([
        _HEAD,
        *action_table(VERSION),
        _TRANSFERS,
        *table("messageId", "", "proof"),
        *map(_transfer_row, TRANSFERRED),
        _KEYS,
        *table(
            "key", "default", "read-only", "effect", "what it says", "source",
            "proof",
        ),
        *map(_key_row, KEYS),
        "",
    ])  # fmt: skip


if __name__ == "__main__":
    print(page(), end="")
