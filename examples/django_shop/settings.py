"""The settings: what the ledger needs of Django's own connection is in DATABASES."""

import os
import secrets

SECRET_KEY = os.environ.get("SHOP_SECRET", secrets.token_hex())  # A drawn one is good until the process ends.
DATABASE = os.environ.get("SHOP_DATABASE", "django_shop.db")
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "testserver"]
ROOT_URLCONF = "examples.django_shop.urls"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "examples.django_shop.apps.Shop",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DATABASE,
        "OPTIONS": {
            "timeout": 10,  # Writers wait for each other.
            "transaction_mode": "IMMEDIATE",  # What an order reads stays true until it is committed.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL",  # What is acknowledged is kept.
        },
    }
}
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.locmem.Loader",
                    {
                        "registration/login.html": (
                            '<!DOCTYPE html><html lang="en"><title>Sign in</title><h1>Sign in</h1>'
                            '<form method="post">{% csrf_token %}{{ form.as_p }}<button>Sign in</button></form></html>'
                        )
                    },
                )
            ]
        },
    }
]
LOGIN_REDIRECT_URL = "/staff/stamps/"
USE_TZ = True
TIME_ZONE = "Europe/London"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
