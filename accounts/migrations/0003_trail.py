"""No table: what a permission is about. And the indexes of the trail."""

import django_mongodb_backend.fields
from django.db import migrations

from accounts.trail.reading import ensure_indexes


def create(apps, schema_editor):
    ensure_indexes(schema_editor.connection.database)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_scopes")]

    operations = [
        migrations.CreateModel(
            "TrailEntry",
            fields=[
                (
                    "id",
                    django_mongodb_backend.fields.ObjectIdAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                )
            ],
            options={"managed": False, "db_table": "trail", "default_permissions": ("view",)},
        ),
        migrations.RunPython(create, migrations.RunPython.noop),
    ]
