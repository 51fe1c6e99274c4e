"""Changes that Django's models tell of themselves: rows saved and deleted, and what they hold.

`follow(Model, ...)` is for configuration, of which little is written. What is written in bulk, or
by conditional updates, tells of itself where that is done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.db import models
from django.db.models import signals

from accounts.trail import acts, values

_quiet: dict[type[models.Model], frozenset[str]] = {}
_names: dict[type[models.Model], Callable[[Any], str]] = {}
_attended: set[type[models.Model]] = set()  # told of only where somebody does it


def follow(
    model: type[models.Model],
    name: Callable[[Any], str] = str,
    quiet: Iterable[str] = (),
    attended: bool = False,
    saves: bool = True,
) -> None:
    """name: of a row, what it is known by. quiet: fields that nobody changes on purpose.
    attended: of changes by a request, an execution or a behaviour alone."""
    _names[model] = name
    _quiet[model] = frozenset({*quiet, *_automatic(model)})
    if attended:
        _attended.add(model)
    if saves:
        signals.pre_save.connect(_before_save, sender=model)
        signals.post_save.connect(_saved, sender=model)
    signals.post_delete.connect(_deleted, sender=model)


def follow_members(model: type[models.Model], field: str) -> None:
    """A many-to-many field of a model that is followed."""
    through = getattr(model, field).through

    def told(sender: Any, instance: Any, action: str, pk_set: Any, **more: Any) -> None:
        _members(model, field, instance, action, pk_set, more["reverse"], more["model"])

    signals.m2m_changed.connect(told, sender=through, weak=False)


def follow_logins() -> None:
    """Have the trail note logins, logouts and failed logins of Django's forms."""
    from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed

    user_logged_in.connect(_logged_in)
    user_logged_out.connect(_logged_out)
    user_login_failed.connect(_login_failed)


# --- rows ------------------------------------------------------------------------------------


def _automatic(model: type[models.Model]) -> set[str]:
    return {
        each.name for each in model._meta.concrete_fields
        if each.primary_key or getattr(each, "auto_now", False)
        or getattr(each, "auto_now_add", False)
    }  # fmt: skip


def _fields(model: type[models.Model], only: Iterable[str] | None = None) -> list[models.Field]:
    left_out = _quiet[model]
    return [
        each for each in model._meta.concrete_fields
        if each.name not in left_out and (only is None or each.name in only)
    ]  # fmt: skip


def values_of(row: models.Model, fields: Iterable[models.Field]) -> dict[str, Any]:
    return {each.name: each.value_from_object(row) for each in fields}


def new_values(row: models.Model, fields: Iterable[models.Field]) -> dict[str, Any]:
    """Those that are not what a row has by itself."""
    return {
        each.name: value for each in fields
        if (value := each.value_from_object(row)) not in (None, "", [], {})
        and not (each.has_default() and value == each.get_default())
    }  # fmt: skip


def _is_told(model: type[models.Model]) -> bool:
    return model not in _attended or acts.under_way() is not None


def _before_save(sender: Any, instance: Any, update_fields: Any = None, **_: Any) -> None:
    instance._trail_before = None
    if instance._state.adding or not _is_told(sender):
        return
    if fields := _fields(sender, update_fields):
        row = sender._base_manager.filter(pk=instance.pk).first()
        if row is not None:
            instance._trail_before = values_of(row, fields)


def _saved(sender: Any, instance: Any, created: bool, **_: Any) -> None:
    before = instance.__dict__.pop("_trail_before", None)
    if not _is_told(sender):
        return
    label, name = sender._meta.label_lower, _names[sender](instance)
    if created:
        made = new_values(instance, _fields(sender))
        acts.note("created", label, [name], values.difference({}, made, made))
    elif before:
        after = values_of(instance, [sender._meta.get_field(each) for each in before])
        if changes := values.difference(before, after, before):
            acts.note("changed", label, [name], changes)


def _deleted(sender: Any, instance: Any, **_: Any) -> None:
    if _is_told(sender):
        had = new_values(instance, _fields(sender))
        changes = values.difference(had, {}, had)
        acts.note("deleted", sender._meta.label_lower, [_names[sender](instance)], changes)


def _members(
    model: Any, field: str, instance: Any, action: str, keys: Any, reverse: bool, other: Any
) -> None:
    if reverse:  # "these groups are the user's" said the other way round
        if action in ("post_add", "post_remove") and keys:
            for row in model._base_manager.filter(pk__in=keys):
                _members(model, field, row, action, {instance.pk}, False, type(instance))
        return
    if action == "pre_clear":
        keys = set(getattr(instance, field).values_list("pk", flat=True))
    if action not in ("post_add", "post_remove", "pre_clear") or not keys:
        return
    named = sorted(str(row) for row in other._base_manager.filter(pk__in=keys))
    side = {"field": field, "new" if action == "post_add" else "old": named}
    name = _names.get(model, str)(instance)
    acts.note("changed", model._meta.label_lower, [name], values.bounded([side]))


# --- log-ins ---------------------------------------------------------------------------------

USER = "auth.user"


def _logged_in(sender: Any, user: Any, **_: Any) -> None:
    logged_in(user)


def _logged_out(sender: Any, user: Any, **_: Any) -> None:
    if user is not None:
        logged_out(user)


def logged_in(user: Any) -> None:
    """Note in the trail that a user logged in; the act is theirs from here on."""
    known_as(user)
    acts.note("logged in", USER, [user.get_username()])


def logged_out(user: Any) -> None:
    """Note in the trail that a user logged out."""
    known_as(user)
    acts.note("logged out", USER, [user.get_username()])


def _login_failed(sender: Any, credentials: dict[str, Any], **_: Any) -> None:
    log_in_refused(str(credentials.get("username", "")))


def log_in_refused(name: str, why: str = "") -> None:
    acts.note("log-in failed", USER, [name[:150]], result=acts.REFUSED, message=why)


def known_as(user: Any, token: Any = None) -> None:
    """The request of the moment is this user's, by this token (accounts.models.ApiToken)."""
    act = acts.under_way()
    if act is not None:
        act.actor = user.get_username()
        if token is not None:
            act.token = f"{token.name or 'token'} ({token.hint}…)"
