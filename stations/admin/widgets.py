"""Form fields for what a row holds as lists: connectors, configuration overrides, tags."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from unfold.widgets import (
    BASE_CLASSES,
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from stations.cars.garage import every, in_words
from stations.configuration.connector_rules import KINDS
from stations.configuration.validation import MEASURANDS
from stations.makes.documents import LONGEST_NAME
from stations.makes.tables import Make

CELL = " ".join([*BASE_CLASSES, "px-3", "py-2"])
MOST_ROWS = 200


class RowsWidget(forms.Widget):
    """A table of inputs named <field>-<row>-<column>; rows are added and removed by rows.js.

    A row with nothing in its `needed` column counts as removed, so the page works without scripts.
    """

    columns: tuple[str, ...] = ()
    needed = ""

    class Media:
        css = {"all": ["stations/stations.css"]}
        js = ["stations/rows.js"]

    def rows(self, value: Any) -> list[dict]:
        raise NotImplementedError

    def get_context(self, name: str, value: Any, attrs: dict | None) -> dict:
        """As Django has it, with rows and columns of the table."""
        context = super().get_context(name, value, attrs)
        context["widget"] |= {
            "rows": self.rows(value),
            "columns": self.columns,
            "cell": CELL,
            "kinds": list(KINDS),
        }
        return context

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[dict] | None:
        """Rows as texts by column, in the order of their numbers; None if the form has no rows."""
        if f"{name}-present" not in data:
            return None
        numbers = {
            int(part[1])
            for key in data
            if key.startswith(f"{name}-")
            and len(part := key.rsplit("-", 2)) == 3
            and part[0] == name
            and part[1].isdecimal()
        }
        found = []
        for number in sorted(numbers)[:MOST_ROWS]:
            row = {c: str(data.get(f"{name}-{number}-{c}", "")).strip() for c in self.columns}
            if row[self.needed]:
                found.append(row)
        return found

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return f"{name}-present" not in data

    def id_for_label(self, id_: str) -> str:
        return ""


class ConnectorsWidget(RowsWidget):
    template_name = "stations/connectors_widget.html"
    columns = ("evse", "kind", "phases", "max_power_w")
    needed = "kind"

    def rows(self, value: Any) -> list[dict]:
        """Numbers as numbers: a form that is shown again has them as texts."""
        return [
            {c: text if c == "kind" else _number(text, None) for c, text in row.items()}
            for row in value or []
            if isinstance(row, dict)
        ]


class ConnectorsField(forms.Field):
    """[{id, evse, kind, phases, max_power_w}]: the ids are the numbers of the rows."""

    widget = ConnectorsWidget

    def to_python(self, value: list[dict] | None) -> list[dict]:
        """Connectors numbered from 1, each its own EVSE unless given; powers in W."""
        rows = []
        for number, row in enumerate(value or [], start=1):
            rows.append(
                {
                    "id": number,
                    "evse": _number(row.get("evse"), number),
                    "kind": row.get("kind", ""),
                    "phases": _number(row.get("phases"), None),
                    "max_power_w": _number(row.get("max_power_w"), None),
                }
            )
        return rows

    def has_changed(self, initial: Any, data: Any) -> bool:
        return (initial or []) != self.to_python(data)


class SettingsWidget(RowsWidget):
    template_name = "stations/settings_widget.html"
    columns = ("key", "value")
    needed = "key"

    def rows(self, value: Any) -> list[dict]:
        """The rows of the table: {key, value} of an object, or the list's own."""
        if isinstance(value, dict):
            return [{"key": key, "value": text} for key, text in value.items()]
        return [dict(row) for row in value or []]


class SettingsField(forms.Field):
    """{key: text}."""

    widget = SettingsWidget

    def to_python(self, value: list[dict] | None) -> dict[str, str]:
        """{key: value} of the rows. Raises ValidationError where a key stands twice."""
        rows = value or []
        keys = [row["key"] for row in rows]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise forms.ValidationError(f"Name each key once: {', '.join(twice)}.")
        return {row["key"]: row["value"] for row in rows}

    def has_changed(self, initial: Any, data: Any) -> bool:
        return (initial or {}) != {row["key"]: row["value"] for row in data or []}


