"""Settings of the test runs: a throw-away data folder, quick password hashes."""

import os
import tempfile

# Set before the settings are read: nothing of a test may touch a person's data folder.
os.environ.setdefault("LAMELLA_DATA", tempfile.mkdtemp(prefix="lamella-test-"))
os.environ.setdefault("LAMELLA_SECRET_KEY", "only-for-tests")
os.environ.setdefault("LAMELLA_PSEUDO_LOCALES", "true")
if os.environ.get("LAMELLA_TEST_DATABASE") == "postgres":
    from tests.services import postgres_url

    os.environ["DATABASE_URL"] = postgres_url()

from lamella.config.settings import *  # noqa: F403

STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # noqa: F405 - WhiteNoise warns without it
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
BROKER_URL = "memory://"
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":  # noqa: F405
    # A file, as in real life: SQLite in memory locks whole tables where a file would wait.
    DATABASES["default"]["TEST"] = {"NAME": DATA_DIR / "test.sqlite3"}  # noqa: F405
    DATABASES["default"]["OPTIONS"]["init_command"] = (  # noqa: F405
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"
    )
