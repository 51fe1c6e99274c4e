"""Mark the hours that have messages: the history looks for minutes in these only."""

from django.db import migrations

from messaging.keeping import store
from messaging.records import when


def mark(apps, schema_editor):
    db = schema_editor.connection.database
    minutes = db[store.MINUTES].find({}, {"_id": 1})
    known = {row["_id"] for row in db[store.HOURS].find({}, {"_id": 1})}
    unmarked = {row["_id"] // 60 for row in minutes} - known
    if unmarked:
        db[store.HOURS].insert_many([{"_id": h, "time": when(h * 3600)} for h in sorted(unmarked)])


class Migration(migrations.Migration):
    dependencies = [("messaging", "0003_samples")]
    operations = [migrations.RunPython(mark, migrations.RunPython.noop)]
