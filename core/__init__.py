"""The Django project: settings, users, errors, defaults of the API and of the pages, health.

`__version__` is the product's version: pyproject.toml and the API's description read it, and CHANGELOG.md tells what is
in it.
"""

import gc

__version__ = "0.1.0"

# Python looks for cycles after every 700 new objects: a quarter of a start, whose 300,000 objects all stay, and some
# hundredths of the work afterwards. https://docs.python.org/3/library/gc.html#gc.set_threshold
gc.set_threshold(20_000, 20, 20)

from core.celery import app as celery_app  # noqa: E402 - what it loads is what the line above is for

__all__ = ["__version__", "celery_app"]
