from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("stations", "0006_the_link")]

    operations = [
        migrations.AlterModelOptions(
            "station",
            {
                "ordering": ["identity"],
                "permissions": [
                    ("drive_station", "Can drive stations, send their messages and disturb them"),
                    ("sync_station", "Can bring the state of stations in MongoDB up to date"),
                    ("see_secrets", "Can see passwords and keys of stations"),
                ],
            },
        )
    ]
