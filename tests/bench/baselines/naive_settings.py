"""Settings of the naive rooms: what the Channels tutorial leaves you with, and a database."""

from __future__ import annotations

import os

import dj_database_url

SECRET_KEY = "only-for-measuring"
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = [
    "daphne",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "channels",
    "tests.bench.baselines.room",
]
ASGI_APPLICATION = "tests.bench.baselines.room.asgi.application"
DATABASES = {"default": dj_database_url.parse(os.environ["NAIVE_DATABASE_URL"], conn_max_age=600)}
if "sqlite" in DATABASES["default"]["ENGINE"]:
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        # More kindly set than the tutorial's: redis-py would refuse the 101st connection, and cut
        # one that a busy loop kept waiting for five seconds.
        "CONFIG": {
            "hosts": [
                {
                    "address": os.environ["REDIS_URL"],
                    "max_connections": 20_000,
                    "socket_timeout": None,
                }
            ],
            "capacity": 10_000,
        },
    }
}
