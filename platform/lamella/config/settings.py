"""Settings, all of them overridable by environment variables (see docs/guide-admin.md).

Without any variable this is one machine: SQLite, Zarr on disk, Celery over the file system.
"""

import secrets
from datetime import timedelta
from pathlib import Path

import django_stubs_ext
import environ

# Lets annotations such as ModelForm[Study] stand in code that runs.
django_stubs_ext.monkeypatch()

ROOT = Path(__file__).resolve().parents[3]
env = environ.Env()

# Where everything lives that is not code: database, store, broker folder, logs.
DATA_DIR = Path(env.str("LAMELLA_DATA", default=str(ROOT / "var"))).resolve()
DATA_DIR.mkdir(parents=True, exist_ok=True)

DEBUG = env.bool("LAMELLA_DEBUG", default=False)


def _secret_key() -> str:
    """The key from the environment, or one made once and kept beside the data."""
    given = str(env.str("LAMELLA_SECRET_KEY", default=""))
    if given:
        return given
    path = DATA_DIR / "secret-key"
    if not path.exists():
        # O_EXCL through "x": of two processes that start together one writes, both read.
        try:
            with path.open("x") as file:
                path.chmod(0o600)
                file.write(secrets.token_urlsafe(50))
        except FileExistsError:
            pass
    return path.read_text().strip()


SECRET_KEY = _secret_key()
ALLOWED_HOSTS = env.list("LAMELLA_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("LAMELLA_ORIGINS", default=[])

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "lamella.languages",
    "lamella.pages",  # before allauth, whose templates it replaces
    "allauth",
    "allauth.account",
    "ninja",  # serves the API's own documentation page
    "lamella.jobs",
    "lamella.accounts",
    "lamella.studies",
    "lamella.notices",
    "lamella.cubes",
    "lamella.learning",
    "lamella.rounds",
    "lamella.annotation",
    "lamella.consensus",
    "lamella.exchange",
    "lamella.loop",
    *env.list("LAMELLA_EXTRA_APPS", default=["workers"]),
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "lamella.pages.middleware.ContentSecurityPolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "lamella.pages.middleware.KeptLanguage",
    "lamella.pages.middleware.Refusals",
]

ROOT_URLCONF = "lamella.config.urls"
WSGI_APPLICATION = "lamella.config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{DATA_DIR}/lamella.sqlite3")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        # A write transaction takes its lock at the start: two writers wait instead of failing.
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True

LANGUAGE_CODE = "en"
TIME_ZONE = env.str("LAMELLA_TIME_ZONE", default="UTC")
USE_I18N = True
# Each by its own name. How to add one: docs/translating.md.
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
# English in disguise, to find what is not translated and what does not fit; for tests.
if env.bool("LAMELLA_PSEUDO_LOCALES", default=False):
    LANGUAGES += [("en-xa", "Pseudo"), ("ar-xb", "Pseudo, right to left")]
# Where compiled catalogues go; they are made from the .po files at start (lamella/languages).
LOCALE_PATHS = [DATA_DIR / "locale"]
LANGUAGE_COOKIE_AGE = 60 * 60 * 24 * 365
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
FRONTEND_DIST = ROOT / "frontend" / "web" / "dist"
STATICFILES_DIRS = [("web", FRONTEND_DIST)] if FRONTEND_DIST.exists() else []
# Vite names files by their content; WhiteNoise may let browsers keep those for ever.
WHITENOISE_USE_FINDERS = True
WHITENOISE_IMMUTABLE_FILE_TEST = r"/web/assets/.+-[\w-]{8}\.\w+$"

# allauth: a name and a password are enough; a mail address is the person's choice.
ACCOUNT_ADAPTER = "lamella.pages.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
LOGIN_REDIRECT_URL = "/"
LOGIN_URL = "account_login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
EMAIL_CONFIG = env.email_url("LAMELLA_EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = env.str("LAMELLA_MAIL_FROM", default="lamella@localhost")
# Where people reach these pages, as links in mails need it.
PUBLIC_URL = env.str("LAMELLA_URL", default="http://localhost:8000").rstrip("/")

SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
BEHIND_TLS = env.bool("LAMELLA_TLS", default=False)
SESSION_COOKIE_SECURE = BEHIND_TLS
CSRF_COOKIE_SECURE = BEHIND_TLS
LANGUAGE_COOKIE_SECURE = BEHIND_TLS
SECURE_HSTS_SECONDS = 31536000 if BEHIND_TLS else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 365
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024 * 1024

# Celery. The Job row is the truth; a broker may lose what it likes.
BROKER_DIR = DATA_DIR / "broker"
BROKER_URL = env.str("LAMELLA_BROKER_URL", default=env.str("REDIS_URL", default="filesystem://"))

# What the scheduler calls every two seconds; each must be harmless where it runs twice.
PERIODIC = [
    "lamella.jobs.reconciler.reconcile_now",
    "lamella.jobs.beats.scheduler_beat",
    "lamella.annotation.offers.expire_leases",
    "lamella.loop.services.nudge",
    "lamella.loop.scheduling.start_due",
    "lamella.loop.kept.freshen",
]
# What it calls when it starts and once an hour.
HOURLY = [
    "lamella.cubes.uploads.clean_stale",
    "lamella.jobs.purge.purge",
    "lamella.notices.digest.enqueue_due",
]
# For how long the list of jobs reaches back.
JOBS_KEPT = timedelta(days=env.int("LAMELLA_JOBS_KEPT_DAYS", default=30))

# Volumes, proposals, checkpoints, exports: a folder, or an address such as s3://bucket/prefix.
STORE_URL = env.str("LAMELLA_STORE", default=str(DATA_DIR / "store"))
STORE_OPTIONS = env.json("LAMELLA_STORE_OPTIONS", default={})
UPLOAD_DIR = DATA_DIR / "uploads"
# Files that nobody goes on with, or that were read, are kept for another try.
UPLOAD_KEPT = timedelta(hours=env.int("LAMELLA_UPLOAD_KEPT_HOURS", default=72))
# What may be ingested by path or address; nothing, unless an admin says so.
INGEST_ROOTS = [Path(p) for p in env.list("LAMELLA_INGEST_ROOTS", default=[])]
INGEST_URLS = env.list("LAMELLA_INGEST_URLS", default=[])
MAX_UPLOAD_BYTES = env.int("LAMELLA_MAX_UPLOAD_BYTES", default=200 * 1024**3)
MAX_VOXELS = env.int("LAMELLA_MAX_VOXELS", default=10**12)

# With it Prometheus reads /metrics (as a bearer token); admins of the installation always may.
METRICS_TOKEN = env.str("LAMELLA_METRICS_TOKEN", default="")

LOG_LEVEL = env.str("LAMELLA_LOG_LEVEL", default="INFO").upper()
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "plain", "level": LOG_LEVEL}
    },
    "loggers": {
        "httpx": {"level": "WARNING"},  # a line for every request
        "kombu.connection": {"level": "ERROR"},  # a folder has no host name, and needs none
    },
    # The logs of jobs have what is said from INFO on, whatever the console is told.
    "root": {"handlers": ["console"], "level": "DEBUG" if LOG_LEVEL == "DEBUG" else "INFO"},
}
