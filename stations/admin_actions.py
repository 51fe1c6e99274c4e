"""Actions on the stations that are ticked in the list."""

from __future__ import annotations

from collections import Counter

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest

from stations import changes
from stations.commands import send_commands_sync


def _identities(queryset: QuerySet) -> list[str]:
    return list(queryset.values_list("identity", flat=True))


def _switch(model_admin, request: HttpRequest, queryset: QuerySet, running: bool) -> None:
    wanted = _identities(queryset)
    count = changes.set_running(wanted, running)
    done = "started" if running else "stopped"
    note = f"{count} of {len(wanted)} stations {done}."
    if count < len(wanted):
        note += f" The others were {done} already" + (" or are disabled." if running else ".")
    model_admin.message_user(request, note, messages.SUCCESS)


@admin.action(description="Start", permissions=["change"])
def start(model_admin, request, queryset):
    _switch(model_admin, request, queryset, True)


@admin.action(description="Stop", permissions=["change"])
def stop(model_admin, request, queryset):
    _switch(model_admin, request, queryset, False)


def _command(model_admin, request: HttpRequest, queryset: QuerySet, name: str, **args) -> None:
    answers = send_commands_sync(_identities(queryset), name, args)
    refused = Counter(
        answer["error"]["message"] for answer in answers.values() if "error" in answer
    )
    done = len(answers) - refused.total()
    if done:
        model_admin.message_user(request, f"{name}: done by {done} stations.", messages.SUCCESS)
    for sentence, count in refused.most_common(3):
        note = f"{name}: {sentence}" + (f" ({count} stations like this)" if count > 1 else "")
        model_admin.message_user(request, note, messages.ERROR)


@admin.action(description="Connect to the CSMS", permissions=["change"])
def connect(model_admin, request, queryset):
    _command(model_admin, request, queryset, "connect")


@admin.action(description="Disconnect from the CSMS", permissions=["change"])
def disconnect(model_admin, request, queryset):
    _command(model_admin, request, queryset, "disconnect")


@admin.action(description="Reset (soft)", permissions=["change"])
def reset_soft(model_admin, request, queryset):
    _command(model_admin, request, queryset, "reset", kind="Soft")


@admin.action(description="Reset (hard)", permissions=["change"])
def reset_hard(model_admin, request, queryset):
    _command(model_admin, request, queryset, "reset", kind="Hard")


@admin.action(description="Clone", permissions=["add"])
def clone(model_admin, request, queryset):
    made = []
    for identity in _identities(queryset):
        try:
            made.append(changes.clone(identity, changes.free_copy_identity(identity)).identity)
        except (ValidationError, changes.IdentityTaken) as error:
            model_admin.message_user(request, f"{identity}: {error}", messages.ERROR)
    if made:
        shown = ", ".join(made[:5]) + (" …" if len(made) > 5 else "")
        model_admin.message_user(request, f"Made {shown}.", messages.SUCCESS)


ALL = [start, stop, connect, disconnect, reset_soft, reset_hard, clone]
