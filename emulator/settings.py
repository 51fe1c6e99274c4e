"""Settings. Everything that differs between machines comes from the environment."""

from __future__ import annotations

import json
import os
from pathlib import Path

from emulator.admin_look import UNFOLD  # noqa: F401  (read by django-unfold)
from emulator.logs import logging_config
from emulator.monitoring import signs
from emulator.no_gis import leave_out_gis
from emulator.profiles.secret_key import secret_key
from emulator.profiles.stores import *  # noqa: F403
from emulator.profiles.stores import (
    BASE_DIR,
    DATA_DIR,
    MONGODB_MONITORING,
    MONGODB_NAME,
    MONGODB_URI,
    REDIS_PREFIX,
    REDIS_URL,
    env_flag,
)
from runtime import redis_clients, redis_links

leave_out_gis()


def env_list(name: str, default: str = "") -> list[str]:
    return [item.strip() for item in os.environ.get(name, default).split(",") if item.strip()]


DEBUG = env_flag("DEBUG")
SECRET_KEY = secret_key(DATA_DIR)
# Loopback always: the health probes ask there.
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", *env_list("ALLOWED_HOSTS")]
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS")

# --- stores -----------------------------------------------------------------------------------
DATABASES = {
    "default": {
        "ENGINE": "emulator.mongodb",
        "HOST": MONGODB_URI,
        "NAME": MONGODB_NAME,
        # Short enough that a page says "the database is away" before a proxy gives up.
        "OPTIONS": {
            "serverSelectionTimeoutMS": 5000,
            "connectTimeoutMS": 5000,
            # The embedded store ends a connection that was idle for 300 s, balancers and clouds
            # some from 240 s on. pymongo's asynchronous client sees that when it uses it, too
            # late for a command that is not asked again.
            "maxIdleTimeMS": 120_000,
            # A write is acknowledged once it is in the store's journal on disk. Without this a
            # kill takes back what was acknowledged last: a batch of the log, a synced state.
            "journal": env_flag("MONGODB_JOURNAL", True),
            **MONGODB_MONITORING,
        },
    }
}
# Seconds, of redis-py's clients; a web process has less patience.
REDIS_CLIENT = {"socket_timeout": 5.0, "socket_connect_timeout": 5.0}
# Whether the process follows what is written of stations though nobody asks: the web does.
ROSTER_KEEPS_UP = False
DATABASE_ROUTERS = ["django_mongodb_backend.routers.MongoRouter"]
DEFAULT_AUTO_FIELD = "django_mongodb_backend.fields.ObjectIdAutoField"
MIGRATION_MODULES = {
    label: f"emulator.mongo_migrations.{label}"
    for label in (
        "admin",
        "auth",
        "contenttypes",
        "django_celery_beat",
        "django_celery_results",
    )  # fmt: skip
}

