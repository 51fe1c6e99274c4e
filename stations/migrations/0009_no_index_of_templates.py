import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("stations", "0008_orders")]

    operations = [
        migrations.AlterField(
            "station",
            "template",
            models.ForeignKey(
                "stations.template", blank=True, null=True, db_index=False,
                on_delete=django.db.models.deletion.SET_NULL, related_name="stations",
            ),
        )
    ]  # fmt: skip
