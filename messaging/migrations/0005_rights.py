"""No table: what a permission is about."""

import django_mongodb_backend.fields
from django.db import migrations


def _stands_for(name: str, table: str, permissions: tuple[str, ...]) -> migrations.CreateModel:
    key = django_mongodb_backend.fields.ObjectIdAutoField(
        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
    )
    options = {"managed": False, "db_table": table, "default_permissions": permissions}
    return migrations.CreateModel(name, fields=[("id", key)], options=options)


class Migration(migrations.Migration):
    dependencies = [("messaging", "0004_mark_hours")]

    operations = [
        _stands_for("Message", "messages", ("view", "delete")),
        _stands_for("Transaction", "transactions", ("view",)),
    ]