class CarsWidget(RowsWidget):
    """Rows to choose an EV profile in, with its numbers; profiles written as JSON stay as texts."""

    template_name = "stations/cars_widget.html"
    columns = ("profile", "weight")
    needed = "profile"

    def rows(self, value: Any) -> list[dict]:
        """The rows of the table: a profile written as JSON is one of the choices of its row."""
        found = []
        for row in value or []:
            named = row.get("profile", "")
            text = json.dumps(named) if isinstance(named, dict) else named
            label = f"{named.get('name')} (as JSON)" if isinstance(named, dict) else named
            weight = row.get("weight")
            found.append({
                "profile": text, "label": label, "weight": "" if weight is None else weight,
            })  # fmt: skip
        return found

    def get_context(self, name: str, value: Any, attrs: dict | None) -> dict:
        """As above, with the profiles to choose from: [(name, label)]."""
        context = super().get_context(name, value, attrs)
        profiles = [(name, f"{name}: {in_words(profile)}") for name, profile in every().items()]
        context["widget"]["profiles"] = profiles
        known = {name for name, _ in profiles}
        for row in context["widget"]["rows"]:
            row["known"] = row["profile"] in known
        return context


class CarsField(forms.Field):
    """[{profile, weight}]."""

    widget = CarsWidget

    def to_python(self, value: list[dict] | None) -> list[dict]:
        """The rows. Raises ValidationError for a weight that is no number."""
        found = []
        for row in value or []:
            named: Any = row["profile"]
            if isinstance(named, str) and named.startswith("{"):
                try:
                    named = json.loads(named)
                except ValueError:
                    raise forms.ValidationError("Choose a profile.") from None
            entry = {"profile": named}
            if row.get("weight") not in (None, ""):
                entry["weight"] = _weight(row["weight"])
            found.append(entry)
        return found

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return (initial or []) != self.to_python(data)
        except forms.ValidationError:
            return True


def _weight(text: Any) -> float | int:
    try:
        weight = float(text)
    except ValueError:
        raise forms.ValidationError(f"Give the weight as a number: {text}") from None
    return int(weight) if weight.is_integer() else weight


class MakeWidget(UnfoldAdminSelectWidget):
    """The makes that there are; a name that is none of them stays, for the row to refuse."""

    def optgroups(self, name: str, value: list[str], attrs: dict | None = None) -> list:
        """As Django has it, of the makes as they are now."""
        makes = Make.objects.only("name", "document")
        known = {make.name: _make_in_words(make) for make in makes}
        others = {each: each for each in value if each and each not in known}
        self.choices = [("", "---------"), *known.items(), *others.items()]
        return super().optgroups(name, value, attrs)


def _make_in_words(make: Make) -> str:
    return f"{make.name}: {make.vendor} {make.model}, OCPP {', '.join(make.versions)}"


class MakeField(forms.CharField):
    """The name of a make, or "" for none."""

    widget = MakeWidget

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, max_length=LONGEST_NAME, **kwargs)


class WordsField(forms.CharField):
    """["a", "b"] written as "a, b"."""

    widget = UnfoldAdminTextInputWidget

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:
        """Words between commas, each once."""
        words = value if isinstance(value, list) else (value or "").split(",")
        return list(dict.fromkeys(word.strip() for word in words if word.strip()))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return (initial or []) != self.to_python(data)


class MeasurandsField(forms.MultipleChoiceField):
    widget = UnfoldAdminCheckboxSelectMultipleWidget

    def __init__(self, **kwargs: Any) -> None:
        names = dict.fromkeys([*MEASURANDS["1.6"], *MEASURANDS["2"]])
        super().__init__(choices=[(name, name) for name in names], **kwargs)


def _number(text: Any, default: int | None) -> int | str | None:
    """A whole number, or the text as it is, for the rules to refuse by name."""
    if text in (None, ""):
        return default
    try:
        return int(str(text))
    except ValueError:
        return text
