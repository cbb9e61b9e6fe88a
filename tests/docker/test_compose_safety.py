"""The safeguards that docker-compose.yml must never lose: pins, secrets outside, no privileges, nothing open,
health."""

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.stack import valkey
from tests.docker import acl
from tests.docker.compose import COMPOSE_FILE, MINIMAL_ENV, RefusedError, render

OURS = "sms-campaigns:local"
SIMULATOR = "sms-campaigns-simulator:local"
HEALTHY, COMPLETED = "service_healthy", "service_completed_successfully"
READY = {"postgres": HEALTHY, "redis": HEALTHY, "migrate": COMPLETED}
DEPENDS = {
    "postgres": {},
    "redis": {},
    "migrate": {"postgres": HEALTHY},
    "web": READY,
    "worker": READY,
    "beat": READY,
    "simulator": {"web": HEALTHY},
}
SECRET_NAME = re.compile(r"SECRET|PASSWORD|TOKEN|SID", re.IGNORECASE)


def test_it_knows_every_service(services: dict[str, Any]) -> None:
    assert set(services) == set(DEPENDS)


def test_it_needs_no_profile_for_production(services: dict[str, Any]) -> None:
    assert {name for name, service in services.items() if service.get("profiles")} == {"simulator"}


@pytest.mark.parametrize("missing", ["SECRET_KEY", "POSTGRES_PASSWORD"])
def test_it_requires_the_secrets(missing: str, empty: Path) -> None:
    env = {**MINIMAL_ENV, missing: ""}
    with pytest.raises(RefusedError, match=f"required variable {missing} is missing"):
        render(empty, env)


