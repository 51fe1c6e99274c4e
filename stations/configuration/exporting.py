"""Our own file format: stations, templates and tag groups as one JSON object."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from django.utils import timezone

from stations.configuration import passwords
from stations.models import DESIGN_FIELDS, Make, Station, TagGroup, Template

FORMAT = "ocpp-emulator/1"
# In the order of a file that a person reads.
STATION_FIELDS = (
    "identity", "name", "enabled", *DESIGN_FIELDS, "serial", "iccid", "imsi", "username",
    "tls_client_cert_pem", "extra",
)  # fmt: skip
TEMPLATE_FIELDS = ("name", "description", *DESIGN_FIELDS)


def station_entry(station: Station, templates: dict, with_secrets: bool = False) -> dict:
    """One station of the file. Secrets only where asked for; they are then in the clear.

    templates: names by primary key.
    """
    entry = {name: getattr(station, name) for name in STATION_FIELDS}
    entry["template"] = templates.get(station.template_id)
    if with_secrets:
        password, entry["tls_client_key_pem"] = station.read_secrets()
        entry["password"] = passwords.written(password, station.password_encoding)
        entry["password_encoding"] = station.password_encoding
        entry["proxy_password"] = station.read_proxy_password()
    return entry


def entries(stations: Iterable[Station], with_secrets: bool = False) -> Iterator[dict]:
    """As station_entry, one by one."""
    names = {template.pk: template.name for template in Template.objects.all()}
    return (station_entry(station, names, with_secrets) for station in stations)


def export_parts(stations: Iterable[Station], with_secrets: bool = False) -> Iterator[bytes]:
    """Everything that `importing` reads back, as the text of a file, a station at a time."""
    head = {"format": FORMAT, "exported": timezone.now().isoformat()}
    yield _text(head).removesuffix("\n}").encode() + b',\n  "stations": ['
    used: set[str] = set()
    between = b"\n    "
    for entry in entries(stations, with_secrets):
        used.add(entry["make"])
        yield between + _text(entry).replace("\n", "\n    ").encode()
        between = b",\n    "
    yield (b"" if between[:1] == b"\n" else b"\n  ") + b"]," + _text(_beside(used))[1:].encode()


def _text(document: dict) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False)


def _beside(used: set[str]) -> dict:
    """What a file has beside its stations. used: the makes that these have."""
    templates = list(Template.objects.all())
    wanted = sorted(used.union(template.make for template in templates) - {""})
    return {
        "makes": [make.document for make in Make.objects.filter(name__in=wanted)],
        "templates": [
            {name: getattr(template, name) for name in TEMPLATE_FIELDS} for template in templates
        ],
        "tag_groups": [
            {"name": group.name, "description": group.description, "tags": group.tags}
            for group in TagGroup.objects.all()
        ],
    }
