"""`python -m local.demo`: what scripts/demo runs once everything is up."""

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")
django.setup()

from local.demo.run import DemoError, run  # noqa: E402 - models load after the set-up

if __name__ == "__main__":
    try:
        run()
    except DemoError as error:
        sys.exit(f"error: {error}")
