"""Typed reading of the environment.

The process environment wins; then `.env` (or the file that `ENV_FILE` names; empty means none), which is
the operator's; then `.data/run/stack.env`, which a running embedded stack writes so that `manage.py` in
another terminal finds its PostgreSQL and Valkey.
"""

import os
import re
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.exceptions import ImproperlyConfigured
from environs import Env, EnvError, FileAwareEnv
from marshmallow import ValidationError
from marshmallow.validate import OneOf, Range, Regexp
from psycopg2 import ProgrammingError
from psycopg2.extensions import make_dsn

from core import redis_url

BASE_DIR = Path(__file__).resolve().parent.parent
STACK_ENV = BASE_DIR / ".data" / "run" / "stack.env"
# Each may be in a file instead, as container secrets are, whose path its name and _FILE say.
SECRETS = (
    "SECRET_KEY", "SECRET_KEY_ANTERIOR", "DATABASE_URL", "REDIS_URL", "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN",
    "TWILIO_AUTH_TOKEN_ANTERIOR", "TWILIO_SHARED_KEYS", "EMAIL_HOST_PASSWORD", "METRICS_TOKEN",
    "DJANGO_SUPERUSER_PASSWORD",
)  # fmt: skip

POSITIVE = Range(min=1)
COUNT = Range(min=0)
NICE = Range(min=0, max=19)
SECONDS = Range(min=0, min_inclusive=False)
HTTP_URL = Regexp(r"^(https?://[^\s/]+)?/?$", error="must look like https://sms.example.com, without a path")
REGION = Regexp(r"^[A-Z]{2}$", error="must be a two-letter country code such as CO")
COUNTRIES = Regexp(r"^(\*|[A-Z]{2}( *, *[A-Z]{2})*)?$", error="must look like CO,PA, or be * for any country")
WHOLE = Regexp(r"^\d{0,8}$", error="must be a whole number such as 5000, or empty")
MONTHS = Regexp(r"^([1-9]\d{0,2})?$", error="must be a number of months such as 24, or empty")
# The trigger of core_registro lets nothing younger go.
LOG_MONTHS = Regexp(r"^([3-9]|[1-9]\d{1,2})?$", error="must be a number of months from 3 on, or empty")
MONEY = Regexp(r"^(\d{1,9}(\.\d{1,2})?)?$", error="must look like 250.00")
AMOUNT = Regexp(r"^(\d{1,6}(\.\d{1,6})?)?$", error="must look like 0.0525")
RATE = Regexp(r"^[1-9]\d*/(s|sec|m|min|h|hour|d|day)$", error="must look like 60/min")
POOLER = OneOf(["", "transaction"], error='must be "transaction", or empty')
LOG_FORMAT = OneOf(["line", "json"])
LOG_LEVEL = OneOf(["DEBUG", "INFO", "WARNING", "ERROR"])


def database_url(value: str) -> None:
    """Look at DATABASE_URL before anything uses it.

    Raises:
        ValidationError: why it is no address of PostgreSQL, without the password.
    """
    if not value:
        return
    try:
        parts = _parts(value, ("postgresql", "postgres"))
        name = parts.path.strip("/")
        if not name:
            raise ValueError("names no database: postgresql://user:password@host:5432/name")
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        try:
            make_dsn(**{**options, "dbname": "x"})
        except ProgrammingError as error:
            raise ValueError(f"has an option that libpq does not know: {str(error).strip()[-60:]}") from None
        if not options.get("connect_timeout", "1").isdecimal():
            raise ValueError("has a connect_timeout that is no number of seconds")
    except ValueError as error:
        raise ValidationError(str(error)) from None


def redis_address(value: str) -> None:
    """Look at REDIS_URL before anything uses it.

    Raises:
        ValidationError: why it is no address of Redis, without the password.
    """
    if not value:
        return
    try:
        _parts(value, redis_url.SCHEMES)
        redis_url.normal(value)
    except ValueError as error:
        raise ValidationError(str(error)) from None


def zone(value: str) -> None:
    """Look at TIME_ZONE.

    Raises:
        ValidationError: no time zone has this name.
    """
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a folder of zones is no zone
        raise ValidationError("is not a known zone, such as America/Bogota") from None


def _parts(value: str, schemes: tuple[str, ...]) -> SplitResult:
    """Take an address apart, and refuse what a sign that was not quoted has cut in the wrong place."""
    if value[:1] in "'\"" or value[-1:] in "'\"":
        raise ValueError("has quotes around it")
    if any(sign.isspace() or not sign.isprintable() for sign in value):
        raise ValueError("has a blank in it: write it as %20")
    scheme, colon, rest = value.partition("://")
    if not colon or scheme not in schemes:
        raise ValueError(f"must begin with {schemes[0]}://")
    if re.search("%(?![0-9A-Fa-f]{2})", rest):
        raise ValueError("has a % in it: write it as %25")
    for sign, written in (("#", "%23"), ("\\", "%5C")):
        if sign in rest:
            raise ValueError(f"has a {sign} in it: write it as {written}")
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise ValueError(
            "has a host or a port that cannot be read; in a password / is %2F, : is %3A, [ is %5B"
        ) from None
    if port == 0 or "@" in parts.path + parts.query or parts.netloc.count("@") > 1:
        raise ValueError("has a password with signs that must be written otherwise: / is %2F, ? is %3F, @ is %40")
    return parts


def read_environment() -> Env:
    """Load the env files and return a reader that collects every error until `seal`.

    Where `NAME_FILE` is set, NAME is what that file holds, without the blanks around it, whatever NAME says itself.

    Raises:
        ImproperlyConfigured: a secret's file cannot be read, or holds nothing; with its name, without what it holds.
    """
    env = FileAwareEnv(eager=False, strip_whitespace=True)
    env_file = os.environ.get("ENV_FILE")
    if env_file is None:
        env.read_env(str(BASE_DIR / ".env"), recurse=False)
        env.read_env(str(STACK_ENV), recurse=False)
    elif env_file:
        env.read_env(env_file, recurse=False)
    for name in SECRETS:
        if path := os.environ.get(f"{name}_FILE"):
            _look_at_secret(f"{name}_FILE", Path(path))
    return env


def _look_at_secret(name: str, path: Path) -> None:
    try:
        empty = not path.read_text().strip()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise ImproperlyConfigured(f"Environment: {name}: {path} cannot be read: {reason}") from None
    if empty:
        raise ImproperlyConfigured(f"Environment: {name}: {path} is empty")


def seal(env: Env) -> None:
    """Refuse to start on the first look, naming every bad variable at once.

    Raises:
        ImproperlyConfigured: with one line per variable.
    """
    try:
        env.seal()
    except EnvError as error:
        raise ImproperlyConfigured(f"Environment: {error}") from error
