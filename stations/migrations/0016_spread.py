from django.db import migrations, models
from pymongo import UpdateOne

from stations.orders.spreading import SpreadField, spread_of

AT_ONCE = 500


def fill(apps, editor):
    """Of the rows that there are."""
    table = editor.connection.get_collection("stations_station")
    rows = list(table.find({"spread": None}, {"identity": 1}))
    for start in range(0, len(rows), AT_ONCE):
        table.bulk_write([
            UpdateOne({"_id": row["_id"]}, {"$set": {"spread": spread_of(row["identity"])}})
            for row in rows[start : start + AT_ONCE]
        ])  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("stations", "0015_shipped_cars")]

    operations = [
        migrations.AddField("station", "spread", SpreadField()),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddIndex("station", models.Index(fields=["spread"], name="station_spread")),
    ]