# --- stations and messages --------------------------------------------------------------------
CHARGE_POINT_SHARDS = int(os.environ.get("CHARGE_POINT_SHARDS", "8"))
# Version -> blocks of your own: {"2.0.1": ["acme.blocks.Lottery"]}; see docs, "a vendor's block".
CHARGE_POINT_BLOCKS = json.loads(os.environ.get("CHARGE_POINT_BLOCKS", "{}"))
# After so long without a sign of a worker another takes its stations over.
CHARGE_POINT_LEASE_MS = int(os.environ.get("CHARGE_POINT_LEASE_MS", "10000"))
# How many connections a worker makes at a time: what a CSMS can bear, and its backlog.
CHARGE_POINT_DIALS = int(os.environ.get("CHARGE_POINT_DIALS", "200"))
# New connections a second to each CSMS, of all workers: a number, or JSON
# {"host:port": number, "*": number}.
CHARGE_POINT_DIAL_RATE = os.environ.get("CHARGE_POINT_DIAL_RATE", "0")
# Seconds within which the first dials of many stations that start together fall.
CHARGE_POINT_BOOT_SPREAD = float(os.environ.get("CHARGE_POINT_BOOT_SPREAD", "0"))
JOURNAL_DIR = Path(os.environ.get("JOURNAL_DIR") or DATA_DIR / "journal")
# The most that journals may take on disk; beyond it messages are dropped, counted and reported.
JOURNAL_BYTES = int(os.environ.get("JOURNAL_BYTES", str(256 * 1024 * 1024)))
MESSAGE_RETENTION_DAYS = int(os.environ.get("MESSAGE_RETENTION_DAYS", "30"))
TRAIL_RETENTION_DAYS = int(os.environ.get("TRAIL_RETENTION_DAYS", "365"))
SYNC_INTERVAL = float(os.environ.get("SYNC_INTERVAL", "30"))  # seconds
# Stations take a real one's time to reboot, install and connect anew, times this; 0: none of it.
STATION_DELAYS = float(os.environ.get("STATION_DELAYS", "1"))
# Where stations' links and the transfers of their files may lead; see docs/explanation/security.md.
EGRESS_CSMS_ALLOW = env_list("EGRESS_CSMS_ALLOW")
EGRESS_CSMS_DENY = env_list("EGRESS_CSMS_DENY")
EGRESS_TRANSFERS_ALLOW = env_list("EGRESS_TRANSFERS_ALLOW")
EGRESS_TRANSFERS_DENY = env_list("EGRESS_TRANSFERS_DENY")
# Hosts that scenarios and drivers of CSMSs may ask by HTTP; the driver of runs that name none.
HTTP_ALLOW_HOSTS = env_list("HTTP_ALLOW_HOSTS")
SCENARIO_DRIVER = os.environ.get("SCENARIO_DRIVER", "")
DEMO_CSMS_URL = (
    os.environ.get("DEMO_CSMS_URL") or f"ws://127.0.0.1:{os.environ.get('DEMO_CSMS_PORT') or 9220}"
)
# Where the admin's link to Flower leads; empty: no link.
FLOWER_URL = os.environ.get(
    "FLOWER_URL", f"http://127.0.0.1:{os.environ.get('FLOWER_PORT') or 5555}"
)

# --- Django -----------------------------------------------------------------------------------
INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",  # the site is ours: MongoAdminConfig names it
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "emulator.contrib.MongoAdminConfig",
    "emulator.contrib.MongoAuthConfig",
    "emulator.contrib.MongoContentTypesConfig",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_mongodb_backend",
    "emulator.contrib.MongoBeatConfig",
    "emulator.contrib.MongoCeleryResultConfig",
    "channels",
    "ninja",
    "emulator",
    "accounts",
    "stations",
    "messaging",
    "scenarios",
    "terminal",
]
MIDDLEWARE = [
    "emulator.web.headers.HeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.trail.middleware.TrailMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "emulator.web.error_pages.StoreAwayMiddleware",
    "emulator.web.error_pages.ApiRefusals",
]
TRACING = env_flag("TRACING")
if TRACING:
    MIDDLEWARE.insert(0, "emulator.web.traced.TracedMiddleware")
ROOT_URLCONF = "emulator.urls"
ASGI_APPLICATION = "emulator.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "emulator" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
AUTHENTICATION_BACKENDS = ["accounts.backends.Backend"]
PASSWORD_HASHERS = ["accounts.hashing.BoundedHasher"]
# Opens /api/health and /api/metrics, also while MongoDB, and with it the users, is away.
# From the first byte of a request to the end of its headers; 0: as long as it likes.
REQUEST_HEAD_SECONDS = float(os.environ.get("REQUEST_HEAD_SECONDS", "10"))
METRICS_TOKEN = os.environ.get("METRICS_TOKEN", "")
# /api/metrics has gauges of so many stations one by one, six series each.
METRICS_STATIONS = int(os.environ.get("METRICS_STATIONS", "0"))
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
FORMAT_MODULE_PATH = "emulator.formats"
# In the database, not in Redis or in the cookie: a login survives Redis, a logout is final.
SESSION_ENGINE = "django.contrib.sessions.backends.db"

