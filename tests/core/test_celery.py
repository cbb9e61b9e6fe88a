"""The application's configuration, settled once, also where Django's settings are overridden or wrapped."""

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


def test_it_settles_whatever_wraps_the_settings() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout.split(), done.stderr) == (["campanas", "campanas"], "")
