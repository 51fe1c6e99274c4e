"""The variables of the environment: what each means, its default, and an example.

tests/documentation/test_settings.py holds the names and the defaults against the code.
"""

from __future__ import annotations

from typing import NamedTuple


class Variable(NamedTuple):
    """default: what the code takes where it is unset, "" for nothing; `told` says it in words."""

    name: str
    default: str
    example: str
    meaning: str
    told: str = ""


V = Variable
GROUPS: dict[str, tuple[Variable, ...]] = {
    "Addresses and ports": (
        V("PORT", "8000", "8080", "port of the web process of `manage.py up`"),
        V("HOST", "127.0.0.1", "0.0.0.0", "address that `manage.py up` serves on"),
        V("ALLOWED_HOSTS", "", "emulator.example,10.0.0.5",
          "names under which the site is reached, by comma; loopback always is one"),
        V("CSRF_TRUSTED_ORIGINS", "", "https://emulator.example",
          "origins whose forms and WebSockets are taken, by comma, with the scheme"),
        V("HTTPS", "0", "1", "1: a reverse proxy serves HTTPS. Cookies are for HTTPS only, plain "
          "requests are redirected, HSTS is sent"),
        V("SECURE_HSTS_SECONDS", "3600", "31536000",
          "with `HTTPS=1`: how long browsers remember that the site has HTTPS"),
        V("TRUSTED_PROXIES", "loopback", "10.0.0.0/8",
          "networks, addresses or words of the [egress lists](../explanation/security.md#where-"
          "stations-may-lead) whose X-Forwarded-For and X-Forwarded-Proto are believed"),
        V("WEBSOCKETS_PER_ADDRESS", "200", "1000",
          "most WebSockets of one client address in one web process; beyond it: close code 4429"),
        V("REQUEST_HEAD_SECONDS", "10", "30",
          "seconds that the head of a request may take from its first byte; 0: no limit"),
        V("DEMO_CSMS_PORT", "9220", "9300", "port of the demo CSMS of `manage.py up`, on loopback"),
        V("DEMO_CSMS_URL", "", "ws://127.0.0.1:9300", "where the demo stations connect",
          "the demo CSMS"),
        V("FLOWER_PORT", "5555", "5556", "port of Flower of `manage.py up`, on loopback"),
        V("FLOWER_URL", "", "https://flower.example",
          "where the admin's sidebar leads for Flower; empty: no entry",
          "Flower of `manage.py up`"),
    ),
    "Stores and files": (
        V("MONGODB_URI", "", "mongodb://mongo:27017/?replicaSet=rs0",
          "the database; unset: an embedded server", "embedded"),
        V("MONGODB_NAME", "ocpp_emulator", "emulator", "name of the database"),
        V("MONGODB_PASSWORD", "", "a-long-one", "password for a `MONGODB_URI` without one; "
          "`MONGODB_PASSWORD_FILE` names a file that has it"),
        V("MONGODB_JOURNAL", "1", "0", "1: MongoDB acknowledges a write when it is on disk; 0 is "
          "faster, and a MongoDB that is killed forgets its last writes"),
        V("REDIS_URL", "", "redis://redis:6379/0",
          "broker, channel layers, hot state, or the Sentinels that know its master: "
          "`redis+sentinel://host:26379,host:26379/service/0`; unset: an embedded server",
          "embedded"),
        V("REDIS_PREFIX", "ocpp:", "test:", "what the names of all keys in Redis begin with"),
        V("REDIS_PASSWORD", "", "a-long-one", "password for a `REDIS_URL` without one; "
          "`REDIS_PASSWORD_FILE` names a file that has it"),
        V("REDIS_SENTINEL_PASSWORD", "", "a-long-one", "password of the Sentinels themselves, "
          "if they have one; `REDIS_SENTINEL_PASSWORD_FILE` names a file that has it"),
        V("DATA_DIR", "", "/srv/emulator", "embedded stores, secret key, logs", "`.data`"),
        V("JOURNAL_DIR", "", "/srv/journal", "the write-ahead journal of the workers: a disk that "
          "outlives the process; for workers on several hosts one that all of them see",
          "`journal` in `DATA_DIR`"),
        V("JOURNAL_BYTES", "268435456", "1073741824", "most bytes that a worker's journal holds "
          "while Redis is away; beyond it the oldest records are dropped, and their number logged"),
        V("XDG_DATA_HOME", "~/.local/share", "/home/ada/.data", "where the installed command "
          "`ocpp-emulator` keeps its data, in `ocpp-emulator/`, unless `DATA_DIR` is set"),
        V("STATIC_ROOT", "", "/srv/static", "folder that `manage.py collectstatic` has filled, "
          "served with long lifetimes; unset: files are served from the packages"),
    ),
    "Users and secrets": (
        V("DJANGO_SECRET_KEY", "", "a-random-text-of-50-characters", "signs sessions and encrypts "
          "the stations' passwords: keep it. `DJANGO_SECRET_KEY_FILE` names a file that has it",
          "made at the first start, in `DATA_DIR`"),
        V("DJANGO_SUPERUSER_USERNAME", "admin", "ada", "administrator of the first start"),
        V("DJANGO_SUPERUSER_PASSWORD", "", "a-long-one", "password of that administrator",
          "random, printed once"),
        V("DJANGO_SUPERUSER_EMAIL", "", "ada@example.com", "mail address of that administrator"),
        V("METRICS_TOKEN", "", "a-long-random-text", "bearer token that opens `/api/metrics` and "
          "the whole of `/api/health`, and nothing else; works while MongoDB is away"),
        V("TRACING", "0", "1", "1: spans of every Call and request, by OpenTelemetry; needs "
          "requirements-tracing.txt, see [monitoring](../deploy/monitoring.md#traces)"),
        V("METRICS_STATIONS", "0", "50",
          "how many stations `/api/metrics` shows one by one, with six series each"),
        V("TRAIL_RETENTION_DAYS", "365", "730",
          "days after which entries of the trail are deleted"),
        V("DEBUG", "0", "1", "1: Django's debug pages. Never where others can reach it"),
    ),
    "Stations": (
        V("CHARGE_POINT_BLOCKS", "{}", '{"2.0.1": ["acme.blocks.Lottery"]}', "JSON: version -> "
          "blocks of your own that its stations have beside ours"),
        V("CHARGE_POINT_SHARDS", "8", "32", "shards at first: most charge point workers that "
          "can share the stations. A higher one at a restart, or `manage.py shards N`, raises "
          "it while others run; a lower one changes nothing"),
        V("CHARGE_POINT_LEASE_MS", "10000", "20000", "ms without a sign of life after which "
          "another worker takes over; the same for all workers"),
        V("CHARGE_POINT_DIALS", "200", "20", "connections that a worker makes at a time; fewer "
          "for a CSMS that cannot take so many"),
        V("CHARGE_POINT_DIAL_RATE", "0", '{"csms.example:9000": 20, "*": 100}', "most new "
          "connections a second to one CSMS, of all workers together (each takes the part of its "
          "shards); a number for each CSMS, or JSON by host or host:port, `*` for the others; 0: "
          "no limit"),
        V("CHARGE_POINT_BOOT_SPREAD", "0", "60", "seconds within which the first connections of "
          "stations fall, each at random, where more than 100 start together: an order for many, a "
          "worker that starts or takes others' stations over"),
        V("STATION_DELAYS", "1", "0", "factor on the time that stations take to reboot, install "
          "and connect again; 0: no time"),
        V("SYNC_INTERVAL", "30", "10", "seconds between two copies of the states to MongoDB"),
        V("MESSAGE_RETENTION_DAYS", "30", "7", "days after which messages and meter samples are "
          "deleted; sessions stay"),
    ),
    "What stations, scenarios and suites may reach": (
        V("EGRESS_CSMS_ALLOW", "", "csms.example,.corp", "where stations may connect, before the "
          "deny list counts: networks, addresses, hosts, `.domains`, "
          "[words](../explanation/security.md#where-stations-may-lead)"),
        V("EGRESS_CSMS_DENY", "", "inside", "where stations may not connect. Metadata and "
          "link-local addresses are denied without being named"),
        V("EGRESS_TRANSFERS_ALLOW", "", "files.example", "the same for firmware and log files"),
        V("EGRESS_TRANSFERS_DENY", "", "inside", "the same for firmware and log files"),
        V("HTTP_ALLOW_HOSTS", "", "csms.example,.test.example,10.0.0.5:8080", "hosts that steps "
          "`http`, drivers and webhooks may ask; this machine only if it is named"),
        V("SCENARIO_DRIVER", "", "demo", "[driver](suites.md#the-csms-acts) of runs that name "
          "none: a file, or the name of one that ships"),
        V("DRIVER_...", "", "DRIVER_TOKEN=...", "variables whose names begin so are those that "
          "`${env:DRIVER_...}` in drivers and scenarios of the platform can name"),
    ),
    "Processes": (
        V("EXPECTED_PROCESSES", "", "charge_points=3,celery=2,scenarios=1,beat=1",
          "how many of each must run; `/api/health` names what is missing", "one of each"),
        V("CELERY_CONCURRENCY", "2", "4", "children of the Celery worker of `manage.py up` and "
          "of the compose file"),
        V("CELERY_TASK_EVENTS", "1", "0", "1: Celery sends an event for each step of each task, "
          "for Flower. Under `manage.py up` 0 until Flower is opened"),
        V("LOG_LEVEL", "INFO", "WARNING", "`DEBUG`, `INFO`, `WARNING`, `ERROR`"),
        V("LOG_FORMAT", "", "json", "`json`: a JSON object a line", "text"),
    ),
    "Docker": (
        V("BIND", "127.0.0.1", "0.0.0.0", "address that compose publishes the web process on"),
        V("SECRETS_DIR", "./secrets", "/etc/emulator/secrets",
          "folder with the passwords that `docker/make-secrets` makes"),
        V("PROBE_PORT", "8000", "8080", "port that the web container's health check asks"),
    ),
}  # fmt: skip

VARIABLES = tuple(variable for group in GROUPS.values() for variable in group)
