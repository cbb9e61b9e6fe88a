"""The Django project: settings, users, errors, API defaults, health, and the embedded stack."""

from core.celery import app as celery_app

__all__ = ["celery_app"]
