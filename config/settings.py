"""One file of settings, for every way of running. Values come from the environment by ``env``."""

from __future__ import annotations

import hashlib
from pathlib import Path

import dj_database_url
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from config import env
from config.logs import OURS

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env.text("LANTERN_VAR", str(BASE_DIR / "var")))

# What kind of running this is.

PRODUCTION = env.flag("LANTERN_PRODUCTION", default=False)
DEVELOPMENT = env.flag("LANTERN_DEVELOPMENT", default=False)
"""Said by somebody who tries things out alone under a name of their own."""

DEBUG = env.flag("DEBUG", default=False)
DEV_SECRET_KEY = "only-for-development-and-refused-in-production"  # noqa: S105
SECRET_KEY = env.text("SECRET_KEY", "" if PRODUCTION else DEV_SECRET_KEY) or DEV_SECRET_KEY
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
ALLOWED_ORIGINS = env.origins("ALLOWED_ORIGINS")
"""Full origins that may open a socket. Empty outside production: the page's own host."""

CSRF_TRUSTED_ORIGINS = ALLOWED_ORIGINS
NOT_SAID = -1
TRUSTED_PROXIES = env.number("TRUSTED_PROXIES", NOT_SAID)
"""How many proxies of ours every request comes through; not said counts as none."""

DATA_KEYS = env.data_keys("DATA_KEYS", fallback=hashlib.sha256(SECRET_KEY.encode()).digest())
# Django.

INSTALLED_APPS = [
    "daphne",
    "config",  # Before Django's own: the first app that has a command of a name is asked for it.
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "servestatic.runserver_nostatic",
    "django.contrib.staticfiles",
    "channels",
    "csp",
    "chat",
    "moderation",
    "triage",
]
MIDDLEWARE = [
    "config.health.answer_probes",
    "django.middleware.security.SecurityMiddleware",
    "config.static_files.StaticFiles",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "chat.middleware.PrivatePages",
]
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "chat.User"
LOGIN_URL = "staff-sign-in"
LOGIN_REDIRECT_URL = "staff-home"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "config" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "chat.context.page",
            ],
        },
    }
]
LANGUAGE_CODE = "en-gb"
TIME_ZONE = "Europe/London"
USE_TZ = True
PASSWORD_HASHERS = [
    "config.hashing.CalmArgon2",
    "django.contrib.auth.hashers.ScryptPasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# Data.

SQLITE_URL = f"sqlite:///{VAR_DIR / 'lantern.sqlite3'}"
# Connections are kept where threads are: those of sockets and workers. A page's thread ends with
# it, and ``config.pages`` closes what it had.
DATABASES = {
    "default": dj_database_url.parse(
        env.text("DATABASE_URL", SQLITE_URL), conn_max_age=600, conn_health_checks=True
    )
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    VAR_DIR.mkdir(parents=True, exist_ok=True)
    # WAL lets readers go on while one writes; IMMEDIATE takes the write lock at BEGIN, so two
    # writers wait for each other instead of failing half way. FULL has the disk confirm each commit
    # (2 to 4 ms; sends share theirs): with NORMAL a power cut may take back the newest messages,
    # which people were told are accepted.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;",
    }
    # On disk also in tests: connections of several threads cannot share one in memory.
    DATABASES["default"]["TEST"] = {"NAME": str(VAR_DIR / "test" / "test.sqlite3")}
else:
    # PostgreSQL plans a statement that comes again and again once, and not each time: of what is
    # between a verdict and the screens, planning was the largest part.
    planned_once = {"server_side_binding": True, "prepare_threshold": 5}
    # A host that vanishes says no goodbye. Left to itself, Linux sends again for a quarter of an
    # hour, and where only an answer is due it wonders after two hours; so long every thread that
    # had asked would wait. In seconds, tcp_user_timeout in milliseconds.
    missed_soon = {
        "connect_timeout": 5,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 15_000,
    }
    # Nor does a process that freezes inside a transaction. PostgreSQL would keep its rows and the
    # lock of the audit for it: two hours for a host without power, for ever for one that is paused,
    # and whoever asks for help needs that lock. So it is told to part with such a process soon. Who
    # waits for a lock waits longer than that, and gets it then; only behind somebody who works on
    # and on are they refused, to try again.
    parted_soon = {
        "idle_in_transaction_session_timeout": "15s",
        "lock_timeout": "20s",
        "tcp_keepalives_idle": "10",
        "tcp_keepalives_interval": "5",
        "tcp_keepalives_count": "3",
        "tcp_user_timeout": "15s",
    }
    said = DATABASES["default"].get("OPTIONS", {})
    DATABASES["default"]["OPTIONS"] = planned_once | missed_soon | said
    if not env.flag("DATABASE_POOLER", default=False):
        asked = [f"-c {name}={value}" for name, value in parted_soon.items()]
        # What the URL says comes last, and counts.
        DATABASES["default"]["OPTIONS"]["options"] = " ".join([*asked, said.get("options", "")])
    if not isinstance(DATABASES["default"]["OPTIONS"]["prepare_threshold"], int):
        # psycopg would only stumble over it at the first statement, with a page already asked for.
        raise ImproperlyConfigured("DATABASE_URL: prepare_threshold must be a whole number")

REDIS_URL = env.redis_url("REDIS_URL")
SILENCED_SYSTEM_CHECKS = ["security.W008"]  # The proxy in front redirects to HTTPS.
if REDIS_URL:
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {
                # redis-py would cut an idle subscription after its default socket timeout.
                "hosts": [{"address": REDIS_URL, "socket_timeout": None}],
                "prefix": "lantern",
                # No capacity and no expiry: it keeps nothing. A process that is not there misses
                # the ring, and one that is there takes each at once (chat/kernel/doorbell.py).
            },
        }
    }
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            # A list: Django would take a comma in a password for the next address.
            "LOCATION": [REDIS_URL],
            # A Redis that hangs costs a page a second, not the client's own five.
            "OPTIONS": {"socket_timeout": 1.0, "socket_connect_timeout": 1.0},
        }
    }
