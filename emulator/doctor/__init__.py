"""What `manage.py doctor` examines: one module an area, each a generator of findings."""
