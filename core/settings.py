"""Django settings. What differs between machines comes from the environment; see `.env.example`."""

import math
import sys
from datetime import timedelta
from decimal import Decimal
from typing import Any

import dj_database_url
import django_stubs_ext
from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.urls import reverse_lazy

from core import __version__, addresses, environment, queues, redis_url, senders
from core.ops import logs

# Lets `ModelAdmin[Cliente]` be written: Django leaves these classes unsubscriptable.
django_stubs_ext.monkeypatch()

BASE_DIR = environment.BASE_DIR
env = environment.read_environment()

# --- what the machine decides ------------------------------------------------------------------------

DEBUG = env.bool("DEBUG", False)
SECRET_KEY = env.str("SECRET_KEY", "")
# The one before, while it is changed: what it signed is believed, and nothing is signed with it.
previous_key = env.str("SECRET_KEY_ANTERIOR", "")
SECRET_KEY_FALLBACKS = [previous_key] if previous_key else []
PORT = env.int("PORT", 8000, validate=environment.POSITIVE)
PUBLIC_URL = env.str("PUBLIC_URL", f"http://localhost:{PORT}", validate=environment.HTTP_URL)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
DATABASE_URL = env.str("DATABASE_URL", "", validate=environment.database_url)
REDIS_URL = env.str("REDIS_URL", "", validate=environment.redis_address)
LOG_LEVEL = env.str("LOG_LEVEL", "INFO", validate=environment.LOG_LEVEL)
LOG_FORMAT = env.str("LOG_FORMAT", "line", validate=environment.LOG_FORMAT)
# Touched with each pulse of a worker or of beat, for a container's health check.
PULSE_FILE = env.str("PULSE_FILE", "")
# The key to /metrics; without it only staff who have signed in may read it.
METRICS_TOKEN = env.str("METRICS_TOKEN", "")
# The threads of a worker process for everything but messages, and how many messages it has on their way at a time.
WORKER_THREADS = env.int("WORKER_THREADS", 16, validate=environment.POSITIVE)
WORKER_MESSAGES = env.int("WORKER_MESSAGES", 256, validate=environment.POSITIVE)
# A campaign takes all the processor there is: the web and PostgreSQL come first on a machine that they share.
WORKER_NICE = env.int("WORKER_NICE", 19, validate=environment.NICE)
WEB_THREADS = env.int("WEB_THREADS", 8, validate=environment.POSITIVE)
# How long POST /clientes/enviar-sms/ waits for its campaign unless the caller prefers less; below gunicorn's
# graceful_timeout, or a stop would cut the answer.
SEND_WAIT_S = env.float("SEND_WAIT_S", 25.0)
# Hours that a session lasts without a request, and in all.
SESSION_IDLE_H = env.float("SESSION_IDLE_H", 12.0, validate=environment.SECONDS)
SESSION_MAX_H = env.float("SESSION_MAX_H", 168.0, validate=environment.SECONDS)
# Hours that a key of the API lasts which POST /api/v1/auth/token/ gave for a password.
API_TOKEN_H = env.float("API_TOKEN_H", 12.0, validate=environment.SECONDS)
# Admins and operators need a second factor; unless said, where pages are served by https.
second_factor = env.bool("SECOND_FACTOR_REQUIRED", None)
# Months after which the security log's rows go, and after which messages and replies lose whom they were of and what
# they said; None: they stay. A month is 31 days. The log's trigger lets nothing younger than three months go.
security_log_months = env.str("SECURITY_LOG_MONTHS", "", validate=environment.LOG_MONTHS)
messages_months = env.str("MESSAGES_MONTHS", "", validate=environment.MONTHS)
STATEMENT_TIMEOUT_MS = env.int("DB_STATEMENT_TIMEOUT_MS", 30_000)
# What stands between the product and PostgreSQL: nothing, or a pooler that gives a session to each transaction.
DATABASE_POOLER = env.str("DATABASE_POOLER", "", validate=environment.POOLER)

