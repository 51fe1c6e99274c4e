"""Actions on the stations that are ticked in the list. Who may: stations/rights.py."""

from __future__ import annotations

from collections import Counter
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import redirect
from django.urls import reverse

from runtime.words import counted
from stations.configuration import changes
from stations.many import jobs
from stations.orders import switching
from stations.orders.commands import send_commands_sync
from stations.rights import PART, SEE_SECRETS
from stations.roster.asking import rows_of

# As the list names them, and says what came of them.
CONNECT, DISCONNECT = "Connect to the CSMS", "Disconnect from the CSMS"
SOFT, HARD = "Reset (soft)", "Reset (hard)"


def _identities(queryset: QuerySet) -> list[str]:
    return [row["identity"] for row in rows_of(queryset)]


def _switch(model_admin, request: HttpRequest, queryset: QuerySet, running: bool) -> None:
    columns = ("identity", *switching.COLUMNS)
    wanted = {row["identity"]: row for row in queryset.values(*columns)}
    count = changes.switch(wanted, running)
    done = "started" if running else "stopped"
    being = " are being" if len(wanted) > changes.SWITCHED_AT_ONCE else ""
    note = f"{count} of {counted(len(wanted), 'station')}{being} {done}."
    if count < len(wanted):
        note += f" The others were {done} already" + (" or are disabled." if running else ".")
    model_admin.message_user(request, note, messages.SUCCESS)


@admin.action(description="Start")
def start(model_admin, request, queryset):
    _switch(model_admin, request, queryset, True)


@admin.action(description="Stop")
def stop(model_admin, request, queryset):
    _switch(model_admin, request, queryset, False)


@admin.action(description="Release (held back)")
def release(model_admin, request, queryset):
    """Let stations run again that were held back, and say how many were."""
    wanted = _identities(queryset)
    count = changes.release(wanted)
    note = f"{count} of {counted(len(wanted), 'station')} released."
    if count < len(wanted):
        note += " The others were not held back."
    model_admin.message_user(request, note, messages.SUCCESS)


def _command(
    model_admin, request: HttpRequest, queryset: QuerySet, label: str, name: str, **args
) -> None:
    answers = send_commands_sync(_identities(queryset), name, args)
    refused = Counter(
        answer["error"]["message"] for answer in answers.values() if "error" in answer
    )
    done = len(answers) - refused.total()
    if done:
        note = f"{label}: done by {counted(done, 'station')}."
        model_admin.message_user(request, note, messages.SUCCESS)
    for sentence, count in refused.most_common(3):
        note = f"{label}: {sentence}" + (f" ({count} stations like this)" if count > 1 else "")
        model_admin.message_user(request, note, messages.ERROR)


@admin.action(description=CONNECT)
def connect(model_admin, request, queryset):
    _command(model_admin, request, queryset, CONNECT, "connect")


@admin.action(description=DISCONNECT)
def disconnect(model_admin, request, queryset):
    _command(model_admin, request, queryset, DISCONNECT, "disconnect")


@admin.action(description=SOFT)
def reset_soft(model_admin, request, queryset):
    _command(model_admin, request, queryset, SOFT, "reset", kind="Soft")


@admin.action(description=HARD)
def reset_hard(model_admin, request, queryset):
    _command(model_admin, request, queryset, HARD, "reset", kind="Hard")


@admin.action(description="Clone")
def clone(model_admin, request, queryset):
    """Copy each station under a free identity; secrets go along where the user may see them."""
    made, without = [], 0
    trusted = PART.may(request, SEE_SECRETS)
    for identity in _identities(queryset):
        try:
            copy = changes.clone(
                identity, changes.free_copy_identity(identity), with_secrets=trusted
            )
        except (ValidationError, changes.IdentityTaken) as error:
            model_admin.message_user(request, f"{identity}: {error}", messages.ERROR)
        else:
            made.append(copy.identity)
            without += bool(copy.parted)
    if without:
        note = f"Made without password and client key: {without}. Give them their own."
        model_admin.message_user(request, note, messages.WARNING)
    if made:
        shown = ", ".join(made[:5]) + (" …" if len(made) > 5 else "")
        model_admin.message_user(request, f"Made {shown}.", messages.SUCCESS)


@admin.action(description="Command or change…")
def many(model_admin, request, queryset):
    """Keep which they are, and ask what is to be done with them."""
    job = jobs.choose(_identities(queryset))
    return redirect(f"{reverse('fleet-new')}?{urlencode({'chosen': job.id})}")


ALL = [many, start, stop, release, connect, disconnect, reset_soft, reset_hard, clone]
