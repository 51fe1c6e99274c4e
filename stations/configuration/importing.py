"""Reading station files, ours and the predecessor's: all is checked before any of it is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError

from accounts.known_fields import unknown_field
from runtime.parts import parts
from stations.configuration import changes, predecessor
from stations.configuration import trail as station_trail
from stations.configuration.exporting import STATION_FIELDS, TEMPLATE_FIELDS
from stations.configuration.predecessor import Converted
from stations.configuration.reading import Read
from stations.makes import documents, finding
from stations.models import STORED_FIELDS, Make, Station, TagGroup, Template
from stations.orders.switching import rows_of, swap_where

ON_EXISTING = ("fail", "skip", "update")
# of a file -> of what was read
OWN_SECRETS = {
    "password": "password", "password_encoding": "password_encoding",
    "proxy_password": "proxy_password", "tls_client_key_pem": "client_key",
}  # fmt: skip
MOST_STATIONS = 10_000


class ImportRefused(Exception):
    """`fields`: {"CP001.csms_url": sentence}. Nothing was written."""

    def __init__(self, fields: dict[str, str]) -> None:
        what = "1 field" if len(fields) == 1 else f"{len(fields)} fields"
        super().__init__(f"Nothing was imported. Correct {what} and try again.")
        self.fields = fields


@dataclass(slots=True)
class Outcome:
    """What became of one station. action: created, updated or skipped."""

    identity: str
    action: str
    kept: list[str] = field(default_factory=list)
    changed: dict[str, str] = field(default_factory=dict)
    ignored: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Plan:
    new: list[Station] = field(default_factory=list)
    updates: list[tuple[str, Converted]] = field(default_factory=list)
    makes: list[Make] = field(default_factory=list)
    templates: list[Template] = field(default_factory=list)
    tag_groups: list[TagGroup] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)
    secrets_may_move: bool = False
    read: Read = field(default_factory=lambda: Read(None))

    def beside(self) -> list[Make | Template | TagGroup]:
        """What is new beside stations."""
        return [*self.makes, *self.templates, *self.tag_groups]

    def refuse(self, number: int, where: str, name: str, sentence: str) -> None:
        """A field of a station of the file, by its number; with its line where that is known."""
        if number < len(self.read.lines):
            sentence = f"Line {self.read.lines[number]}: {sentence}"
        place = f"{where}.{name}" if name else where
        if place in self.errors:  # of another station of the same name
            place = f"stations[{number}].{name}"
        self.errors[place] = sentence


def import_document(
    document: Any, on_existing: str = "fail", dry_run: bool = False, secrets_may_move: bool = False
) -> list[Outcome]:
    """The same of a document without a text."""
    return import_read(Read(document), on_existing, dry_run, secrets_may_move)


def import_read(
    read: Read, on_existing: str = "fail", dry_run: bool = False, secrets_may_move: bool = False
) -> list[Outcome]:
    """Import a file that was read. Raises ImportRefused; then nothing was written.

    secrets_may_move: those that the file lacks stay where it leads a link elsewhere.
    """
    plan = make_plan(read, on_existing, secrets_may_move)
    if plan.errors:
        raise ImportRefused(plan.errors)
    if not dry_run:
        carry_out(plan)
    return plan.outcomes


def make_plan(read: Read, on_existing: str, secrets_may_move: bool = False) -> Plan:
    """What an import would do, nothing of it done: new rows, updates, errors {place: sentence}.

    `on_existing`: one of ON_EXISTING. Templates of the file count for its stations.
    """
    document = read.document
    plan = Plan(secrets_may_move=secrets_may_move, read=read)
    if on_existing not in ON_EXISTING:
        plan.errors["on_existing"] = f"Choose one of {', '.join(ON_EXISTING)}."
        return plan
    entries = _entries(document, plan)
    if isinstance(document, dict):
        _plan_makes(document, plan)
    with finding.remembered({make.name: documents.read(make.document) for make in plan.makes}):
        _plan_rows(document, entries, plan, on_existing)
    return plan


def _plan_rows(document: Any, entries: list, plan: Plan, on_existing: str) -> None:
    read = plan.read
    if isinstance(document, dict):
        _plan_templates(document, plan)
        _plan_tag_groups(document, plan)
    known = {template.name: template for template in Template.objects.all()}
    known |= {template.name: template for template in plan.templates}
    found = [(number, where, _read(entry, known)) for number, where, entry in entries]
    for number, _, out in found:
        out.errors |= {name: text for (n, name), text in read.errors.items() if n == number}
    identities = [out.values.get("identity") for _, _, out in found]
    present = {
        station.identity: station
        for part in parts(name for name in identities if isinstance(name, str))
        for station in Station.objects.filter(identity__in=part)
    }
    seen: set[str] = set()
    for number, where, out in found:
        _plan_station(plan, number, where, out, present, seen, on_existing)


def _entries(document: Any, plan: Plan) -> list[tuple[int, str, dict]]:
    """[(number in the file, name for error reports, station object)]."""
    rows = document
    if isinstance(document, dict):
        single = "identity" in document or "station_id" in document
        rows = [document] if single else document.get("stations")
    if not isinstance(rows, list):
        plan.errors["stations"] = "Give a list of stations, or an object with one in `stations`."
        return []
    if len(rows) > MOST_STATIONS:
        plan.errors["stations"] = f"Split the file: at most {MOST_STATIONS} stations at once."
        return []
    entries = []
    for index, row in enumerate(rows):
        if not isinstance(row, dict):
            plan.refuse(index, f"stations[{index}]", "", "Give an object.")
            continue
        name = row.get("identity") or row.get("station_id")
        entries.append((index, name if isinstance(name, str) else f"stations[{index}]", row))
    return entries


def _read(entry: dict, templates: dict[str, Template]) -> Converted:
    if predecessor.is_predecessor(entry):
        return predecessor.convert(entry)
    out = Converted()
    for name, value in entry.items():
        if name in STATION_FIELDS:
            out.values[name] = value
        elif name in OWN_SECRETS:
            if not isinstance(value, str):
                out.errors[name] = "Give a text."
            else:
                setattr(out, OWN_SECRETS[name], value)
        elif name == "template":
            _read_template(value, templates, out)
        else:
            out.errors[name] = unknown_field([*STATION_FIELDS, *OWN_SECRETS, "template"])
            continue
        out.kept.append(name)
    return out


def _read_template(name: Any, templates: dict[str, Template], out: Converted) -> None:
    if name is None:
        return
    if not isinstance(name, str) or name not in templates:
        out.errors["template"] = f"There is no template {name!r}: import or make it first."
        return
    out.values["template"] = templates[name]


def _plan_station(
    plan: Plan, number: int, where: str, out: Converted, present: dict, seen: set,
    on_existing: str,
) -> None:  # fmt: skip
    errors = dict(out.errors)
    identity = out.values.get("identity")
    known = present.get(identity) if isinstance(identity, str) else None
    if isinstance(identity, str) and identity in seen:
        errors["identity"] = "The file has this identity twice."
    elif known is not None and on_existing == "fail":
        errors["identity"] = (
            "This identity exists already: remove it, or import with on_existing skip or update."
        )
    station = known or Station()
    # What can be read of it is checked too, so that all is told at once.
    errors = _check(plan, station, out) | errors
    for name, sentence in errors.items():
        plan.refuse(number, where, name, sentence)
    if isinstance(identity, str):
        seen.add(identity)
    if errors:
        return
    if on_existing == "update":
        for name in station.parted:
            out.changed[name] = "Removed: the link leads elsewhere. Give it with the address."
    _place(plan, out, known, on_existing)


def _place(plan: Plan, out: Converted, known: Station | None, on_existing: str) -> None:
    identity = out.values["identity"]
    if known is None:
        action = "created"
        plan.new.append(apply(Station(), out))
    elif on_existing == "skip":
        action = "skipped"
    else:
        action = "updated"
        plan.updates.append((identity, out))
    plan.outcomes.append(Outcome(identity, action, out.kept, out.changed, out.ignored))


def apply(station: Station, out: Converted) -> Station:
    """Set what the file says. A secret that the file does not have stays as it is."""
    for name, value in out.values.items():
        setattr(station, name, value)
    if out.password is not None:
        station.set_password(out.password, out.password_encoding)
    if out.proxy_password is not None:
        station.set_proxy_password(out.proxy_password)
    if out.client_key is not None:
        station.set_client_key(out.client_key)
    return station


def _check(plan: Plan, station: Station, out: Converted) -> dict[str, str]:
    station.secrets_may_move = plan.secrets_may_move
    try:
        apply(station, out).full_clean(exclude=["template"], validate_unique=False)
    except ValidationError as error:
        return {name: " ".join(texts) for name, texts in error.message_dict.items()}
    except (TypeError, AttributeError) as error:
        # A value of a shape that no rule foresaw, e.g. an object where a text belongs.
        return {"station": f"A value has the wrong type: {error}"}
    return {}


def _plan_makes(document: dict, plan: Plan) -> None:
    given = document.get("makes") or []
    if not isinstance(given, list):
        plan.errors["makes"] = "Give a list of makes."
        return
    present = set(Make.objects.values_list("name", flat=True))
    for index, entry in enumerate(given):
        try:
            made = documents.read(entry)
        except documents.MakeRefused as error:
            for path, sentence in error.fields.items():
                plan.errors[f"makes[{index}].{path}"] = sentence
            continue
        if made.name not in present:  # one that exists stays as it is
            make = Make(document=entry)
            if _cleaned(plan, f"makes[{index}]", make):
                plan.makes.append(make)
                present.add(made.name)


def _plan_templates(document: dict, plan: Plan) -> None:
    present = set(Template.objects.values_list("name", flat=True))
    for index, entry in enumerate(document.get("templates") or []):
        if not isinstance(entry, dict) or set(entry) - set(TEMPLATE_FIELDS):
            plan.errors[f"templates[{index}]"] = f"Give an object of {', '.join(TEMPLATE_FIELDS)}."
        elif entry.get("name") not in present:  # one that exists stays as it is
            template = Template(**entry)
            if _cleaned(plan, f"templates[{index}]", template):
                plan.templates.append(template)


def _plan_tag_groups(document: dict, plan: Plan) -> None:
    present = set(TagGroup.objects.values_list("name", flat=True))
    for index, entry in enumerate(document.get("tag_groups") or []):
        if not isinstance(entry, dict) or set(entry) - {"name", "description", "tags"}:
            plan.errors[f"tag_groups[{index}]"] = "Give an object of name, description, tags."
        elif entry.get("name") not in present:
            group = TagGroup(**entry)
            if _cleaned(plan, f"tag_groups[{index}]", group):
                plan.tag_groups.append(group)


def _cleaned(plan: Plan, where: str, row: Make | Template | TagGroup) -> bool:
    try:
        row.full_clean(validate_unique=False)
    except ValidationError as error:
        for name, texts in error.message_dict.items():
            plan.errors[f"{where}.{name}"] = " ".join(texts)
        return False
    except (TypeError, AttributeError) as error:
        plan.errors[where] = f"A value has the wrong type: {error}"
        return False
    return True


def carry_out(plan: Plan) -> None:
    """New stations go in together or not at all; every update is checked already.

    Raises ImportRefused where an identity was taken meanwhile; then nothing was stored.
    """
    for row in plan.beside():
        row.save(force_insert=True)
    try:
        if plan.new:
            changes.refuse_taken([station.identity for station in plan.new])
            changes.insert_all(plan.new)
    except changes.IdentityTaken as error:
        for row in plan.beside():
            row.delete()
        raise ImportRefused(
            {f"{name}.identity": "This identity exists already." for name in error.identities}
        ) from error
    try:
        _update(plan)
    except Exception:
        _take_back(plan)
        raise
    changes.notify_changed_sync([station.identity for station in plan.new])


def _update(plan: Plan) -> None:
    """All that were there, or none: what is written of a failed one is put back as it was."""
    before = {row["identity"]: row for row in rows_of([identity for identity, _ in plan.updates])}
    done: list[Station] = []
    try:
        for identity, out in plan.updates:
            apply_to = partial(_applied, out)
            done.append(changes.change(identity, apply_to, None, plan.secrets_may_move))
    except Exception:
        for station in done:
            _put_back(before[station.identity], station)
        raise


def _applied(out: Converted, station: Station) -> None:
    apply(station, out)


def _put_back(row: dict, station: Station) -> None:
    """Where nobody else has changed it since."""
    columns = [Station._meta.get_field(name).column for name in STORED_FIELDS]
    match = {"_id": station.pk, "revision": station.revision}
    values = {column: row.get(column) for column in columns}
    after = swap_where(match, values | {"revision": station.revision + 1})
    if after is not None:
        station_trail.changed(station.identity, after, values)
        changes.notify_changed_sync([station.identity])


def _take_back(plan: Plan) -> None:
    """What was made new for an import that failed after it."""
    changes.delete([station.identity for station in plan.new])
    for row in plan.beside():
        row.delete()
