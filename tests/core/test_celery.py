"""The application's configuration, settled once, also where Django's settings are overridden or wrapped."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
import django; django.setup()
from django.test.utils import override_settings
from celery import current_app
with override_settings(LOTE_SIZE=3):
    print(current_app.conf.task_default_queue, current_app.conf.maps[0]["task_default_queue"])
"""
# What a worker and beat do before they work.
BEGIN = """
import sys
from core.celery import app
app.loader.import_default_modules()
print([name for name in ("core.urls", "drf_spectacular.views", "webauthn") if name in sys.modules])
"""


def test_it_settles_whatever_wraps_the_settings() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout.split(), done.stderr) == (["campanas", "campanas"], "")


def test_a_worker_begins_without_the_pages() -> None:
    env = {**os.environ, "SECRET_KEY": "x" * 50}
    done = subprocess.run([sys.executable, "-c", BEGIN], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")
