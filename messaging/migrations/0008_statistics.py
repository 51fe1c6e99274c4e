"""Create the index of the statistics of each station and action."""

from django.db import migrations

from messaging.keeping import store


def create(apps, schema_editor):
    store.ensure_indexes(schema_editor.connection.database)


class Migration(migrations.Migration):
    dependencies = [("messaging", "0007_catalog")]
    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