TWILIO_ACCOUNT_SID = env.str("TWILIO_ACCOUNT_SID", "")
TWILIO_AUTH_TOKEN = env.str("TWILIO_AUTH_TOKEN", "")
# Callbacks that it signed are still believed, while Twilio changes from it to the one above.
TWILIO_AUTH_TOKEN_ANTERIOR = env.str("TWILIO_AUTH_TOKEN_ANTERIOR", "")
# Secrets of SharedKeys, which Twilio signs callbacks with instead of the Auth Token where a Webhooks Rule says so.
TWILIO_SHARED_KEYS: list[str] = env.list("TWILIO_SHARED_KEYS", [])
TWILIO_FROM = env.str("TWILIO_FROM", "")
TWILIO_MESSAGING_SERVICE_SID = env.str("TWILIO_MESSAGING_SERVICE_SID", "")
TWILIO_API_BASE_URL = env.str("TWILIO_API_BASE_URL", "", validate=environment.HTTP_URL)
# The account has Message Redaction: ask that texts and numbers stay readable, so that a doubt can be settled.
TWILIO_RETAIN = env.bool("TWILIO_RETAIN", False)
# A campaign of so many recipients or more is checked for at Twilio when it is created.
TWILIO_CHECK_FROM = env.int("TWILIO_CHECK_FROM", 1000, validate=environment.POSITIVE)
TWILIO_CONNECT_TIMEOUT_S = env.float("TWILIO_CONNECT_TIMEOUT_S", 5.0)
TWILIO_READ_TIMEOUT_S = env.float("TWILIO_READ_TIMEOUT_S", 20.0)

# What Twilio charges for one segment; without it the preview counts segments and shows no money.
segment_price = env.str("SMS_SEGMENT_PRICE", "", validate=environment.AMOUNT)
SMS_PRICE_CURRENCY = env.str("SMS_PRICE_CURRENCY", "USD")
PHONE_DEFAULT_REGION = env.str("PHONE_DEFAULT_REGION", "CO", validate=environment.REGION)
# The operator's ceilings for each shop; one shop may be given others: campaigns/models/limites.py
shop_money_day = env.str("SHOP_MAX_MONEY_DAY", "", validate=environment.MONEY)
shop_money_month = env.str("SHOP_MAX_MONEY_MONTH", "", validate=environment.MONEY)
shop_messages_day = env.str("SHOP_MAX_MESSAGES_DAY", "", validate=environment.WHOLE)
shop_countries = env.str("SHOP_COUNTRIES", "", validate=environment.COUNTRIES)
shop_senders = env.str("SHOP_MAX_SENDERS", "", validate=environment.WHOLE)
shop_approval_recipients = env.str("SHOP_APPROVAL_RECIPIENTS", "", validate=environment.WHOLE)
shop_approval_cost = env.str("SHOP_APPROVAL_COST", "", validate=environment.MONEY)
TIME_ZONE = env.str("TIME_ZONE", "America/Bogota", validate=environment.zone)
STATIC_ROOT = env.str("STATIC_ROOT", str(BASE_DIR / ".data" / "static"))

# How many proxies of ours stand before the web: the last so many X-Forwarded-For addresses are true, the rest is
# whatever the caller wrote. An https address ends at one.
proxies = env.int("PROXIES", None, validate=environment.COUNT)
API_RATE_USER = env.str("API_RATE_USER", "1200/min", validate=environment.RATE)
API_RATE_ANONYMOUS = env.str("API_RATE_ANONYMOUS", "60/min", validate=environment.RATE)
API_RATE_LOGIN = env.str("API_RATE_LOGIN", "10/min", validate=environment.RATE)
# Of each person who has signed in: pages that look through a whole shop, and files in and out (core/pages/rates.py).
# Lists of clients, sales, replies, opt-outs and recipients, of each person who may read and not export.
READ_RATE = env.str("READ_RATE", "300/h", validate=environment.RATE)
PAGE_RATES = {
    "consulta": env.str("PAGE_RATE_QUERY", "600/min", validate=environment.RATE),
    "archivo": env.str("PAGE_RATE_FILE", "60/min", validate=environment.RATE),
}

