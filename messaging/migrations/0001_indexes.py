"""Create the indexes of the message log, its minute counts and the transactions."""

from django.db import migrations

from messaging.keeping import store


def create(apps, schema_editor):
    # The editor's own connection: it may be a test database.
    store.ensure_indexes(schema_editor.connection.database)


class Migration(migrations.Migration):
    dependencies = []
    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
