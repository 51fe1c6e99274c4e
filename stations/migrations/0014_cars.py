import django_mongodb_backend.fields
from django.db import migrations, models

WORDS = "Kinds of cars that come, by their weights, where a command describes none."


class Migration(migrations.Migration):
    dependencies = [("stations", "0013_makes")]

    operations = [
        migrations.CreateModel(
            name="CarProfile",
            fields=[
                ("id", django_mongodb_backend.fields.ObjectIdAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(editable=False, max_length=40, unique=True)),
                ("document", models.JSONField(default=dict, help_text="As JSON; see the reference of EV profiles.", verbose_name="profile")),
                ("created", models.DateTimeField(auto_now_add=True)),
                ("updated", models.DateTimeField(auto_now=True)),
            ],
            options={"ordering": ["name"], "verbose_name": "EV profile"},
        ),
        *(
            migrations.AddField(model, "cars", models.JSONField(default=list, blank=True, help_text=WORDS))
            for model in ("station", "template")
        ),
    ]