# --- alerts (see workers/alerts) ---------------------------------------------------------------------

# A shop's webhook may then be in our network, and without https.
ALERTS_ALLOW_PRIVATE = env.bool("ALERTS_ALLOW_PRIVATE", False)
EMAIL_HOST = env.str("EMAIL_HOST", "")
EMAIL_PORT = env.int("EMAIL_PORT", 587, validate=environment.POSITIVE)
EMAIL_HOST_USER = env.str("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = env.str("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = env.bool("EMAIL_USE_TLS", True)
DEFAULT_FROM_EMAIL = env.str("EMAIL_FROM", "alertas@localhost")
EMAIL_TIMEOUT = 10

# --- the engine (see workers/engine) -----------------------------------------------------------------

LOTE_SIZE = env.int("LOTE_SIZE", 500, validate=environment.POSITIVE)
# In the queues at a time, of all campaigns together: a few seconds of work, which is how long a new one waits.
LOTES_EN_VUELO = env.int("LOTES_EN_VUELO", 4, validate=environment.POSITIVE)
# Over so many queues the shops are spread; workers take from them in turn.
ENVIOS_QUEUES = env.int("ENVIOS_QUEUES", 8, validate=environment.POSITIVE)
# How fast the installation's sender may send, in segments; 0: no limit. Default: by its kind (core/senders.py).
sender_rate = env.float("SENDER_SEGMENTS_PER_S", None, validate=environment.COUNT)
# A claim outlives the longest possible call to Twilio, or a slow call would be taken for a dead worker.
lease_s = env.float("LEASE_S", None)
# Of a message for a reason of its own: what says nothing about the recipient is no attempt.
SEND_ATTEMPTS = env.int("SEND_ATTEMPTS", 8, validate=environment.POSITIVE)
# Pause before what was given back is tried again; it doubles with each attempt.
RETRY_BACKOFF_S = env.float("RETRY_BACKOFF_S", 5.0, validate=environment.SECONDS)
# An uncertain message is sent again only after Twilio was seen twice, this far apart, not to have it.
RECONCILE_INTERVAL_S = env.float("RECONCILE_INTERVAL_S", 60.0, validate=environment.SECONDS)
# Twilio's list may be behind by so much at most. Asked only where nothing later of ours shows how far it has come.
LIST_LAG_S = env.float("LIST_LAG_S", 3600.0, validate=environment.SECONDS)
# From a campaign's start to its end, whatever is left by then. What Twilio could not be asked about until then ends
# `fallido` with a code that says "unknown".
CAMPAIGN_DEADLINE_H = env.float("CAMPAIGN_DEADLINE_H", 72.0, validate=environment.SECONDS)
SWEEP_INTERVAL_S = env.float("SWEEP_INTERVAL_S", 5.0, validate=environment.SECONDS)
# How long a published Lote may stand still, its queue being past it, before its tasks count as lost.
LOTE_LOST_AFTER_S = env.float("LOTE_LOST_AFTER_S", 30.0, validate=environment.SECONDS)
# How long a worker may be silent while Redis answers, before it is taken for dead; 0 is for ever.
WATCHDOG_S = env.float("WATCHDOG_S", 60.0, validate=environment.COUNT)

environment.seal(env)
REDIS_URL = redis_url.normal(REDIS_URL)

# --- what follows from it: a bad value is not there to be computed with before `seal` has named it -------

PUBLIC_URL = PUBLIC_URL.rstrip("/")
SMS_SEGMENT_PRICE = Decimal(segment_price) if segment_price else None
SHOP_MAX_MONEY_DAY = Decimal(shop_money_day) if shop_money_day else None
SHOP_MAX_MONEY_MONTH = Decimal(shop_money_month) if shop_money_month else None
SHOP_MAX_MESSAGES_DAY = int(shop_messages_day) if shop_messages_day else None
SHOP_MAX_SENDERS = int(shop_senders) if shop_senders else None
SHOP_APPROVAL_RECIPIENTS = int(shop_approval_recipients) if shop_approval_recipients else None
SECURITY_LOG_MONTHS = int(security_log_months) if security_log_months else None
MESSAGES_MONTHS = int(messages_months) if messages_months else None
SHOP_APPROVAL_COST = Decimal(shop_approval_cost) if shop_approval_cost else None
HTTPS = PUBLIC_URL.startswith("https://")
SECOND_FACTOR_REQUIRED = HTTPS if second_factor is None else second_factor
PROXIES = int(HTTPS) if proxies is None else proxies
LEASE_S = TWILIO_CONNECT_TIMEOUT_S + TWILIO_READ_TIMEOUT_S + 20.0 if lease_s is None else lease_s
# Anything but Twilio's own address is the simulator: the pages say so.
TWILIO_SIMULATED = not addresses.is_twilio(TWILIO_API_BASE_URL)
# A simulator sends nothing and costs nothing, and Twilio's test numbers are of no country.
own_countries = "*" if TWILIO_SIMULATED else PHONE_DEFAULT_REGION
SHOP_COUNTRIES = [country.strip() for country in (shop_countries or own_countries).split(",")]
TWILIO_SENDER = TWILIO_MESSAGING_SERVICE_SID or TWILIO_FROM
if sender_rate is None:
    SENDER_SEGMENTS_PER_S = senders.NO_LIMIT if TWILIO_SIMULATED else senders.default_rate(TWILIO_SENDER)
else:
    SENDER_SEGMENTS_PER_S = sender_rate

# --- Django ------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "core",
    "clientes",
    "campaigns",
    "workers",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "drf_standardized_errors",
    "django_celery_results",
    "django_celery_beat",
    "csp",
]
MIDDLEWARE = [
    "core.ops.middleware.RequestLog",
    "core.ops.middleware.Unshared",
    "core.ops.middleware.ApiByHttps",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "core.sessions.SessionLimits",
    "core.denials.Denials",
    "core.pages.rates.PageRates",
    "core.sunset.Sunset",
    "django.contrib.messages.middleware.MessageMiddleware",
    "core.first_password.FirstPassword",
    "core.factor.middleware.SecondFactor",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "core.context_processors.producto",
            ]
        },
    }
]
ROOT_URLCONF = "core.urls"
WSGI_APPLICATION = "core.wsgi.application"
WSGI_FIRST = "workers.webhooks.wsgi.Callbacks"  # status callbacks need nothing of what a page needs
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

