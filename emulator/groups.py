"""The groups of users, as the table of rights has them."""

from __future__ import annotations

from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission

from emulator.rights import GROUPS, group_permissions


def make_groups() -> list[str]:
    """Make those that are not there, and return their names; what is there stays as it is."""
    made = [name for name in GROUPS if not Group.objects.filter(name=name).exists()]
    for name in made:
        make_group(name)
    return made


def make_group(name: str) -> Group:
    """With the permissions of the table, whatever it had."""
    group, _ = Group.objects.get_or_create(name=name)
    group.permissions.set(permission_keys(group_permissions(name)))
    return group


def make_permissions() -> None:
    """What Django does after a migration, for who needs them within one."""
    for config in apps.get_app_configs():
        if config.models_module is not None:
            create_permissions(config, verbosity=0, interactive=False)


def permission_keys(names: list[str]) -> list:
    """Primary keys of "app.codename". Raises LookupError for one that is not there."""
    rows = Permission.objects.values_list("content_type__app_label", "codename", "pk").order_by()
    keys = {f"{app}.{codename}": key for app, codename, key in rows}
    if missing := sorted(set(names) - keys.keys()):
        raise LookupError(f"There is no permission {', '.join(missing)}")
    return [keys[name] for name in names]
