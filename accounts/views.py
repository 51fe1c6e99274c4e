"""One's own tokens, a page in the admin."""

from __future__ import annotations

from datetime import timedelta

from bson import ObjectId
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.decorators import staff_member_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from accounts.admin import ScopesField
from accounts.models import TOKEN_LIFETIME, ApiToken


class OwnTokenForm(forms.Form):
    name = forms.CharField(
        max_length=80, widget=UnfoldAdminTextInputWidget,
        help_text="What uses this token, e.g. a script's name.",
    )  # fmt: skip
    scopes = ScopesField()
    days = forms.IntegerField(
        min_value=1, max_value=366, initial=TOKEN_LIFETIME.days, label="Good for, days",
        widget=UnfoldAdminIntegerFieldWidget,
    )  # fmt: skip


@staff_member_required
def own_tokens(request: HttpRequest) -> HttpResponse:
    """List, make and revoke; nobody else's are to be had here."""
    form = OwnTokenForm(request.POST if "make" in request.POST else None)
    if "revoke" in request.POST:
        _revoke(request)
        return redirect("own-tokens")
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        _, text = ApiToken.objects.issue(
            request.user, given["name"], timedelta(days=given["days"]), given["scopes"]
        )
        messages.warning(request, f"Copy the token now, it is not shown again: {text}")
        return redirect("own-tokens")
    context = admin.site.each_context(request) | {
        "title": "My API tokens", "form": form,
        "tokens": ApiToken.objects.filter(user=request.user),
    }  # fmt: skip
    return render(request, "accounts/own_tokens.html", context)


def _revoke(request: HttpRequest) -> None:
    key = request.POST["revoke"]
    own = ApiToken.objects.filter(user=request.user)
    if ObjectId.is_valid(key) and own.filter(pk=ObjectId(key)).delete()[0]:
        messages.success(request, "The token is revoked.")
    else:
        messages.error(request, "There is no such token of yours.")
