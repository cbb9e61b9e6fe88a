"""A misconfigured web, worker or beat does not start; each says why."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.stack

ROOT = Path(__file__).resolve().parents[2]
CELERY = ("-m", "celery", "-A", "core")
COMMANDS = {
    "web": ("-m", "gunicorn", "core.wsgi:application", "-c", "core/gunicorn_conf.py"),
    "worker": (*CELERY, "worker", "-P", "threads", "-c", "1"),
    # Before it reads its schedule: this database has none.
    "beat": (*CELERY, "beat", "--pidfile="),
}


WRONG = {"SECRET_KEY": "short", "ALLOWED_HOSTS": "*", "TWILIO_ACCOUNT_SID": "AC" + "0" * 32}


@pytest.mark.parametrize("name", COMMANDS)
def test_it_refuses_to_start_and_says_all_that_is_wrong(name: str) -> None:
    env = {**os.environ, "WEB_BIND": "127.0.0.1:0", "ENV_FILE": "", "SECRET_KEY": "x" * 50, **WRONG}
    done = subprocess.run(
        [sys.executable, *COMMANDS[name]], cwd=ROOT, env=env, capture_output=True, text=True, timeout=180
    )
    assert done.returncode != 0
    for said in ("core.E001", "core.E004", "TWILIO_AUTH_TOKEN is not set"):
        assert said in done.stderr + done.stdout
