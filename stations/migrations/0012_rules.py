from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("stations", "0011_crafter")]

    operations = [
        migrations.AddField(
            model,
            "rules",
            models.JSONField(
                default=list,
                blank=True,
                help_text="Answers to the CSMS's Calls instead of the station's own, as a list.",
            ),
        )
        for model in ("station", "template")
    ]