else:
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels.layers.InMemoryChannelLayer",
            "CONFIG": {"capacity": 100, "expiry": 60},
        }
    }
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    # One process needs no shared cache to count tries.
    SILENCED_SYSTEM_CHECKS += ["django_ratelimit.E003", "django_ratelimit.W001"]

# What a process counts for itself while the shared count is away.
CACHES["process"] = {
    "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
    "LOCATION": "process",
}

# Sockets: what one phone, one person, one address and one process may have.

SOCKET_FRAMES = env.number("SOCKET_FRAMES", 20, least=1)
"""Frames a phone may send in ten seconds. Asking for help is not counted."""

SOCKETS_PER_PERSON = env.number("SOCKETS_PER_PERSON", 20, least=1)
SOCKETS_PER_ADDRESS = env.number("SOCKETS_PER_ADDRESS", 2000, least=1)
SOCKETS_PER_PROCESS = env.number("SOCKETS_PER_PROCESS", 10_000, least=1)

PAGES_AT_ONCE = env.number("PAGES_AT_ONCE", 20, least=1)
"""Requests under way in a process, and so connections that they hold (config/gate.py)."""

# Screening.

DETOXIFY_MODEL = env.text("DETOXIFY_MODEL", "bundled")
DETOXIFY_SHA256 = env.text("DETOXIFY_SHA256")
SHADOW_CHECKPOINT = env.text("SHADOW_CHECKPOINT")
SHADOW_SHA256 = env.text("SHADOW_SHA256")
SHADOW_POLICY = env.text("SHADOW_POLICY")
PREPARED_DIR = Path(env.text("PREPARED_DIR", str(VAR_DIR / "prepared")))
SCREENING_BATCH = env.number("SCREENING_BATCH", 64, least=1, most=64)
"""More could take longer to read than they are leased for, and be read by two at once."""

# Static files.

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "config.static_files.OneNameOneContent"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
SERVESTATIC_USE_FINDERS = not PRODUCTION
SERVESTATIC_AUTOREFRESH = DEBUG

# Sessions, cookies, transport.

SESSION_COOKIE_AGE = 60 * 60 * 24 * 30
STAFF_SESSION_SECONDS = 60 * 60 * 10
QUICK_EXIT_URL = env.text("QUICK_EXIT_URL", "https://www.bbc.co.uk/weather")
"""Where Leave takes a young person: a dull page that says nothing about them."""

SESSION_COOKIE_NAME = "__Host-lantern" if PRODUCTION else "lantern"
CSRF_COOKIE_NAME = "__Host-csrf" if PRODUCTION else "csrf"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = False
"""The proxy in front redirects; it alone talks to us."""

SECURITY_CONTACT = env.contacts("SECURITY_CONTACT")
"""Whom to tell of a weakness; ``/.well-known/security.txt`` says it."""

SECURE_HSTS_SECONDS = 63_072_000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_REFERRER_POLICY = "same-origin"
"""Other sites learn nothing. Stricter would make browsers post our own forms with ``Origin: null``,
which the CSRF check must refuse."""

SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PRODUCTION else None
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
    }
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "config.logs.WithoutWords",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        },
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        **{name: {"level": env.text("LOG_LEVEL", "INFO")} for name in OURS},
        # Django's own handlers would write or mail the words of an error.
        "django": {"handlers": []},
        # Paths and query strings carry ids and, on a mistake of ours, words.
        "django.request": {"level": "ERROR"},
        # So would those of a server that comes with its own.
        "uvicorn": {"handlers": ["stderr"], "propagate": False},
        "daphne": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
    },
}
