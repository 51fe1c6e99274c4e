"""The form of a suite."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.html import format_html
from unfold.widgets import (
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldBooleanWidget,
)

from scenarios.admin.forms import PlainJSONField
from scenarios.models import SuitePlan
from scenarios.suites import NAMES
from scenarios.verdicts.rules import DRIVER_NAMES
from stations.admin.forms import pem_field
from stations.admin.references import page
from stations.admin.widgets import WordsField

SECRETS = (("password", "forget_password"), ("tls_client_key_pem", "forget_client_key"))


def _choice(names: tuple[str, ...], none: str, help_text: str) -> forms.ChoiceField:
    choices = [("", none), *((name, name) for name in names)]
    return forms.ChoiceField(
        choices=choices, required=False, widget=UnfoldAdminSelectWidget, help_text=help_text
    )


class SuiteForm(forms.ModelForm):
    suite = _choice(NAMES, "a suite of your own", "One that ships, or the document of your own.")
    driver = _choice(
        DRIVER_NAMES, "your own, else the server's", "By which the CSMS is made to act."
    )
    document = PlainJSONField(
        rows=24, required=False,
        help_text=format_html("A {}, as a file has it.", page("suites", "suite", "#a-suite")),
    )
    driver_document = PlainJSONField(
        rows=14, required=False, label="Driver of your own",
        help_text=format_html("How a {} is written.", page("suites", "driver", "#the-csms-acts")),
    )
    variables = PlainJSONField(
        rows=6, required=False, help_text="Values of variables of the cases or the driver."
    )
    versions = WordsField(
        required=False, help_text="OCPP versions, separated by commas; none: as the suite says."
    )
    only = WordsField(required=False, help_text="Cases, such as TC_0*; none: all.")
    password = forms.CharField(
        required=False, strip=False, widget=UnfoldAdminPasswordWidget(render_value=False),
        label="Password of the stations",
    )  # fmt: skip
    forget_password = forms.BooleanField(
        required=False, widget=UnfoldBooleanWidget, label="Remove the password"
    )
    tls_ca_pem = pem_field("CA certificates (PEM)", "Empty: the system's own.")
    tls_client_cert_pem = pem_field("Client certificate (PEM)")
    tls_client_key_pem = pem_field("Client key (PEM)")
    forget_client_key = forms.BooleanField(
        required=False, widget=UnfoldBooleanWidget, label="Remove the client key"
    )

    class Meta:
        model = SuitePlan
        fields = (
            "name", "suite", "document", "csms_url", "stations", "versions", "driver",
            "driver_document", "only", "variables", "parallel", "strict", "fast", "seed",
            "every_minutes", "webhook_url", "enabled", "secure_csms_url", "tls_ca_pem",
            "tls_client_cert_pem",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, kept in (
            ("password", self.instance.has_password),
            ("tls_client_key_pem", self.instance.has_client_key),
        ):
            if name in self.fields:
                said = "One is kept; empty leaves it as it is." if kept else "None is kept."
                self.fields[name].help_text = f"{said} Stored encrypted and never shown."

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        for name, forget in SECRETS:
            if cleaned.get(forget):
                self.instance.set_secret(name, "")
            elif cleaned.get(name):
                self.instance.set_secret(name, cleaned[name])
        return cleaned

    def clean_document(self) -> Any:
        return self.cleaned_data.get("document") or {}

    def clean_driver_document(self) -> Any:
        return self.cleaned_data.get("driver_document") or {}

    def clean_variables(self) -> Any:
        return self.cleaned_data.get("variables") or {}
