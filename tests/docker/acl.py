"""The product's user of docker-compose.yml's Redis, given to a server of the tests."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlsplit

import redis

from tests.docker.variables import ROOT

FILE: Final = ROOT / "scripts" / "compose.d" / "valkey.acl"
PLACE: Final = "#PASSWORD_HASH"


def users() -> dict[str, list[str]]:
    """Return the rules of each user of the file."""
    lines = (line.split() for line in FILE.read_text().splitlines() if line.strip())
    return {words[1]: words[2:] for words in lines}


def with_user(url: str, name: str, password: str) -> str:
    parts = urlsplit(url)
    where = f"{parts.scheme}://{name}:{password}@{parts.netloc.rpartition('@')[2]}{parts.path}"
    return f"{where}?{parts.query}" if parts.query else where


def without_user(url: str) -> str:
    """Return the address for whoever the server lets in without a password: in tests, one who may do everything."""
    parts = urlsplit(url)
    where = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    return f"{where}?{parts.query}" if parts.query else where


@contextmanager
def user(url: str) -> Iterator[str]:
    """Make a user with the product's rules; its address.

    Args:
        url: of a server that lets everybody do everything.
    """
    name, password = f"sms-{secrets.token_hex(4)}", secrets.token_hex(16)
    rules = [rule for rule in users()["sms"] if rule != PLACE]
    with redis.Redis.from_url(url) as admin:
        admin.execute_command("ACL", "SETUSER", name, *rules, f">{password}")
        try:
            yield with_user(url, name, password)
        finally:
            admin.execute_command("ACL", "DELUSER", name)


def refusals(url: str) -> list[str]:
    """Return what the server refused to this address's user, as `command` or `command on key`."""
    name = urlsplit(url).username
    with redis.Redis.from_url(without_user(url), decode_responses=True) as admin:
        log: list[dict[str, Any]] = admin.acl_log(128)
    return [f"{entry['reason']}: {entry['object']}" for entry in log if entry["username"] == name]
