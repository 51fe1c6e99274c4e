"""Keep the meter samples of sessions in a collection of their own."""

from django.db import migrations

from messaging.keeping import store


def create(apps, schema_editor):
    store.ensure_indexes(schema_editor.connection.database)


class Migration(migrations.Migration):
    dependencies = [("messaging", "0002_no_ttl")]
    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
