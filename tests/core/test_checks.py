"""System checks: what a misconfigured product says before it starts."""

from typing import Any

import pytest
from django.core.checks import CheckMessage, run_checks
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from core import checks

SID = "AC" + "0" * 32
SECRET = "x" * 32
GOOD = {
    "DEBUG": False,
    "SECRET_KEY": SECRET,
    "DATABASE_URL": "postgresql://sms@db/sms",
    "REDIS_URL": "redis://cache:6379/0",
    "ALLOWED_HOSTS": ["sms.tienda.co"],
    "PUBLIC_URL": "https://sms.tienda.co",
    "TWILIO_API_BASE_URL": "",
    "TWILIO_ACCOUNT_SID": SID,
    "TWILIO_AUTH_TOKEN": "t",
    "TWILIO_AUTH_TOKEN_ANTERIOR": "",
    "TWILIO_FROM": "+15005550006",
    "TWILIO_MESSAGING_SERVICE_SID": "",
    "TWILIO_CONNECT_TIMEOUT_S": 5.0,
    "TWILIO_READ_TIMEOUT_S": 20.0,
    "LEASE_S": 45.0,
    "WATCHDOG_S": 60.0,
    "TIME_ZONE": "America/Bogota",
    "SMS_SEGMENT_PRICE": None,
    "SHOP_MAX_MONEY_DAY": None,
}
NO_TWILIO = {"TWILIO_ACCOUNT_SID": "", "TWILIO_AUTH_TOKEN": "", "TWILIO_FROM": ""}

TABLE: list[tuple[dict[str, Any], list[str]]] = [
    ({}, []),
    ({"SECRET_KEY": ""}, ["core.E001"]),
    ({"SECRET_KEY": "x" * 31}, ["core.E001"]),
    ({"SECRET_KEY": "", "DEBUG": True}, ["core.E001"]),
    ({"SECRET_KEY": "x", "DEBUG": True}, []),
    ({"DATABASE_URL": ""}, ["core.E002"]),
    ({"DATABASE_URL": "sqlite:///db.sqlite3"}, ["core.E002"]),
    ({"DATABASE_URL": "postgres://db/sms"}, []),
    ({"REDIS_URL": ""}, ["core.E003"]),
    ({"REDIS_URL": "memory://"}, ["core.E003"]),
    ({"REDIS_URL": "rediss://cache"}, []),
    ({"REDIS_URL": "unix:///run/valkey.sock"}, []),
    ({"ALLOWED_HOSTS": ["sms.tienda.co", "*"]}, ["core.E004"]),
    ({"ALLOWED_HOSTS": ["*"], "DEBUG": True}, []),
    *(
        ({"ALLOWED_HOSTS": ["sms.tienda.co", entry]}, ["core.E014"])
        for entry in (
            "https://sms.tienda.co",
            "sms.tienda.co:443",
            "sms.tienda.co/",
            "*.tienda.co",
            "sms.tienda.co.",
            "ñandú.co",
            "",
            "a b.co",
            "[::1]:8000",
            "'sms.tienda.co'",
        )
    ),
    ({"ALLOWED_HOSTS": ["SMS.Tienda.co", ".tienda.co", "10.0.0.1", "[::1]", "web"]}, []),
    (NO_TWILIO, ["core.W001"]),
    ({"TWILIO_AUTH_TOKEN": ""}, ["core.E005"]),
    ({"TWILIO_FROM": ""}, ["core.E005"]),
    ({"TWILIO_FROM": "", "TWILIO_MESSAGING_SERVICE_SID": "MG1"}, []),
    ({"TWILIO_AUTH_TOKEN": "", "TWILIO_FROM": ""}, ["core.E005", "core.E005"]),
    ({**NO_TWILIO, "TWILIO_FROM": "+15005550006"}, ["core.E005", "core.E005"]),
    ({"TWILIO_ACCOUNT_SID": "SK" + "0" * 32}, ["core.E006"]),
    ({"TWILIO_ACCOUNT_SID": SID[:-1]}, ["core.E006"]),
    ({"SHOP_MAX_MONEY_DAY": 20}, ["core.E013"]),
    ({"SHOP_APPROVAL_COST": 0}, ["core.E013"]),
    ({"SHOP_MAX_MONEY_DAY": 20, "SMS_SEGMENT_PRICE": 1}, []),
    ({"LEASE_S": 25.0}, ["core.E008"]),
    ({"LEASE_S": 25.1}, []),
    ({"WATCHDOG_S": 0.0}, []),
    ({"WATCHDOG_S": 44.9}, ["core.W002"]),
    ({"PUBLIC_URL": "https://otra.tienda.co"}, ["core.E011"]),
    ({"PUBLIC_URL": "https://otra.tienda.co", "DEBUG": True}, ["core.E011"]),
    ({"PUBLIC_URL": "https://otra.tienda.co", "ALLOWED_HOSTS": [".tienda.co"]}, []),
    ({"PUBLIC_URL": "http://[::1]:8000", "ALLOWED_HOSTS": ["[::1]"]}, []),
    ({"PUBLIC_URL": "http://localhost:8000", "ALLOWED_HOSTS": []}, ["core.E011"]),
    ({"PUBLIC_URL": "http://localhost:8000", "ALLOWED_HOSTS": [], "DEBUG": True}, []),
    ({"TWILIO_API_BASE_URL": "http://127.0.0.1:8900"}, ["core.E012"]),
    ({"TWILIO_API_BASE_URL": "https://twilio.com.ladron.co"}, ["core.E012"]),
    ({"TWILIO_API_BASE_URL": "https://nottwilio.com"}, ["core.E012"]),
    ({"TWILIO_API_BASE_URL": "https://api.twilio.com"}, []),
    ({"TWILIO_API_BASE_URL": "https://api.dublin.ie1.twilio.com/"}, []),
    ({"TWILIO_API_BASE_URL": "http://api.twilio.com"}, ["core.E012"]),
    ({"TWILIO_API_BASE_URL": "http://api.twilio.com", "DEBUG": True}, ["core.E012"]),
    ({"TWILIO_API_BASE_URL": "http://127.0.0.1:8900", "DEBUG": True}, []),
    # A trial: with scripts/up, and with Docker Compose.
    (
        {
            "TWILIO_API_BASE_URL": "http://simulator:8900",
            "PUBLIC_URL": "http://localhost:8000",
            "ALLOWED_HOSTS": ["localhost"],
        },
        [],
    ),
    ({"TWILIO_AUTH_TOKEN_ANTERIOR": "t"}, ["core.W011"]),
    ({"TWILIO_AUTH_TOKEN_ANTERIOR": "otro"}, []),
]


