"""Keep what sessions in progress tell in bundles until it is folded."""

from django.db import migrations

from messaging.keeping import store


def create(apps, schema_editor):
    store.ensure_indexes(schema_editor.connection.database)


class Migration(migrations.Migration):
    dependencies = [("messaging", "0005_rights")]
    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
