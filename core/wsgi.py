"""The web process: gunicorn serves this application."""

import os

from django.core.wsgi import get_wsgi_application

from core.preflight import refuse_misconfiguration

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")

application = get_wsgi_application()
refuse_misconfiguration()
