"""Viewer, Tester, Operator and Administrator: made once; from then on the administrator's."""

from django.db import migrations


def make(apps, schema_editor):
    from emulator import groups

    groups.make_permissions()
    groups.make_groups()


class Migration(migrations.Migration):
    initial = True
    dependencies = [
        ("accounts", "0002_scopes"),
        ("admin", "0001_initial"),
        ("auth", "0001_initial"),
        ("contenttypes", "0001_initial"),
        ("django_celery_beat", "0001_initial"),
        ("django_celery_results", "0001_initial"),
        ("messaging", "0005_rights"),
        ("scenarios", "0002_rights"),
        ("sessions", "0001_initial"),
        ("stations", "0007_rights"),
    ]

    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
