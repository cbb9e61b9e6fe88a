"""Django's settings for the textbook with the ORM: its own database, connections kept."""

import os

import dj_database_url

SECRET_KEY = "for-a-benchmark-without-a-web"
INSTALLED_APPS = ["tests.bench.textbook"]
DATABASES = {"default": dj_database_url.parse(os.environ["TEXTBOOK_DATABASE_URL"], conn_max_age=600)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
