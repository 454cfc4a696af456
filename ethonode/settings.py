"""Django settings, one file; what differs between machines comes from the environment."""

from datetime import timedelta
from typing import Any

from django.urls import reverse_lazy

from ethonode import env, logs, unfold

ENVIRONMENT = env.read()
BASE_DIR = env.BASE_DIR
VAR_DIR = ENVIRONMENT.var_dir

SECRET_KEY = ENVIRONMENT.secret_key
DEBUG = ENVIRONMENT.debug
ALLOWED_HOSTS = list(ENVIRONMENT.allowed_hosts)
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
    "devices",
    "backups",
    "lab",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "ethonode.odd_requests.OddRequests",
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
                "ethonode.banner.watch",
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
            "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA mmap_size=134217728;"
            "PRAGMA journal_size_limit=27103364;PRAGMA cache_size=-16000;"
        ),
    }

LOGIN_REDIRECT_URL = reverse_lazy("admin:index")  # unfold's login form has no hidden "next"
LOGIN_URL = reverse_lazy("admin:login")
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("MinimumLengthValidator", "CommonPasswordValidator", "NumericPasswordValidator")
]

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
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1)
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 600,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_RESULT_BACKEND = "django-db"
CELERY_RESULT_EXTENDED = True
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

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "backups.api.tokens.Token",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "EXCEPTION_HANDLER": "backups.api.errors.handler",
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.DjangoModelPermissions"],
    "DEFAULT_FILTER_BACKENDS": [
        "django_filters.rest_framework.DjangoFilterBackend",
        "rest_framework.filters.OrderingFilter",
    ],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.LimitOffsetPagination",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "PAGE_SIZE": 100,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "ethonode",
    "DESCRIPTION": "Whether each ethoscope's data is safe, and the evidence.",
    "VERSION": "1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

UNFOLD = unfold.UNFOLD  # how the admin looks

# ethonode's own: where the outside world is.
SIMULATED_LAB = ENVIRONMENT.simulated_lab  # every page says so while it is one
DEVICE_PORT = ENVIRONMENT.device_port
NODE_URL = ENVIRONMENT.node_url
DEVICE_ADDRESSES = list(ENVIRONMENT.device_addresses)
SERVICE_URLS = {
    "mysql": ENVIRONMENT.mysql_service_url,
    "rsync": ENVIRONMENT.rsync_service_url,
}
SERVICE_TIMEOUT = ENVIRONMENT.service_timeout
NODE_TIMEOUT = timedelta(seconds=10)
DEVICE_TIMEOUT = timedelta(seconds=5)  # its server answers one request at a time, slowly
VIDEOS_DIR = ENVIRONMENT.videos_dir
RESULTS_DIR = ENVIRONMENT.results_dir
VIDEO_CACHE_DIR = ENVIRONMENT.cache_dir or VIDEOS_DIR / ".cache"
VIDEO_SETTLED_AFTER = ENVIRONMENT.settled_after
STATUS_TTL = ENVIRONMENT.status_ttl
STATUS_NETWORKS = list(ENVIRONMENT.status_networks)
MYSQL_USER = ENVIRONMENT.mysql_user  # on the devices
MYSQL_PASSWORD = ENVIRONMENT.mysql_password
MYSQL_PORT = ENVIRONMENT.mysql_port
SSH_USER = ENVIRONMENT.ssh_user
SSH_PORT = ENVIRONMENT.ssh_port
SSH_KEY_FILE = ENVIRONMENT.ssh_key_file
SSH_KNOWN_HOSTS = VAR_DIR / "ssh" / "known_hosts"
DEVICE_DATA_ROOT = ENVIRONMENT.device_data_root
BANDWIDTH_KIB = ENVIRONMENT.bandwidth_kib
PARALLEL_RUNS = ENVIRONMENT.parallel_runs
