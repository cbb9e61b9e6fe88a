"""System checks: a misconfigured product says so before it starts, and in production it refuses to start."""

import re
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.http.request import split_domain_port, validate_host

from core.addresses import is_public, is_twilio

MIN_SECRET_LENGTH = 32
MIN_WATCHDOG_S = 45.0


@register(Tags.security)
def secrets(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """SECRET_KEY signs sessions: without a real one, anybody can be anybody."""
    hint = "Set it in the environment; `openssl rand -hex 32` makes one."
    try:
        length = len(settings.SECRET_KEY)
    except ImproperlyConfigured:  # Django gives out no empty key, in DEBUG neither
        return [Error("SECRET_KEY is not set.", hint=hint, id="core.E001")]
    if settings.DEBUG or length >= MIN_SECRET_LENGTH:
        return []
    return [Error(f"SECRET_KEY is shorter than {MIN_SECRET_LENGTH} characters.", hint=hint, id="core.E001")]


@register(Tags.database)
def services(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """The product has no fallback for PostgreSQL or Redis."""
    hint = "Set it, or start everything with scripts/up."
    found: list[CheckMessage] = []
    if not settings.DATABASE_URL.startswith(("postgres://", "postgresql://")):
        found.append(Error("DATABASE_URL is not a postgresql:// address.", hint=hint, id="core.E002"))
    if not settings.REDIS_URL.startswith(("redis://", "rediss://", "unix://")):
        found.append(Error("REDIS_URL is not a redis:// address.", hint=hint, id="core.E003"))
    return found


# A host as Django compares it (`django.http.request.host_validation_re`): without a port, nor a dot at its end.
HOST: Final = re.compile(r"\.?[a-z0-9-]+(?:\.[a-z0-9-]+)*|\[[a-f0-9:.]+\]")


@register(Tags.security)
def hosts(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """A wildcard host lets a forged Host header into links and signature checks; other entries may match no host."""
    found: list[CheckMessage] = []
    if "*" in settings.ALLOWED_HOSTS and not settings.DEBUG:
        found.append(
            Error("ALLOWED_HOSTS contains '*'.", hint="Name the hosts that serve the product.", id="core.E004")
        )
    hint = "Name the host alone: without https://, port or path. For all hosts of a domain write .example.com."
    found += [
        Error(f"ALLOWED_HOSTS has {entry[:80]!r}, which is no host.", hint=hint, id="core.E014")
        for entry in settings.ALLOWED_HOSTS
        if entry != "*" and not HOST.fullmatch(entry.lower())
    ]
    return found


@register(Tags.security)
def public_host(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """A host that is not allowed is answered 400: no page opens, and every inbound text is lost."""
    host, _ = split_domain_port(urlsplit(settings.PUBLIC_URL).netloc)
    # Django's own hosts of a development without any.
    allowed = settings.ALLOWED_HOSTS or ([".localhost", "127.0.0.1", "[::1]"] if settings.DEBUG else [])
    if validate_host(host, allowed):
        return []
    hint = f"Add {host} to ALLOWED_HOSTS, or mend PUBLIC_URL: Twilio calls it."
    return [Error(f"The host of PUBLIC_URL {settings.PUBLIC_URL} is not in ALLOWED_HOSTS.", hint=hint, id="core.E011")]


@register(Tags.security)
def simulator(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """An installation on the internet sends to Twilio: any other address sends nothing and gets the Auth Token.

    A trial sends to the simulator; nobody reaches it from outside.
    """
    url = settings.TWILIO_API_BASE_URL
    if is_twilio(url):
        if urlsplit(url).scheme in {"", "https"}:
            return []
        hint = "Leave it out, or begin it with https://."
        return [Error(f"TWILIO_API_BASE_URL {url} sends the Auth Token in clear.", hint=hint, id="core.E012")]
    if settings.DEBUG or not is_public(settings.PUBLIC_URL):
        return []
    hint = "Leave TWILIO_API_BASE_URL out, or try the simulator with a PUBLIC_URL of this machine or its network."
    return [Error(f"TWILIO_API_BASE_URL {url} is not Twilio's, and PUBLIC_URL is public.", hint=hint, id="core.E012")]


@register()
def twilio(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """An account is either whole or absent; half of one fails at the first message."""
    sid, token = settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN
    sender = settings.TWILIO_FROM or settings.TWILIO_MESSAGING_SERVICE_SID
    if not (sid or token or sender):
        return [checks.Warning("No Twilio account is configured: nothing can be sent.", id="core.W001")]
    missing = [
        name
        for name, value in (
            ("TWILIO_ACCOUNT_SID", sid),
            ("TWILIO_AUTH_TOKEN", token),
            ("TWILIO_FROM or TWILIO_MESSAGING_SERVICE_SID", sender),
        )
        if not value
    ]
    found: list[CheckMessage] = [Error(f"{name} is not set.", id="core.E005") for name in missing]
    if sid and not (sid.startswith("AC") and len(sid) == 34):
        found.append(Error("TWILIO_ACCOUNT_SID is not AC and 32 hex digits.", id="core.E006"))
    if token and token == settings.TWILIO_AUTH_TOKEN_ANTERIOR:
        hint = "Leave it out: it is for the days in which Twilio changes from one to another."
        found.append(checks.Warning("TWILIO_AUTH_TOKEN_ANTERIOR is the Auth Token itself.", hint=hint, id="core.W011"))
    return found


@register()
def ceilings(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """A ceiling on money is counted at the installation's price: a shop says its own, and could say none."""
    named = ("SHOP_MAX_MONEY_DAY", "SHOP_MAX_MONEY_MONTH", "SHOP_APPROVAL_COST")
    said = [name for name in named if getattr(settings, name) is not None]
    if not said or settings.SMS_SEGMENT_PRICE is not None:
        return []
    hint = "Say what Twilio charges you for one segment."
    return [Error(f"{', '.join(said)} without SMS_SEGMENT_PRICE.", hint=hint, id="core.E013")]


@register()
def lease(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """A claim that ends before the call it covers would be taken for a dead worker's, message after message."""
    longest_call = settings.TWILIO_CONNECT_TIMEOUT_S + settings.TWILIO_READ_TIMEOUT_S
    if longest_call < settings.LEASE_S:
        return []
    hint = f"TWILIO_CONNECT_TIMEOUT_S + TWILIO_READ_TIMEOUT_S is {longest_call:g}; leave some seconds more."
    return [Error(f"LEASE_S {settings.LEASE_S:g} is too short.", hint=hint, id="core.E008")]


@register()
def watchdog(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check that the watchdog is more patient than a reconnect, during which a worker is silent and well."""
    if settings.WATCHDOG_S == 0 or settings.WATCHDOG_S >= MIN_WATCHDOG_S:
        return []
    hint = f"Celery waits up to 32 s between two attempts to reconnect: {MIN_WATCHDOG_S:g} or more, or 0."
    return [checks.Warning(f"WATCHDOG_S {settings.WATCHDOG_S:g} is too short.", hint=hint, id="core.W002")]
