"""The right to look inside the running installation: at its metrics, and at which part of it is missing."""

import ipaddress

from django.conf import settings
from django.db import Error
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare


def may_watch(request: HttpRequest) -> bool:
    """Tell whether the caller sends METRICS_TOKEN as `Authorization: Bearer …`, or has signed in as staff."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if settings.METRICS_TOKEN and scheme.lower() == "bearer":
        return constant_time_compare(token.strip(), settings.METRICS_TOKEN)
    try:
        return request.user.is_authenticated and request.user.is_staff
    except Error:  # nobody can be recognised while the database is away
        return False


def is_here(request: HttpRequest) -> bool:
    """Tell whether the caller is on this very machine, and no proxy passes on somebody else's request."""
    try:
        address = ipaddress.ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    return address.is_loopback and not {"X-Forwarded-For", "Forwarded", "Via"} & set(request.headers)
