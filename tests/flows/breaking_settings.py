"""The settings of the site, with one address more: see ``breaking_urls``."""

from config.settings import *  # noqa: F403, TID251 — they are what is changed here.

ROOT_URLCONF = "tests.flows.breaking_urls"