def ours() -> list[CheckMessage]:
    found = []
    for check in (
        checks.secrets,
        checks.services,
        checks.hosts,
        checks.public_host,
        checks.simulator,
        checks.twilio,
        checks.ceilings,
        checks.lease,
        checks.watchdog,
    ):
        found += check(None)
    return found


@pytest.mark.parametrize(("change", "expected"), TABLE, ids=[str(change) for change, _ in TABLE])
def test_it_says_what_is_wrong(change: dict[str, Any], expected: list[str], settings: Any) -> None:
    for name, value in {**GOOD, **change}.items():
        setattr(settings, name, value)
    assert [message.id for message in ours()] == expected


def test_it_names_what_is_missing(settings: Any) -> None:
    for name, value in {**GOOD, **NO_TWILIO, "TWILIO_ACCOUNT_SID": SID}.items():
        setattr(settings, name, value)
    said = " ".join(str(message.msg) for message in ours())
    assert "TWILIO_AUTH_TOKEN" in said
    assert "TWILIO_FROM or TWILIO_MESSAGING_SERVICE_SID" in said


def test_it_never_shows_a_secret(settings: Any) -> None:
    for name, value in {**GOOD, "SECRET_KEY": "corta", "TWILIO_AUTH_TOKEN": "secreto-1", "TWILIO_FROM": "",
                        "TWILIO_AUTH_TOKEN_ANTERIOR": "secreto-1"}.items():  # fmt: skip
        setattr(settings, name, value)
    said = str(ours())
    assert "corta" not in said
    assert "secreto-1" not in said


@pytest.mark.django_db(transaction=True)
def test_django_runs_every_one(settings: Any) -> None:
    """Two of them are tagged `database` or `security`; `check` must meet them without more ado."""
    settings.SECRET_KEY, settings.REDIS_URL, settings.LEASE_S = "x", "", 1.0
    settings.TWILIO_FROM, settings.TWILIO_ACCOUNT_SID = "+1", "x"
    settings.ALLOWED_HOSTS = ["*"]
    settings.TWILIO_API_BASE_URL, settings.PUBLIC_URL = "http://127.0.0.1:1", "https://sms.tienda.co"
    ids = {message.id for message in run_checks(databases=["default"])}
    assert {f"core.E00{n}" for n in (1, 3, 4, 5, 6, 8)} <= ids
    assert "core.E012" in ids
    settings.ALLOWED_HOSTS = []
    assert "core.E011" in {message.id for message in run_checks(databases=["default"])}


@pytest.mark.django_db(transaction=True)
def test_a_start_is_refused(settings: Any) -> None:
    settings.SECRET_KEY = "corta"
    with pytest.raises(SystemCheckError, match=r"core\.E001"):
        call_command("check", databases=["default"])
