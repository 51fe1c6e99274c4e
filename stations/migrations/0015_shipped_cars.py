from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("stations", "0014_cars")]

    operations = [
        migrations.AddField(
            "carprofile", "shipped", models.BooleanField(default=False, editable=False)
        ),
    ]
