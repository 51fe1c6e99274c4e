from django.db import migrations, models

CHOICES = [
    ("lenient", "lenient: take what can be read, and note what is wrong"),
    ("strict", "strict: refuse what breaks the specification"),
]
WORDS = "Scenarios judge the CSMS strictly either way."


def reading(default):
    return models.CharField(
        "reading of the CSMS's messages",
        max_length=8,
        choices=CHOICES,
        default=default,
        help_text=WORDS,
    )


def delays():
    return models.JSONField(
        default=dict,
        blank=True,
        help_text="Seconds, as 5 or 3-8 to draw from; what is not named here is as usual.",
    )


class Migration(migrations.Migration):
    """What there is stays as it was, strict; what is made from here on is lenient."""

    dependencies = [
        ("stations", "0003_held_back"),
    ]

    operations = [
        migrations.AddField(model_name="station", name="reading", field=reading("strict")),
        migrations.AddField(model_name="template", name="reading", field=reading("strict")),
        migrations.AlterField(model_name="station", name="reading", field=reading("lenient")),
        migrations.AlterField(model_name="template", name="reading", field=reading("lenient")),
        migrations.AddField(model_name="station", name="delays", field=delays()),
        migrations.AddField(model_name="template", name="delays", field=delays()),
    ]
