"""docs/reference/makes/: a page for each make that ships, from its document, with a curve."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from chargepoint.config import StationConfig
from chargepoint.make.configured import with_make
from chargepoint.make.fields import FIELDS
from chargepoint.make.kinds import Named, Parts
from chargepoint.make.make import Make
from documentation import sessions
from documentation.curves import Axis, Line, chart
from stations.makes import documents
from stations.makes.breaches import breaches

# Cars of the pictures: as they come to such an outlet.
AC_CAR = {"battery_kwh": 60, "soc": 70, "max_power_kw": 22}
DC_CAR = {"battery_kwh": 77, "soc": 12, "max_power_kw": 240}
LATER = 600.0  # seconds between two cars
MINUTES = {"ac": 90, "dc": 60}
# Of the document, what the head of a page tells.
TOLD = ("name", "description", "vendor", "model", "firmware", "versions", "outlets")
INDEX = """# Makes that ship

A make says what the stations of one model do of their own: their outlets, keys, meter, clock and
habits. These are invented; what they do is what chargers of their class do in the field. Choose one
by its name as the `make` of a station or a template, or as `--make` of a command.
`manage.py make show NAME` writes one as a file, to make
[your own](../../how-to/describe-your-charger.md) of it; [the fields](../makes.md).

Made from the files by `python -m documentation write`.

| | current | OCPP | outlets | |
| --- | --- | --- | --- | --- |
"""


def pages() -> dict[str, str]:
    """{file below docs/reference/makes: its text}, pages and pictures."""
    made: dict[str, str] = {}
    rows, names = [], []
    for name, document in documents.shipped().items():
        make = documents.read(document)
        made[f"{name}.md"] = _page(make, document)
        made[f"{name}.svg"] = picture(make)
        rows.append(_row(make))
        names.append(name)
    listed = "\n".join(names)
    toc = f"\n```{{toctree}}\n:hidden:\n\n{listed}\n```\n"
    return {"index.md": INDEX + "".join(rows) + toc, **made}


def _row(make: Make) -> str:
    current = "DC" if _is_dc(make) else "AC"
    versions = ", ".join(make.versions)
    first = make.description.split(". ")[0].rstrip(".")
    return (
        f"| [{make.name}]({make.name}.md) | {current} | {versions} | {_outlets(make)} | "
        f"{first} |\n"
    )


def _is_dc(make: Make) -> bool:
    return any(outlet.phases == 0 for outlet in make.outlets)


def _outlets(make: Make) -> str:
    kinds: dict[tuple[str, int], int] = {}
    for outlet in make.outlets:
        kind = (outlet.kind, outlet.max_power_w)
        kinds[kind] = kinds.get(kind, 0) + 1
    return ", ".join(
        f"{count} × {kind} {power / 1000:g} kW" for (kind, power), count in kinds.items()
    )


def _page(make: Make, document: Mapping[str, Any]) -> str:
    lines = [
        f"# {make.name}", "", make.description, "",
        f"{make.vendor} {make.model}, firmware {make.firmware}. {documents.speaks(make)}. "
        f"Outlets: {_outlets(make)}.", "",
        f"![Power of a session at {make.name}]({make.name}.svg)", "",
        _under_the_picture(make), "",
        "## What it does of its own", "",
        "| | | |", "| --- | --- | --- |",
        *(f"| `{path}` | {value} | {said} |" for path, value, said in _quirks(document)),
    ]  # fmt: skip
    if broken := breaches(make):
        lines += ["", "It breaks the specification on purpose: " + " ".join(
            f"`{path}`: {sentence}" for path, sentence in broken.items())]  # fmt: skip
    return "\n".join([*lines, ""])


def _under_the_picture(make: Make) -> str:
    if len(make.outlets) == 1:
        return "Power of a session, from the emulator itself."
    return f"Power of {len(make.outlets)} cars that come ten minutes after one another."


def _quirks(document: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(path, value, what the field means) of all that the document says of its own."""
    for name, value in document.items():
        if name in TOLD:
            continue
        field = FIELDS[name]
        if isinstance(field, Parts):
            for inner, given in value.items():
                said = field.fields[inner].said
                yield f"{name}.{inner}", _code(given), _cell(said)
        elif isinstance(field, Named) and name in ("keys", "variables"):
            for key, given in value.items():
                yield f"{name}.{key}", _code(given), _key_said(given)
        else:
            yield name, _code(value), _cell(field.said)


def _key_said(key: Mapping[str, Any]) -> str:
    if key.get("absent"):
        return "It does not have it."
    words = [
        word for name, word in (
            ("effect", f"It is {key.get('effect')}."), ("read_only", "It cannot be set."),
            ("hidden", "It can be set and not read."),
            ("reboot", "It counts from the next boot on."),
        ) if key.get(name)
    ]  # fmt: skip
    return " ".join(words) or ("One of its own." if "type" in key else "Another value.")


def _code(value: Any) -> str:
    return "`" + json.dumps(value, ensure_ascii=False).replace("|", "\\|") + "`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def picture(make: Make) -> str:
    """The SVG of power over time of a session at each outlet."""
    is_dc = _is_dc(make)
    plain = StationConfig("PAGE-1", make.versions[-1], default_id_tag="TAG-1")
    config = with_make(plain, make)
    cars = {
        outlet.id: (LATER * place, DC_CAR if outlet.phases == 0 else AC_CAR)
        for place, outlet in enumerate(make.outlets)
    }
    minutes = MINUTES["dc" if is_dc else "ac"]
    drawn = sessions.curves(config, cars, 60.0 * minutes)
    several = len(make.outlets) > 1
    return chart(
        f"Power of a session at {make.name}", Axis("minutes", most=minutes), Axis("power (kW)"),
        [
            Line(points, f"outlet {number}" if several else "")
            for number, points in drawn.items()
        ],
    )  # fmt: skip
