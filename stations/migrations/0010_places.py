from django.db import migrations, models

PLACE = {
    "latitude": "Where it stands on the map, degrees; south is below 0.",
    "longitude": "Degrees; west is below 0.",
}


class Migration(migrations.Migration):
    dependencies = [("stations", "0009_no_index_of_templates")]

    operations = [
        migrations.AddField(
            model, name, models.FloatField(null=True, blank=True, help_text=words)
        )
        for model in ("station", "template")
        for name, words in PLACE.items()
    ]
