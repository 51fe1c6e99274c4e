import django_mongodb_backend.fields
from django.db import migrations, models

WORDS = "Name of a make. What is at its default below is the make's; what is set stays."


class Migration(migrations.Migration):
    dependencies = [("stations", "0012_rules")]

    operations = [
        migrations.CreateModel(
            name="Make",
            fields=[
                ("id", django_mongodb_backend.fields.ObjectIdAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(editable=False, max_length=60, unique=True)),
                ("document", models.JSONField(default=dict)),
                ("shipped", models.BooleanField(default=False, editable=False)),
                ("revision", models.PositiveIntegerField(default=1, editable=False)),
                ("created", models.DateTimeField(auto_now_add=True)),
                ("updated", models.DateTimeField(auto_now=True)),
            ],
            options={"ordering": ["name"]},
        ),
        *(
            migrations.AddField(
                model, "make", models.CharField(blank=True, default="", help_text=WORDS, max_length=60)
            )
            for model in ("station", "template")
        ),
        *(
            migrations.AlterField(model, "vendor", models.CharField(default="OCPP Emulator", max_length=50))
            for model in ("station", "template")
        ),
    ]
