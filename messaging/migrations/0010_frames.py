"""Create the index of the messages that are kept by their sheets, see messaging/keeping/frames.py."""

from django.db import migrations

from messaging.keeping import store


def create(apps, schema_editor):
    store.ensure_indexes(schema_editor.connection.database)


class Migration(migrations.Migration):
    dependencies = [("messaging", "0009_columns")]
    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
