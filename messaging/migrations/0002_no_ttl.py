"""Take the TTL off the time indexes: messages that are too old are deleted by a task."""

from django.db import migrations

from messaging.keeping import store


def create(apps, schema_editor):
    store.ensure_indexes(schema_editor.connection.database)


class Migration(migrations.Migration):
    dependencies = [("messaging", "0001_indexes")]
    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