STATIC_URL = "/static/"
# Unset: files come from the packages themselves, so `make run` has no collectstatic step.
STATIC_ROOT = os.environ.get("STATIC_ROOT") or None
WHITENOISE_USE_FINDERS = not STATIC_ROOT

# HTTPS is the reverse proxy's; HTTPS=1 says that there is one. Whose word counts on who asked and
# over what: networks, addresses or words of stations/link/egress.py.
HTTPS = env_flag("HTTPS")
TRUSTED_PROXIES = env_list("TRUSTED_PROXIES", "loopback")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "emulator.web.error_pages.csrf_failure"
if HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = int(os.environ.get("SECURE_HSTS_SECONDS", "3600"))
    SECURE_SSL_REDIRECT = True
    # Probes and Prometheus ask the process itself.
    SECURE_REDIRECT_EXEMPT = [r"^api/(health|metrics)$"]
# Whether HSTS holds for all names below the site's is not for one site to say.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
# A station import is the largest body.
DATA_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024
# Who deletes a whole fleet confirms a form with a field for each station.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 12_000

# --- Channels ---------------------------------------------------------------------------------
# "default" is the live view: pub/sub, nothing is stored, nearly free when nobody looks.
# "workers" carries commands to the charge point workers: queued, each is answered.
# A layer waits 5 s for a message; redis-py's own limit on a read is 5 s as well.
_channel_host = redis_links.options_of(REDIS_URL, socket_timeout=30)
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "messaging.live.layer.LiveLayer",
        "CONFIG": {"hosts": [_channel_host], "prefix": f"{REDIS_PREFIX}live"},
    },
    "workers": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {
            "hosts": [_channel_host],
            "prefix": f"{REDIS_PREFIX}workers",
            "expiry": 15,
            "capacity": 1000,
        },
    },
}

# --- Celery (names as emulator/celery.py reads them: CELERY_ and the setting) --------------------
CELERY_BROKER_URL, _sentinels = redis_clients.broker_url(REDIS_URL)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # Redis may be away for long; keep trying
# Redelivery after a worker died: longer than any task here (a batch: 33 s at the very worst),
# and looked for every 5 s. kombu's own pace, 10 s times 10, would add a hundred seconds.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 45,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "unacked_mutex_expire": 15,
    "global_keyprefix": signs.celery_prefix(),
    "socket_timeout": 10,
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
    "health_check_interval": 15,
    **_sentinels,
}
CELERY_RESULT_BACKEND = "django-db"
CELERY_RESULT_EXTENDED = True
CELERY_RESULT_EXPIRES = 24 * 3600
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_DEFAULT_QUEUE = "maintenance"
CELERY_TASK_QUEUE_NAMES = ("messages", "sync", "maintenance")
CELERY_TASK_SERIALIZER = "msgpack"
CELERY_ACCEPT_CONTENT = ["msgpack"]
# The results table wants text; the broker carries msgpack.
CELERY_RESULT_SERIALIZER = "json"
CELERY_RESULT_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# Flower has them sent while it runs; without it nobody hears them.
CELERY_WORKER_SEND_TASK_EVENTS = env_flag("CELERY_TASK_EVENTS", True)
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "emulator.beat:TellingScheduler"
# How soon beat sees a change made in the admin, and how late it may be.
CELERY_BEAT_MAX_LOOP_INTERVAL = 5
DJANGO_CELERY_BEAT_TZ_AWARE = True

# --- logs -------------------------------------------------------------------------------------
LOGGING_CONFIG = None
LOGGING = logging_config(
    level=os.environ.get("LOG_LEVEL", "INFO"), as_json=os.environ.get("LOG_FORMAT") == "json"
)
import logging.config  # noqa: E402

logging.config.dictConfig(LOGGING)
