"""The admin's forms of a station, a template, and of many stations at once."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.html import format_html
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
    UnfoldBooleanWidget,
)

from stations.admin.json_field import RulesField
from stations.admin.references import page
from stations.admin.row_forms import RowForm
from stations.admin.widgets import (
    CarsField,
    ConnectorsField,
    MakeField,
    MeasurandsField,
    SettingsField,
    WordsField,
)
from stations.configuration import passwords
from stations.configuration.delays import USUAL_IN_WORDS
from stations.many.creating import Order
from stations.many.jobs import MOST_STATIONS
from stations.models import (
    DESIGN_FIELDS,
    Station,
    TagGroup,
    Template,
    default_connectors,
    default_measurands,
)


def pem_field(label: str, help_text: str = "") -> forms.CharField:
    return forms.CharField(
        required=False, label=label, help_text=help_text,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3, "class": "st-pem"}),
    )  # fmt: skip


LABELS = {"default_id_tag": "Default idTag", "iccid": "ICCID", "imsi": "IMSI"}


class DesignForm(RowForm):
    make = MakeField(
        help_text="What the stations of one model do. What is at its default below is the make's; "
        "what is set stays."
    )
    connectors = ConnectorsField(
        initial=default_connectors,
        help_text="One row per outlet. Phases: 1 or 3 for AC, 0 for DC. Power in W.",
    )
    configuration = SettingsField(
        required=False,
        label="Configuration overrides",
        help_text="Keys of OCPP 1.6, or Component.Variable of 2.x. They win over the fields here.",
    )
    delays = SettingsField(required=False, help_text=f"Seconds by name. {USUAL_IN_WORDS}")
    cars = CarsField(
        required=False,
        help_text="EV profiles of the cars that come where a command describes none. Without a "
        "weight: the profile's own.",
    )
    rules = RulesField(
        required=False,
        help_text=format_html(
            "Answers to the CSMS's Calls instead of the station's own, as a JSON list of {}, "
            'such as [{{"action": "Reset", "status": "Rejected"}}].', page("rules", "rules")
        ),
    )
    measurands = MeasurandsField(
        required=False,
        initial=default_measurands,
        help_text="Measurands of meter values, where the OCPP version has them.",
    )
    tags = WordsField(required=False, help_text="Separated by commas.")
    offered_versions = WordsField(
        required=False,
        help_text="Offered to the CSMS in this order, e.g. 2.1, 2.0.1, 1.6; it chooses one for "
        "the connection. Empty: the OCPP version alone.",
    )

    def clean(self) -> dict[str, Any]:
        """As Django has it; in 1.6 each connector is an EVSE of its own."""
        cleaned = super().clean()
        if cleaned.get("ocpp_version") == "1.6":
            # 1.6 has no EVSEs: the column is hidden, and each connector is its own.
            for row in cleaned.get("connectors") or []:
                row["evse"] = row["id"]
        return cleaned


class TemplateForm(DesignForm):
    tls_ca_pem = pem_field("CA certificates (PEM)", "Empty: the system's own.")

    class Meta:
        model = Template
        fields = ("name", "description", *DESIGN_FIELDS)
        labels = LABELS


class StationForm(DesignForm):
    password = forms.CharField(
        required=False, strip=False, widget=UnfoldAdminPasswordWidget(render_value=False)
    )
    password_encoding = forms.ChoiceField(
        required=False, choices=[(name, name) for name in passwords.ENCODINGS],
        label="Password is given as", widget=UnfoldAdminSelectWidget,
        help_text="Text is sent as UTF-8. Bytes are written as hexadecimal digits or base64.",
    )  # fmt: skip
    forget_password = forms.BooleanField(
        required=False, widget=UnfoldBooleanWidget, label="Remove the password"
    )
    tls_ca_pem = pem_field("CA certificates (PEM)", "Empty: the system's own.")
    proxy_password = forms.CharField(
        required=False, strip=False, label="Password at the proxy",
        widget=UnfoldAdminPasswordWidget(render_value=False),
    )  # fmt: skip
    forget_proxy_password = forms.BooleanField(
        required=False, widget=UnfoldBooleanWidget, label="Remove the proxy's password"
    )
    tls_client_cert_pem = pem_field("Client certificate (PEM)")
    tls_client_key_pem = pem_field("Client key (PEM)")
    forget_client_key = forms.BooleanField(
        required=False, widget=UnfoldBooleanWidget, label="Remove the client key"
    )
    start_now = forms.BooleanField(
        required=False, initial=True, widget=UnfoldBooleanSwitchWidget,
        help_text="It connects to its CSMS as soon as it is saved.",
    )  # fmt: skip
    revision_seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Station
        fields = (
            "identity", "name", *DESIGN_FIELDS, "serial", "iccid", "imsi", "username",
            "password_encoding", "tls_client_cert_pem", "enabled", "template",
        )  # fmt: skip
        labels = LABELS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        station = self.instance
        self.fields["revision_seen"].initial = station.revision
        said = "One is kept; empty leaves it as it is." if station.has_password else "None is kept."
        self.fields["password"].help_text = f"{said} Stored encrypted and never shown."
        said = "One is kept; empty leaves it." if station.has_client_key else "None is kept."
        self.fields["tls_client_key_pem"].help_text = said
        said = "One is kept; empty leaves it." if station.has_proxy_password else "None is kept."
        self.fields["proxy_password"].help_text = said
        for name, kept in (
            ("password", station.has_password),
            ("proxy_password", station.has_proxy_password),
            ("client_key", station.has_client_key),
        ):
            if not kept:
                self.fields[f"forget_{name}"].disabled = True

    def clean_password_encoding(self) -> str:
        return self.cleaned_data["password_encoding"] or self.instance.password_encoding

    def clean(self) -> dict[str, Any]:
        """As Django has it; secrets are taken.

        Raises ValidationError where the row was changed since the form was opened.
        """
        cleaned = super().clean()
        seen = cleaned.get("revision_seen")
        known = not self.instance._state.adding
        if known and seen is not None and seen != self.instance.revision:
            raise forms.ValidationError(
                "Someone changed this station meanwhile. Open it again and repeat your change."
            )
        self._take_secrets(cleaned)
        return cleaned

    def _take_secrets(self, cleaned: dict[str, Any]) -> None:
        """Before the model is checked: its rules look at the secrets too."""
        if cleaned.get("forget_password"):
            self.instance.set_password("")
        elif cleaned.get("password"):
            encoding = cleaned.get("password_encoding") or "text"
            self.instance.set_password(cleaned["password"], encoding)
        if cleaned.get("forget_proxy_password"):
            self.instance.set_proxy_password("")
        elif cleaned.get("proxy_password"):
            self.instance.set_proxy_password(cleaned["proxy_password"])
        if cleaned.get("forget_client_key"):
            self.instance.set_client_key("")
        elif cleaned.get("tls_client_key_pem"):
            self.instance.set_client_key(cleaned["tls_client_key_pem"])


class TagGroupForm(forms.ModelForm):
    tags = WordsField(required=False, help_text="Separated by commas.")

    class Meta:
        model = TagGroup
        fields = ("name", "description", "tags")


class AddressesField(forms.CharField):
    """[(address, share)] written as a line each: "ws://a.example/ocpp 3"; no share is 1."""

    def to_python(self, value: Any) -> list[tuple[str, int]]:
        """Lines of "URL share" as [(URL, share)]; the share is 1 where it is left out.

        Raises ValidationError for one that is no whole number.
        """
        found = []
        for line in super().to_python(value).splitlines():
            if not line.strip():
                continue
            address, _, share = line.strip().partition(" ")
            if share.strip() and not share.strip().isdecimal():
                raise forms.ValidationError(f"Give the share as a whole number: {line.strip()}")
            found.append((address, int(share.strip() or 1)))
        return found


class BulkForm(forms.Form):
    """N stations from a template."""

    template = forms.ModelChoiceField(
        Template.objects.all(), empty_label=None, widget=UnfoldAdminSelectWidget
    )
    pattern = forms.CharField(
        widget=UnfoldAdminTextInputWidget,
        initial="STATION-{n:03}",
        help_text="The identities: {n} is the number, {n:03} the number with three digits.",
    )
    count = forms.IntegerField(
        min_value=1, max_value=MOST_STATIONS, initial=10,
        widget=UnfoldAdminIntegerFieldWidget,
    )  # fmt: skip
    first = forms.IntegerField(
        min_value=0, initial=1, label="First number", widget=UnfoldAdminIntegerFieldWidget
    )
    name = forms.CharField(
        required=False, max_length=80, widget=UnfoldAdminTextInputWidget,
        help_text="Name of each; may contain {n} too.",
    )  # fmt: skip
    csms_url = AddressesField(
        required=False, label="CSMS addresses",
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3, "spellcheck": "false"}),
        help_text="One a line, with its share of the stations if they differ: "
        "“ws://a.example/ocpp 3”. Empty: the template's.",
    )  # fmt: skip
    tags = WordsField(required=False, help_text="Separated by commas. Empty: the template's.")
    region = forms.CharField(
        required=False, label="Place at random in",
        widget=UnfoldAdminTextInputWidget(attrs={"list": "fl-countries", "spellcheck": "false"}),
        help_text="A country, or “south, west, north, east” in degrees. Empty: the template's "
        "place.",
    )  # fmt: skip
    password = forms.CharField(
        required=False, strip=False, widget=UnfoldAdminPasswordWidget,
        help_text="One password for all of them; empty: none.",
    )  # fmt: skip
    password_encoding = forms.ChoiceField(
        required=False, choices=[(name, name) for name in passwords.ENCODINGS],
        label="Password is given as", widget=UnfoldAdminSelectWidget,
    )  # fmt: skip
    start = forms.BooleanField(
        required=False, label="Start them at once", widget=UnfoldBooleanSwitchWidget
    )

    per_second = forms.FloatField(
        required=False, min_value=0, max_value=1000, initial=0, label="Stations a second",
        widget=UnfoldAdminDecimalFieldWidget,
        help_text="Stations created, and started where that is chosen, per second. 0: no limit.",
    )  # fmt: skip

    def clean_per_second(self) -> float:
        return self.cleaned_data["per_second"] or 0.0

    def order(self) -> Order:
        """What stations.many.creating makes of it."""
        data = self.cleaned_data
        return Order(
            data["template"], data["pattern"], data["count"], data["first"], data["name"],
            tuple(data["csms_url"]), data["password"], data["password_encoding"] or "text",
            tuple(data["tags"]) or None, data["region"], data["start"],
        )  # fmt: skip
