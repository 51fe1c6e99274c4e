from django.db import migrations, models

STATES = [
    ("pending", "Pending"), ("running", "Running"), ("passed", "Passed"), ("failed", "Failed"),
    ("cancelled", "Cancelled"), ("skipped", "Skipped"),
]  # fmt: skip


def _state() -> models.CharField:
    return models.CharField(choices=STATES, default="pending", max_length=10)


class Migration(migrations.Migration):
    dependencies = [("scenarios", "0002_rights")]

    operations = [
        migrations.CreateModel(
            name="StationTurn",
            fields=[
                ("id", models.CharField(
                    max_length=48, primary_key=True, serialize=False, verbose_name="station")),
                ("execution", models.CharField(max_length=24)),
                ("since", models.DateTimeField()),
            ],
            options={"indexes": [models.Index(fields=["execution"], name="turn_execution")]},
        ),
        migrations.AddField(
            "scenario",
            "watch",
            models.JSONField(
                blank=True,
                default=dict,
                help_text="What the wire watch fails, warns of and lets pass.",
            ),
        ),
        migrations.AddField("execution", "share", models.BooleanField(default=False)),
        migrations.AddField("execution", "warnings", models.PositiveIntegerField(default=0)),
        migrations.AddField("stationrun", "findings", models.JSONField(default=list)),
        migrations.AlterField("execution", "state", _state()),
        migrations.AlterField("stationrun", "state", _state()),
    ]  # fmt: skip
