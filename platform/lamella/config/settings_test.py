"""Settings of the test runs: a throw-away data folder, quick password hashes."""

import os
import tempfile

# Set before the settings are read: nothing of a test may touch a person's data folder.
os.environ.setdefault("LAMELLA_DATA", tempfile.mkdtemp(prefix="lamella-test-"))
os.environ.setdefault("LAMELLA_SECRET_KEY", "only-for-tests")

from lamella.config.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
BROKER_URL = "memory://"
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
