from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("stations", "0007_rights")]

    operations = [
        migrations.AddField("station", "ordered", models.BigIntegerField(default=0, editable=False))
    ]
