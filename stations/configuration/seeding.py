"""Ten demo stations of different makes, and templates: made where missing, never overwritten."""

from __future__ import annotations

from dataclasses import dataclass

from stations.configuration import changes
from stations.configuration.connector_rules import usual_phases
from stations.models import Station, TagGroup, Template


@dataclass(frozen=True, slots=True)
class Product:
    """A make and model that exists, with outlets of (kind, W)."""

    vendor: str
    model: str
    firmware: str
    outlets: tuple[tuple[str, int], ...]

    def connectors(self) -> list[dict]:
        return [
            {"id": n, "evse": n, "kind": kind, "phases": usual_phases(kind, power),
             "max_power_w": power}
            for n, (kind, power) in enumerate(self.outlets, start=1)
        ]  # fmt: skip


TERRA_AC = Product("ABB", "Terra AC W22", "1.6.6", (("Type2", 22000),))
ALFEN = Product("Alfen BV", "Eve Double Pro-line", "6.4.0", (("Type2", 22000), ("Type2", 22000)))
EASEE = Product("Easee", "Charge", "329", (("Type2", 22000),))
KEBA = Product("Keba AG", "KC-P30", "1.17.2", (("Type2", 22000),))
MENNEKES = Product("MENNEKES", "AMTRON Prof+", "5.22", (("Type2", 22000), ("Type2", 22000)))
WALLBOX = Product("Wallbox", "Pulsar Plus", "5.17.70", (("Type2", 7400),))
HPC = Product("alpitronic GmbH", "HYC300", "2.3.1", (("CCS2", 300000), ("CCS2", 300000)))
KEMPOWER = Product("Kempower", "Satellite", "4.8.0", (("CCS2", 240000), ("CCS2", 240000)))
TRITIUM = Product("Tritium", "RTM75", "3.2.0", (("CCS2", 75000), ("CHAdeMO", 50000)))
TERRA_54 = Product(
    "ABB", "Terra 54", "5.2.3", (("CCS2", 50000), ("CHAdeMO", 50000), ("Type2", 43000))
)

AC_MEASURANDS = [
    "Energy.Active.Import.Register", "Power.Active.Import", "Current.Import", "Voltage",
]  # fmt: skip
DC_MEASURANDS = [*AC_MEASURANDS, "SoC"]

# identity, name, OCPP version, product, tags, (latitude, longitude): in and round Berlin
DEMO = (
    ("DEMO-ABB-01", "Main entrance", "1.6", TERRA_AC, ["ac", "building-a"], (52.4797, 13.4561)),
    ("DEMO-ALFEN-02", "Car park, row 1", "1.6", ALFEN, ["ac", "building-a"], (52.4801, 13.4573)),
    ("DEMO-EASEE-03", "Staff parking", "1.6", EASEE, ["ac", "building-b"], (52.4789, 13.458)),
    ("DEMO-WALLBOX-04", "Home charger", "1.6", WALLBOX, ["ac", "home"], (52.5419, 13.4133)),
    ("DEMO-ABB-05", "Motorway south", "1.6", TERRA_54, ["dc", "highway"], (52.2706, 13.2894)),
    ("DEMO-TRITIUM-06", "Supermarket", "1.6", TRITIUM, ["dc", "retail"], (52.4312, 13.5364)),
    ("DEMO-KEBA-07", "Visitor parking", "2.0.1", KEBA, ["ac", "building-b"], (52.4785, 13.4592)),
    ("DEMO-MENNEKES-08", "Street, side A", "2.0.1", MENNEKES, ["ac", "street"], (52.5096, 13.3262)),
    ("DEMO-HYC-09", "Motorway north", "2.0.1", HPC, ["dc", "highway"], (52.6843, 13.1852)),
    ("DEMO-KEMPOWER-10", "Bus depot", "2.0.1", KEMPOWER, ["dc", "depot"], (52.5573, 13.3465)),
)
TEMPLATES = (
    ("AC single 22 kW, OCPP 1.6", "1.6", TERRA_AC, ["ac"]),
    ("AC dual 22 kW, OCPP 2.0.1", "2.0.1", MENNEKES, ["ac"]),
    ("DC fast 300 kW, OCPP 2.0.1", "2.0.1", HPC, ["dc"]),
    ("DC fast 300 kW, OCPP 2.1", "2.1", HPC, ["dc"]),
    ("DC triple 50 kW, OCPP 1.6", "1.6", TERRA_54, ["dc"]),
)
TAG_GROUPS = (
    ("Site", ["building-a", "building-b", "home", "highway", "retail", "street", "depot"]),
    ("Current", ["ac", "dc"]),
)


def _design(version: str, product: Product, tags: list[str], csms_url: str) -> dict:
    fast = any(row["phases"] == 0 for row in product.connectors())
    return {
        "ocpp_version": version,
        "vendor": product.vendor,
        "model": product.model,
        "firmware": product.firmware,
        "connectors": product.connectors(),
        "csms_url": csms_url,
        "measurands": list(DC_MEASURANDS if fast else AC_MEASURANDS),
        "meter_sample_interval": 10 if fast else 15,
        "default_id_tag": "DEMO-TAG-1",
        "autostart": True,
        "tags": list(tags),
    }


def seed(csms_url: str, running: bool = True) -> list[Station]:
    """Make what is missing; returns the new stations. A second call changes nothing."""
    for name, version, product, tags in TEMPLATES:
        design = _design(version, product, tags, csms_url) | {"autostart": False}
        Template.objects.get_or_create(name=name, defaults=design)
    for name, tags in TAG_GROUPS:
        TagGroup.objects.get_or_create(name=name, defaults={"tags": tags})
    present = set(
        Station.objects.filter(identity__in=[row[0] for row in DEMO]).values_list(
            "identity", flat=True
        )
    )
    new = [
        Station(
            identity=identity, name=name, serial=f"SN-{identity[5:]}", running=running,
            latitude=place[0], longitude=place[1], **_design(version, product, tags, csms_url),
        )
        for identity, name, version, product, tags, place in DEMO
        if identity not in present
    ]  # fmt: skip
    return changes.create_many(new) if new else []
