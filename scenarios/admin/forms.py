"""Forms of scenarios and behaviours, and of running a scenario on stations."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import format_html
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from scenarios.launching import Target, Wishes, launch
from scenarios.models import Behaviour, Execution, Scenario
from scenarios.rules.validation import each_step, type_of
from stations.admin.json_field import PlainJSONField
from stations.admin.references import page
from stations.admin.widgets import WordsField
from stations.models import Template


class ScenarioForm(forms.ModelForm):
    description = forms.CharField(
        required=False, widget=UnfoldAdminTextareaWidget(attrs={"rows": 2})
    )
    tags = WordsField(required=False, help_text="Separated by commas.")
    steps = PlainJSONField(
        rows=28, help_text=format_html("A list of steps, of these {}.", page("scenarios", "types"))
    )
    cleanup = PlainJSONField(
        rows=5, required=False, help_text="Steps that run at the end, however it ended."
    )
    variables = PlainJSONField(
        rows=5, required=False, help_text='Defaults of $variables, e.g. {"energy_kwh": 20}.'
    )

    watch = PlainJSONField(
        rows=4, required=False,
        help_text='Rules of the wire watch that are not the usual ones, e.g. {"late_ms": 2000}.',
    )  # fmt: skip

    class Meta:
        model = Scenario
        fields = (
            "name", "slug", "description", "version", "tags", "steps", "cleanup", "variables",
            "watch",
        )  # fmt: skip

    def clean_cleanup(self) -> Any:
        return self.cleaned_data.get("cleanup") or []

    def clean_variables(self) -> Any:
        return self.cleaned_data.get("variables") or {}

    def clean_watch(self) -> Any:
        return self.cleaned_data.get("watch") or {}


class BehaviourForm(forms.ModelForm):
    stations = WordsField(required=False, help_text="Identities, separated by commas.")
    variables = PlainJSONField(
        rows=8, required=False, help_text="In place of the scenario's defaults."
    )

    class Meta:
        model = Behaviour
        fields = ("name", "scenario", "enabled", "stations", "tag", "variables", "stagger_ms")

    def clean_variables(self) -> Any:
        return self.cleaned_data.get("variables") or {}


class RunForm(forms.Form):
    """Which stations, and how; of any scenario where none is given."""

    scenario = forms.ModelChoiceField(
        Scenario.objects.none(), empty_label="–", widget=UnfoldAdminSelectWidget
    )
    stations = forms.CharField(
        required=False,
        help_text="Identities, separated by commas or line breaks.",
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3, "spellcheck": "false"}),
    )
    tag = forms.CharField(
        required=False, help_text="Every station with this tag.", widget=UnfoldAdminTextInputWidget
    )
    template = forms.ModelChoiceField(
        Template.objects.none(), required=False, empty_label="–",
        help_text="Every station created from this template.", widget=UnfoldAdminSelectWidget,
    )  # fmt: skip
    number = forms.IntegerField(
        label="At most", required=False, min_value=1,
        help_text="How many of these stations, in the order of their identities. Empty: all.",
        widget=UnfoldAdminIntegerFieldWidget,
    )  # fmt: skip
    stagger_ms = forms.IntegerField(
        label="Stagger (ms)", initial=0, min_value=0,
        help_text="Between the starts of two stations.", widget=UnfoldAdminIntegerFieldWidget,
    )  # fmt: skip
    start_stations = forms.BooleanField(
        label="Start stations that do not run", required=False, widget=UnfoldBooleanWidget
    )
    variables = PlainJSONField(
        rows=4, required=False, help_text="Values of variables for this run; the rest: as usual."
    )
    watch = PlainJSONField(
        rows=2, required=False,
        help_text='Rules of the wire watch for this run, e.g. {"clock_skew": "warn"}.',
    )  # fmt: skip
    driver = PlainJSONField(
        rows=4, required=False,
        help_text=format_html(
            'By which the CSMS acts: the name of a driver that ships, e.g. "octt", or a {} of your '
            "own. Empty: the one of this server.",
            page("suites", "driver", "#the-csms-acts"),
        ),
    )  # fmt: skip
    share = forms.BooleanField(
        label="Beside what else runs", required=False, widget=UnfoldBooleanWidget,
        help_text="Do not wait until the stations are free.",
    )  # fmt: skip

    def __init__(self, scenario: Scenario | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scenario = scenario
        self.fields["template"].queryset = Template.objects.all()
        if scenario is None:
            self.fields["scenario"].queryset = Scenario.objects.all()
            return
        del self.fields["scenario"]
        self.fields["variables"].initial = scenario.variables
        if not scenario.variables:
            del self.fields["variables"]
        if "csms" not in map(type_of, each_step([*scenario.steps, *scenario.cleanup])):
            del self.fields["driver"]

    def launch(self, user: str) -> Execution | None:
        """None where the form has errors now."""
        values = self.cleaned_data
        named = tuple(
            name.strip() for name in re.split(r"[\r\n,]", values["stations"]) if name.strip()
        )
        template = values["template"].name if values["template"] else ""
        wishes = Wishes(
            values["stagger_ms"] or 0, values["start_stations"], values.get("variables") or {},
            started_by=user, share=values["share"], watch=values["watch"] or {},
            driver=values.get("driver"),
        )  # fmt: skip
        try:
            target = Target(named, values["tag"].strip(), template, values["number"] or 0)
            return launch(self.scenario or values["scenario"], target, wishes)
        except ValidationError as error:
            for name, texts in error.message_dict.items():
                if name in self.fields:
                    self.add_error(name, texts)
                else:
                    self.add_error(None, [f"{name}: {text}" for text in texts])
            return None
