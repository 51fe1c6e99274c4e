"""Create the indexes of the dashboard's figures."""

from django.db import migrations

from emulator.dashboard import figures


def create(apps, schema_editor):
    figures.ensure_indexes(schema_editor.connection.database)


class Migration(migrations.Migration):
    dependencies = [("emulator", "0001_groups")]
    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
