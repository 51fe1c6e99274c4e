"""What the standards say of each configuration key and variable, and where: the pages tell it
beside the test that holds the station to it.

A line is "name | source | what it says, in our words". Read in OCPP 1.6 edition 2, section 9; the
whitepaper "Improved security for OCPP 1.6-J"; OCA's application note "Signed Meter Values in OCPP"
(1.0) and its "Using ISO 15118 Plug & Charge with OCPP 1.6" (1.0); the lists of components and
variables in the appendices of 2.0.1 (v1.4) and 2.1 (edition 2) with the longer texts of part 2, 2
"Controller components", and the errata of 2.1 (2025-09).
"""

from pathlib import Path
from typing import NamedTuple

_LISTS = {
    "L": "2.0.1, 2.1", "L201": "2.0.1", "L21": "2.1", "G": "generic", "ours": "ours",
    "P": "Using ISO 15118 Plug & Charge with OCPP 1.6",
    "S": "Signed Meter Values in OCPP", "W": "security whitepaper",
}  # fmt: skip


class Reading(NamedTuple):
    source: str
    says: str


def readings(path: Path) -> dict[str, Reading]:
    """name -> Reading, from the lines of a text; "#" begins a comment."""
    found = {}
    for line in path.read_text().splitlines():
        if line and not line.startswith("#"):
            name, source, says = (part.strip() for part in line.split("|"))
            assert name not in found and says, line
            first, _, rest = source.partition(" ")
            source = _LISTS.get(first, first) + (f"; {rest}" if rest else "")
            found[name] = Reading(source, says)
    return found