def leaves(node: object, name: str = "") -> Iterator[tuple[str, str]]:
    """Every value of the file as it is written, with the key above it."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from leaves("" if value is None else value, str(key))
    elif isinstance(node, list):
        for value in node:
            yield from leaves(value, name)
    else:
        yield name, str(node)


def test_it_holds_no_secret() -> None:
    for name, text in leaves(yaml.safe_load(COMPOSE_FILE.read_text())):
        # Innermost first: a variable may stand in for another.
        written = text
        while (shorter := re.sub(r"\$\{[A-Z_]+(:[?-][^${}]*)?\}", "", written)) != written:
            written = shorter
        if SECRET_NAME.search(name):
            assert written == "", f"{name} is written out"
        assert not re.search(r"://[^/@]*:[^/@]+@", written), f"{name} has a password in it"


@pytest.mark.parametrize("name", DEPENDS)
def test_it_pins_every_image(name: str, services: dict[str, Any]) -> None:
    image, _, tag = services[name]["image"].rpartition(":")
    assert image
    assert tag not in ("", "latest")


def test_it_builds_one_image_once(services: dict[str, Any]) -> None:
    ours = {name: service for name, service in services.items() if service["image"] == OURS}
    assert set(ours) == {"migrate", "web", "worker", "beat"}
    assert [name for name, service in ours.items() if "build" in service] == ["migrate"]
    assert services["migrate"]["build"]["target"] == "product"
    assert services["simulator"]["image"] == SIMULATOR
    assert services["simulator"]["build"]["target"] == "simulator"
    # A name without a registry would else be looked for in the public one.
    assert {service["pull_policy"] for name, service in ours.items() if name != "migrate"} == {"never"}


@pytest.mark.parametrize("name", DEPENDS)
def test_it_gives_no_privileges(name: str, services: dict[str, Any]) -> None:
    service = services[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["tmpfs"][0].startswith("/tmp:")  # noqa: S108
    # Our images name their own user, which test_dockerfile.py looks at.
    assert service.get("user", OURS) in ("postgres", "valkey", OURS)
    assert service["image"] in (OURS, SIMULATOR) or "user" in service


@pytest.mark.parametrize("name", DEPENDS)
def test_it_bounds_the_logs(name: str, services: dict[str, Any]) -> None:
    assert set(services[name]["logging"]["options"]) == {"max-size", "max-file"}


@pytest.mark.parametrize("name", [name for name in DEPENDS if name != "migrate"])
def test_it_restarts_and_watches_what_runs_for_long(name: str, services: dict[str, Any]) -> None:
    service = services[name]
    assert service["restart"] == "unless-stopped"
    # The web's is in the image.
    assert name == "web" or service["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")
    assert not service.get("healthcheck", {}).get("disable")


def test_it_runs_the_migrations_once(services: dict[str, Any]) -> None:
    assert services["migrate"]["restart"] == "no"


@pytest.mark.parametrize(("name", "conditions"), DEPENDS.items())
def test_it_waits_for_health(name: str, conditions: dict[str, str], services: dict[str, Any]) -> None:
    depends = services[name].get("depends_on", {})
    assert {other: needed["condition"] for other, needed in depends.items()} == conditions


def test_it_opens_one_port_to_this_machine_only(services: dict[str, Any]) -> None:
    ports = {name: service["ports"] for name, service in services.items() if service.get("ports")}
    assert set(ports) == {"web"}
    [port] = ports["web"]
    assert (port["host_ip"], port["published"], port["target"]) == ("127.0.0.1", "8000", 8000)


def test_it_keeps_the_servers_inside(model: dict[str, Any], services: dict[str, Any]) -> None:
    assert model["networks"]["backend"]["internal"] is True
    for name in ("postgres", "redis", "migrate", "beat"):
        assert set(services[name]["networks"]) == {"backend"}
    for name in ("web", "worker"):
        assert set(services[name]["networks"]) == {"backend", "edge"}


SECRETS = {
    "SECRET_KEY": {"migrate", "web", "worker", "beat"},
    "TWILIO_AUTH_TOKEN": {"migrate", "web", "worker", "simulator"},
    "TWILIO_AUTH_TOKEN_ANTERIOR": {"migrate", "web", "worker"},
    "TWILIO_SHARED_KEYS": {"migrate", "web", "worker"},
    "EMAIL_HOST_PASSWORD": {"migrate", "web", "worker"},
    "METRICS_TOKEN": {"web"},
    "DJANGO_SUPERUSER_PASSWORD": {"migrate"},
    "POSTGRES_PASSWORD": {"postgres"},
    "REDIS_PASSWORD": {"redis"},
    "DATABASE_URL": {"migrate", "web", "worker", "beat"},
}


def test_it_tells_a_secret_to_nobody_who_needs_none(empty: Path) -> None:
    found = render(empty, {**MINIMAL_ENV, **dict.fromkeys(SECRETS, "un-secreto")})["services"]
    for name, who in SECRETS.items():
        assert {service for service, given in found.items() if name in given["environment"]} == who, name
    assert set(found["simulator"]["environment"]) == {"TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"}
    assert not [name for name, service in found.items() if service.get("env_file")]


def test_the_products_role_is_not_the_superuser(services: dict[str, Any]) -> None:
    """The file itself is run by test_postgres_role.py."""
    postgres = services["postgres"]
    assert (postgres["environment"]["POSTGRES_USER"], postgres["environment"]["POSTGRES_DB"]) == ("postgres", "sms")
    assert [config["target"] for config in postgres["configs"]] == ["/docker-entrypoint-initdb.d/sms.sql"]


def test_redis_asks_who_one_is(services: dict[str, Any], empty: Path) -> None:
    """Its rules are tried by every test of a whole system: tests/e2e/fixtures.py."""
    redis = services["redis"]
    command = redis["command"]
    assert command[command.index("--aclfile") + 1] in redis["entrypoint"][2]
    assert [config["target"] for config in redis["configs"]] == ["/etc/valkey.acl"]
    users = acl.users()
    assert users["default"] == ["on", "nopass", "resetkeys", "resetchannels", "-@all", "+ping"]
    assert users["sms"][:5] == ["on", acl.PLACE, "~*", "&*", "-@all"]
    assert not [rule for rule in users["sms"][5:] if not rule.startswith("+") or "@" in rule]
    own = render(empty, {**MINIMAL_ENV, "REDIS_PASSWORD": "otra"})["services"]
    assert own["redis"]["environment"]["REDIS_PASSWORD"] == "otra"
    assert own["web"]["environment"]["REDIS_URL"] == "redis://sms:otra@redis:6379/0"


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="GNU's or BusyBox's sha256sum is in the image")
def test_the_passwords_hash_takes_its_place(services: dict[str, Any], tmp_path: Path) -> None:
    script = services["redis"]["entrypoint"][2].replace("$$", "$")
    script = script.replace("/etc/valkey.acl", str(acl.FILE)).replace("/tmp/users.acl", str(tmp_path / "users.acl"))  # noqa: S108
    env = {"PATH": os.environ["PATH"], "REDIS_PASSWORD": "una clave"}
    done = subprocess.run(["sh", "-euc", script, "sh", "env"], env=env, capture_output=True, text=True, check=True)
    assert "REDIS_PASSWORD" not in done.stdout
    file = tmp_path / "users.acl"
    assert f" #{hashlib.sha256(b'una clave').hexdigest()} " in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600


def test_it_keeps_redis_on_disk_and_never_drops_a_task(services: dict[str, Any]) -> None:
    command = services["redis"]["command"]
    options = dict(zip(command[1::2], command[2::2], strict=True))
    for name in ("appendonly", "appendfsync", "save", "maxmemory-policy"):
        assert options[f"--{name}"] == valkey.SETTINGS[name]
    assert options["--appendonly"] == "yes"
    assert options["--maxmemory-policy"] == "noeviction"
    assert [mount["target"] for mount in services["redis"]["volumes"]] == ["/data"]


def test_it_keeps_the_data_of_postgres_18_where_its_image_puts_it(services: dict[str, Any]) -> None:
    assert services["postgres"]["image"] == "postgres:18-alpine"
    assert [mount["target"] for mount in services["postgres"]["volumes"]] == ["/var/lib/postgresql"]
