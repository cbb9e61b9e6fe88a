"""The Django project: settings, users, errors, defaults of the API and of the pages, health.

`__version__` is the product's version: pyproject.toml and the API's description read it, and CHANGELOG.md tells what is
in it.
"""

__version__ = "0.1.0"

from core.celery import app as celery_app

__all__ = ["__version__", "celery_app"]
