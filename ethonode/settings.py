"""Django settings, one file; what differs between machines comes from the environment."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.urls import reverse_lazy

from ethonode import env, logs, unfold

ENVIRONMENT = env.read()
BASE_DIR = env.BASE_DIR
VAR_DIR = ENVIRONMENT.var_dir

SECRET_KEY = ENVIRONMENT.secret_key
SECRET_KEY_FALLBACKS = list(ENVIRONMENT.old_secret_keys)
DEBUG = ENVIRONMENT.debug
ALLOWED_HOSTS = list(ENVIRONMENT.allowed_hosts)
PUBLIC_URL = ENVIRONMENT.public_url
TRUSTED_PROXIES = list(ENVIRONMENT.trusted_proxies)
ROOT_URLCONF = "ethonode.urls"
WSGI_APPLICATION = "ethonode.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
FORMAT_MODULE_PATH = "ethonode.formats"  # dates as 2026-11-22 13:40

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.simple_history",
    "django.contrib.admin.apps.SimpleAdminConfig",  # only the web server loads the admin's pages
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "knox",
    "simple_history",
    "django_celery_beat",
    "django_celery_results",
    "django_structlog",
    "axes",
    "devices",
    "backups",
    "incidents",
    "lab",
    "django_otp",
    "django_otp.plugins.otp_totp",  # its codes are tried before the recovery codes
    "django_otp.plugins.otp_static",
    "people",
    "installation",
]

if PUBLIC_URL:
    ALLOWED_HOSTS.append(str(urlsplit(PUBLIC_URL).hostname))
    CSRF_TRUSTED_ORIGINS = ["://".join(urlsplit(PUBLIC_URL)[:2])]
# By https people come where the address that they are told says so.
if PUBLIC_URL.startswith("https://"):
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = int(ENVIRONMENT.hsts.total_seconds())
IPWARE_META_PRECEDENCE_ORDER = ("REMOTE_ADDR",)  # true, by our own middleware
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# As strict as the admin allows: its Alpine needs eval, its colours and htmx inline styles.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'", "'unsafe-eval'"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:"],
        "media-src": ["'self'", "blob:"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

MIDDLEWARE = [
    "ethonode.proxies.TrustedProxies",
    "ethonode.clean_answers.CleanAnswers",
    "csp.middleware.CSPMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "ethonode.health.AliveFirst",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "ethonode.relay.RelayFiles",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "ethonode.odd_requests.OddRequests",
    "ethonode.zones.ViewersZone",
    "axes.middleware.AxesMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "ethonode" / "templates"],  # wins over unfold's own
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "ethonode.unfold.simulated_lab",
                "ethonode.menu.place",
                "ethonode.banner.watch",
                "ethonode.banner.open_problems",
            ]
        },
    }
]

DATABASES: dict[str, dict[str, Any]] = {"default": ENVIRONMENT.database}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # IMMEDIATE: with WAL and DEFERRED, concurrent writers fail as "locked" instead of waiting.
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": (
            "PRAGMA auto_vacuum=INCREMENTAL;"  # a database that is made so can give room back
            "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA mmap_size=134217728;"
            "PRAGMA journal_size_limit=27103364;PRAGMA cache_size=-16000;"
        ),
    }

LOGIN_REDIRECT_URL = reverse_lazy("admin:index")  # unfold's login form has no hidden "next"
LOGIN_URL = reverse_lazy("admin:login")
CSRF_FAILURE_VIEW = "ethonode.error_pages.form_too_old"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
# Failed logins, at every door that takes a password, by the address of who tries.
AXES_LOCKOUT_PARAMETERS = ["ip_address"]
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = False  # or who has an account could go on guessing those of others
AXES_DISABLE_ACCESS_LOG = True
AXES_LOCKOUT_CALLABLE = "ethonode.logins.locked_out"
AXES_SENSITIVE_PARAMETERS: list[str] = []  # the log names who was tried, and from where
AXES_CLIENT_IP_CALLABLE = "ethonode.logins.counted_address"
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = True  # a line says who, from where, and at which door
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("MinimumLengthValidator", "CommonPasswordValidator", "NumericPasswordValidator")
] + [{"NAME": "people.tokens.EndsTokens"}]
KNOX_TOKEN_MODEL = "knox.AuthToken"  # noqa: S105  its own; named because ours point to it
OTP_TOTP_ISSUER = "ethonode"  # what the telephone shows

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "ethonode.static.GzippedManifestStorage"},
}

LOGGING_CONFIG = "ethonode.logs.configure"
LOGGING = logs.CONFIG
DJANGO_STRUCTLOG_CELERY_ENABLED = True  # a request's id goes along into the tasks it queued

REDIS_URL = ENVIRONMENT.redis_url
# Celery: a killed worker loses no task, and a stopped one leaves no backlog.
CACHES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    "shared": {  # by all processes
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "ethonode",
        "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 2},
    },
}
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1)
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 600,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
    "socket_timeout": 20,  # of a machine that is gone; else a beat that queues waits for ever
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_ROUTES = ("backups.routes.by_storage",)
CELERY_RESULT_BACKEND = "django-db"
CELERY_RESULT_EXTENDED = True
CELERY_RESULT_EXPIRES = None  # all at once, in one long transaction: we forget them in short steps
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TRACK_STARTED = True
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_TASK_TIME_LIMIT = 300
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 5
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SYNC_EVERY = 1  # when a task was last due is in the database at once, for /readyz
CELERY_BEAT_SCHEDULER = "ethonode.beat:BeatScheduler"
CELERY_TIMEZONE = "UTC"

SIMPLE_HISTORY_REVERT_DISABLED = True  # history is to be read: no old state is put back by it

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "people.authentication.Token",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "EXCEPTION_HANDLER": "backups.api.errors.handler",
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.DjangoModelPermissions"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "backups.api.parameters.StrictNegotiation",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "ethonode",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "backups.api.schema.completed",
    ],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "docExpansion": "none", "filter": True},
    "ENUM_NAME_OVERRIDES": {
        "CopyStateEnum": "backups.models.copies.COPY_STATES",
        "IncidentStateEnum": "incidents.models.incidents.IncidentState.choices",
        "RunStateEnum": "backups.models.run.RunState.choices",
    },
}

UNFOLD = unfold.UNFOLD  # how the admin looks

# ethonode's own: where the outside world is.
SIMULATED_LAB = ENVIRONMENT.simulated_lab  # every page says so while it is one
DEVICE_PORT = ENVIRONMENT.device_port
NODES = ENVIRONMENT.nodes
DEVICE_ADDRESSES = list(ENVIRONMENT.device_addresses)
SERVICE_TIMEOUT = ENVIRONMENT.service_timeout
NODE_TIMEOUT = timedelta(seconds=10)
DEVICE_TIMEOUT = timedelta(seconds=5)  # its server answers one request at a time, slowly
VIDEOS_DIR = ENVIRONMENT.videos_dir
RESULTS_DIR = ENVIRONMENT.results_dir
CARDS_DIR = ENVIRONMENT.cards_dir  # what else cards hold
STORAGE = ENVIRONMENT.storage  # whose files these are; "": those of the one host
SAVES_DIR = ENVIRONMENT.saves_dir  # of our own database and keys
SAVES_KEEP = ENVIRONMENT.saves_keep
MOMENTS_DIR = VAR_DIR / "moments"  # private copies of databases that are being written
VIDEO_CACHE_DIR = ENVIRONMENT.cache_dir or VIDEOS_DIR / ".cache"
VIDEO_CACHE_ASIDE = None if ENVIRONMENT.cache_dir else VAR_DIR / "video_cache"
VIDEO_SETTLED_AFTER = ENVIRONMENT.settled_after
SECURITY_CONTACT = ENVIRONMENT.security_contact
HEARTBEAT_URL = ENVIRONMENT.heartbeat_url
ALERT_NETWORKS = list(ENVIRONMENT.alert_networks)
SENDFILE = ENVIRONMENT.sendfile
STATUS_TTL = ENVIRONMENT.status_ttl
STATUS_NETWORKS = list(ENVIRONMENT.status_networks)
WALL_NETWORKS = list(ENVIRONMENT.wall_networks)
OLD_PAGE_BACKUPS = ENVIRONMENT.old_page_backups
DEVICE_NETWORKS = list(ENVIRONMENT.device_networks)
MYSQL_USER = ENVIRONMENT.mysql_user  # on the devices
MYSQL_PASSWORD = ENVIRONMENT.mysql_password
MYSQL_PORT = ENVIRONMENT.mysql_port
SSH_USER = ENVIRONMENT.ssh_user
SSH_PORT = ENVIRONMENT.ssh_port
SSH_KEY_FILE = ENVIRONMENT.ssh_key_file
CERTIFICATE_KEY_FILE = ENVIRONMENT.certificate_key_file
SSH_KNOWN_HOSTS = VAR_DIR / "ssh" / "known_hosts"
DEVICE_DATA_ROOT = ENVIRONMENT.device_data_root
BANDWIDTH_KIB = ENVIRONMENT.bandwidth_kib
PARALLEL_RUNS = ENVIRONMENT.parallel_runs
FILMS = ENVIRONMENT.films
FILMS_DIR = VAR_DIR / "films"