DATABASES: dict[str, Any] = {}
if DATABASE_URL:
    DATABASES["default"] = dj_database_url.parse(
        DATABASE_URL, engine="core.postgresql", conn_max_age=600, conn_health_checks=True
    )
    said = DATABASES["default"].setdefault("OPTIONS", {})
    # A thread pool ignores Celery's time limits, so every statement and every lock wait is bounded here. A commit that
    # is confirmed is on disk, whatever the server's or the role's default: see the engine's claims. The last word of an
    # option counts, so these stand behind what the address says. A pooler takes none, and a session's would be left to
    # strangers: behind one they are the role's, which `core.postgresql.durable` sees to.
    own = (
        f" -c statement_timeout={STATEMENT_TIMEOUT_MS} -c idle_in_transaction_session_timeout=60000"
        " -c synchronous_commit=on"
    )
    DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = bool(DATABASE_POOLER)
    DATABASES["default"]["OPTIONS"] = {
        "connect_timeout": 5,
        # A database host that vanishes sends no reset: give it up after half a minute, not the two hours of the kernel.
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 4,
        "tcp_user_timeout": 30_000,
        **said,
        **({} if DATABASE_POOLER else {"options": said.get("options", "") + own}),
    }

CACHES: dict[str, dict[str, Any]] = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
if REDIS_URL:
    CACHES["default"] = {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "sms",
        # The cache is never worth waiting for.
        "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1, "serializer": "core.cache.Json"},
    }

