"""The web process: gunicorn serves this application."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.utils.module_loading import import_string

from core.preflight import refuse_misconfiguration

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")

pages = get_wsgi_application()
refuse_misconfiguration(serves_pages=True)
application = import_string(settings.WSGI_FIRST)(pages)
