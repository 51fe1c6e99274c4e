from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("scenarios", "0001_initial")]

    operations = [
        migrations.AlterModelOptions(
            "scenario",
            {
                "ordering": ["slug"],
                "permissions": [("run_scenario", "Can run scenarios on stations, and cancel them")],
            },
        )
    ]