AUTH_USER_MODEL = "core.Usuario"
SESSION_COOKIE_AGE = int(SESSION_MAX_H * 3600)
AUTHENTICATION_BACKENDS = ["core.auth.OpenShopBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
AUTH_PASSWORD_VALIDATORS.append({"NAME": "core.claves.NotEasilyGuessed"})
PASSWORD_RESET_TIMEOUT = 3600
LOGIN_URL = reverse_lazy("ingresar")
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = reverse_lazy("ingresar")

LANGUAGE_CODE = "es-co"
USE_TZ = True
STATIC_URL = "/static/"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
if DEBUG:
    STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}

# --- security: strict where the public address is https ------------------------------------------------

CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
# A name that a browser takes from this very host alone, and by https: RFC 6265bis, 4.1.3.2.
COOKIE_PREFIX = "__Host-" if HTTPS else ""
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}sessionid", f"{COOKIE_PREFIX}csrftoken"
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
# The load balancer and Prometheus ask over plain HTTP, from inside.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}
FILE_UPLOAD_HANDLERS = ["core.uploads.NoFiles"]
# A campaign over 100,000 ids is about one megabyte of JSON.
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
BIG_BODY_MAX_SIZE = 16 * 1024 * 1024  # of a call with 100,000 recipients

# --- the API -----------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    # Keys first: an anonymous call is answered 401, not 403.
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "core.auth.LlaveAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["core.api.permissions.RoleMay"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["core.api.parsers.BoundedJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "core.api.pagination.NewestFirstPagination",
    "DEFAULT_FILTER_BACKENDS": ["core.api.filters.FilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "core.api.schema.DescribesErrors",
    "DEFAULT_THROTTLE_CLASSES": [
        "core.api.throttling.UserThrottle",
        "core.api.throttling.AddressThrottle",
        "core.api.throttling.ReaderThrottle",
    ],
    "DEFAULT_THROTTLE_RATES": {
        "usuario": API_RATE_USER,
        "direccion": API_RATE_ANONYMOUS,
        "ingreso": API_RATE_LOGIN,
        "prueba": "5/min",
        # The page of opt-out links: guesses are bounded, and visits only so that they cannot wear out the database.
        "enlace": "600/min",
        "enlace_errado": "30/min",
    },
    "NUM_PROXIES": PROXIES,
    "EXCEPTION_HANDLER": "core.api.errors.handle",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
DRF_STANDARDIZED_ERRORS = {
    "EXCEPTION_HANDLER_CLASS": "core.api.errors.Handler",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Campañas SMS",
    "DESCRIPTION": "Send SMS campaigns to a shop's clients, each message exactly once, and watch them live.",
    "VERSION": __version__,
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "EstadoCampanaEnum": "campaigns.values.estados.EstadoCampana",
        "EstadoSMSEnum": "campaigns.values.estados.EstadoSMS",
        "EstadoEntregaEnum": "campaigns.models.alerta.EntregaAlerta.Estado",
        "FuenteEnum": "clientes.models.baja.Fuente",
        "FuenteRegistradaEnum": "campaigns.api.bajas.FUENTES",
        "IntencionEnum": "campaigns.values.intencion.Intencion",
        "ErrorTypeEnum": "core.api.schema.TYPES",
    },
}

# --- Celery ------------------------------------------------------------------------------------------

