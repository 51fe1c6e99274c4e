"""Keep the statistics of each station as columns, see messaging/statistics/columns.py."""

from django.db import migrations

from messaging.statistics.keeping import COLLECTION, EACH, of_names, read

OLD_EACH = "+"


def to_columns(apps, schema_editor):
    collection = schema_editor.connection.database[COLLECTION]
    # The sums of before are made anew, as columns.
    collection.delete_many({"_id": {"$in": ["sums", "sum:24h", "sum:7d", "sum:30d"]}})
    for row in collection.find({"_id": {"$regex": r"^[mhd]:[0-9]+:\+$"}}):
        name = row["_id"][: -len(OLD_EACH)] + EACH
        cells = {station: its[""] for station, its in read(row).items()}
        document = {"_id": name, "time": row["time"], **of_names(cells)}
        collection.replace_one({"_id": name}, document, upsert=True)
        collection.delete_one({"_id": row["_id"]})


class Migration(migrations.Migration):
    dependencies = [("messaging", "0008_statistics")]
    operations = [migrations.RunPython(to_columns, migrations.RunPython.noop)]
