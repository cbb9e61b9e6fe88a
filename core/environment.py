"""Typed reading of the environment.

The process environment wins; then `.env` (or the file that `ENV_FILE` names; empty means none), which is
the operator's; then `.data/run/stack.env`, which a running embedded stack writes so that `manage.py` in
another terminal finds its PostgreSQL and Valkey.
"""

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from environs import Env, EnvError
from marshmallow.validate import OneOf, Range, Regexp

BASE_DIR = Path(__file__).resolve().parent.parent
STACK_ENV = BASE_DIR / ".data" / "run" / "stack.env"

POSITIVE = Range(min=1)
COUNT = Range(min=0)
NICE = Range(min=0, max=19)
SECONDS = Range(min=0, min_inclusive=False)
HTTP_URL = Regexp(r"^(https?://[^\s/]+)?/?$", error="must look like https://sms.example.com, without a path")
REGION = Regexp(r"^[A-Z]{2}$", error="must be a two-letter country code such as CO")
AMOUNT = Regexp(r"^(\d{1,6}(\.\d{1,6})?)?$", error="must look like 0.0525")
RATE = Regexp(r"^[1-9]\d*/(s|sec|m|min|h|hour|d|day)$", error="must look like 60/min")
LOG_FORMAT = OneOf(["line", "json"])
LOG_LEVEL = OneOf(["DEBUG", "INFO", "WARNING", "ERROR"])


def read_environment() -> Env:
    """Load the env files and return a reader that collects every error until `seal`."""
    env = Env(eager=False)
    env_file = os.environ.get("ENV_FILE")
    if env_file is None:
        env.read_env(str(BASE_DIR / ".env"), recurse=False)
        env.read_env(str(STACK_ENV), recurse=False)
    elif env_file:
        env.read_env(env_file, recurse=False)
    return env


def seal(env: Env) -> None:
    """Refuse to start on the first look, naming every bad variable at once.

    Raises:
        ImproperlyConfigured: with one line per variable.
    """
    try:
        env.seal()
    except EnvError as error:
        raise ImproperlyConfigured(f"Environment: {error}") from error