CELERY_BROKER_URL = redis_url.for_celery(REDIS_URL)
# Redis counts chords; campaign-level tasks name django-db themselves
CELERY_RESULT_BACKEND = f"workers.broker.results:Backend+{CELERY_BROKER_URL.removeprefix('redis+')}"
CELERY_TIMEZONE = TIME_ZONE
CELERY_TASK_DEFAULT_QUEUE = queues.CAMPANAS
CELERY_TASK_QUEUES = queues.declared(ENVIOS_QUEUES)
CELERY_TASK_ACKS_LATE = True  # a redelivered part finds its row claimed and returns
CELERY_TASK_TRACK_STARTED = False
# For each thread; in all, twice as many messages as are on their way: see workers/broker/transport.py
CELERY_WORKER_PREFETCH_MULTIPLIER = max(2, math.ceil(2 * WORKER_MESSAGES / WORKER_THREADS))
# After a lost connection Celery would fetch less and restore that as its pool's tasks end: messages are not among them.
CELERY_WORKER_ENABLE_PREFETCH_COUNT_REDUCTION = False
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 10.0
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_POOL_LIMIT = WORKER_THREADS + 10
# Celery's Django fixup would close the database connection around every task, and a new one costs 8 ms. The
# application drops what is broken or old (CONN_MAX_AGE) before each task instead, as Django does for requests.
CELERY_DB_REUSE_MAX = sys.maxsize
CELERY_RESULT_EXTENDED = True  # the admin shows each task's name and arguments
CELERY_RESULT_EXPIRES = 24 * 3600  # also how long the counter of a lost chord stays in Redis
RECORDED_RESULTS_EXPIRE = timedelta(days=30)  # campaign-level tasks in the admin
# Without a socket timeout `.delay()` hangs on a stalled Redis. kombu's pool of 10 makes sending fail above 10.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_timeout": 10,
    "socket_connect_timeout": 3,
    "max_connections": 2 * WORKER_THREADS + 20,
    "priority_steps": [0],  # a queue is one key
    "prefetch_tasks": 2 * WORKER_THREADS,  # beside the messages
}
# Celery would try twenty times, for up to four minutes, and the sweep with it; it publishes later instead.
CELERY_RESULT_BACKEND_TRANSPORT_OPTIONS = {"retry_policy": {"max_retries": 1}}
CELERY_REDIS_SOCKET_TIMEOUT = 10.0
CELERY_REDIS_SOCKET_CONNECT_TIMEOUT = 3.0
CELERY_REDIS_MAX_CONNECTIONS = 2 * WORKER_THREADS + 20
# The schedule is in PostgreSQL, where operators see it in the admin, beside one entry for each Programacion. Beat
# writes the entries below there when it starts; it keeps whole seconds only, and knows `expires` as expire_seconds.
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
# The workers' own timers sweep, reconcile and look for what is due; beat asks too, in case that they stand still.
second_source_s = max(1, math.ceil(SWEEP_INTERVAL_S * 6))
CELERY_BEAT_SCHEDULE = {
    "barrer": {
        "task": "workers.barrer",
        "schedule": second_source_s,
        # A sweep that nobody took before the next one is worth nothing.
        "options": {"expire_seconds": second_source_s},
    },
    "conciliar": {
        "task": "workers.conciliar",
        "schedule": second_source_s,
        "options": {"expire_seconds": second_source_s},
    },
    # Finds the imports whose nudge or whose worker was lost; nothing to do costs one query.
    "importar": {"task": "workers.importar_clientes", "schedule": 10, "options": {"expire_seconds": 30}},
    # Sums what was written about clients, so that a campaign over a million is previewed at once.
    "contar-clientes": {"task": "workers.contar_clientes", "schedule": 10, "options": {"expire_seconds": 30}},
    # Makes the close of the day before, some hours after its end, and goes on with it a few minutes at a time.
    "cierre-diario": {"task": "workers.cierre_diario", "schedule": 300, "options": {"expire_seconds": 240}},
    "limpiar-importaciones": {"task": "workers.limpiar_importaciones", "schedule": crontab(hour="3", minute="50")},
    "olvidar-contactos": {"task": "workers.olvidar_contactos", "schedule": crontab(hour="4", minute="10")},
    # Before the day's campaigns.
    "revisar-twilio": {"task": "workers.revisar_twilio", "schedule": crontab(hour="6", minute="30")},
    "limpiar-sesiones": {"task": "workers.limpiar_sesiones", "schedule": crontab(hour="4", minute="20")},
    "olvidar-lo-viejo": {"task": "workers.olvidar_lo_viejo", "schedule": crontab(hour="4", minute="30")},
    "limpiar-resultados": {"task": "workers.limpiar_resultados", "schedule": crontab(hour="3", minute="40")},
}

# --- logs --------------------------------------------------------------------------------------------

LOGGING = logs.configuration(LOG_FORMAT, LOG_LEVEL)
