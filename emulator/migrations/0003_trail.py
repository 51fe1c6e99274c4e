"""Administrators of before may see the trail, too, where their group is still there."""

from django.db import migrations


def give(apps, schema_editor):
    from django.contrib.auth.models import Group

    from emulator import groups

    groups.make_permissions()
    group = Group.objects.filter(name="Administrator").first()
    if group is not None:
        group.permissions.add(*groups.permission_keys(["accounts.view_trailentry"]))


class Migration(migrations.Migration):
    dependencies = [("emulator", "0002_figures"), ("accounts", "0003_trail")]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
