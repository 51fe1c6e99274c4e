"""Makes of outlet by the names of ConnectorEnumType (2.0.1 part 2, 3.26)."""

CONNECTOR_TYPES = {
    "Type1": "sType1", "Type2": "sType2", "CCS1": "cCCS1", "CCS2": "cCCS2", "CHAdeMO": "cG105",
    "NACS": "cTesla", "GBT_AC": "Other1PhMax16A", "GBT_DC": "cGBT", "Schuko": "sCEE-7-7",
}  # fmt: skip


def fits_type(kind: str, wanted: str) -> bool:
    """Whether an outlet of `kind` is what a CSMS calls `wanted`.

    Our makes do not tell a socket (s...) from a fixed cable (c...), so either name means them.
    """
    own = CONNECTOR_TYPES.get(kind, "Unknown")
    return wanted == own or (wanted[:1] in "cs" and wanted[1:] == own[1:])
