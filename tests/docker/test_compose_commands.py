"""The commands of docker-compose.yml name modules, queues, options and times that exist."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from celery.bin.beat import beat as beat_command
from celery.bin.worker import worker as worker_command
from django.conf import settings
from django.core.management import get_commands

from core import gunicorn_conf, queues
from core.management.commands import ensure_admin
from core.ops import pulses
from local.simulator.config import read_config
from local.stack import parts, postgres, session
from tests.docker.compose import COMPOSE_FILE, MINIMAL_ENV, option, render, seconds
from tests.docker.dockerfile import all_of
from tests.docker.variables import ROOT, reads, shown

SIMULATOR_PORT = 8900


def celery_options(command: list[str], name: str) -> list[str]:
    """Return the options after the subcommand; those before it are checked here."""
    assert command[: command.index(name) + 1] == ["celery", "-q", "-A", "core", name]
    return command[command.index(name) + 1 :]


def test_it_starts_the_worker_with_options_that_celery_knows(services: dict[str, Any]) -> None:
    command = services["worker"]["command"]
    context = worker_command.make_context("worker", celery_options(command, "worker"), resilient_parsing=True)
    assert context.params["concurrency"] == settings.WORKER_THREADS
    assert option(command, "-P") == "threads"


def test_it_consumes_every_queue_that_is_used(services: dict[str, Any]) -> None:
    options = celery_options(services["worker"]["command"], "worker")
    context = worker_command.make_context("worker", options, resilient_parsing=True)
    assert not context.params["queues"]  # so it consumes all that are declared
    declared = {queue.name for queue in settings.CELERY_TASK_QUEUES}
    assert {queues.envios_of(tenant, settings.ENVIOS_QUEUES) for tenant in range(1000)} < declared
    assert settings.CELERY_TASK_DEFAULT_QUEUE in declared


def test_it_runs_the_worker_as_the_embedded_stack_does(services: dict[str, Any], tmp_path: Path) -> None:
    theirs = parts.worker({"WORKER_THREADS": "16"}, 1).command
    mine = services["worker"]["command"]
    assert set(mine[mine.index("worker") :]) ^ set(theirs[theirs.index("worker") :]) == {"worker@%h", "worker-1@%h"}


def test_it_gives_each_replica_a_name_of_its_own_and_asks_for_that_one(services: dict[str, Any]) -> None:
    worker = services["worker"]
    name = option(worker["command"], "-n")
    assert name.endswith("@%h")
    assert f'-d "{name.replace("%h", "$$HOSTNAME")}"' in worker["healthcheck"]["test"][1]
    assert "container_name" not in worker
    assert "hostname" not in worker


@pytest.mark.parametrize(("given", "replicas"), [({}, 2), ({"WORKER_PROCESSES": "5"}, 5)])
def test_it_scales_the_worker(given: dict[str, str], replicas: int, empty: Path) -> None:
    assert render(empty, {**MINIMAL_ENV, **given})["services"]["worker"]["deploy"]["replicas"] == replicas


def test_it_keeps_the_pool_and_its_connections_equal(empty: Path) -> None:
    worker = render(empty, {**MINIMAL_ENV, "WORKER_THREADS": "7"})["services"]["worker"]
    assert option(worker["command"], "-c") == worker["environment"]["WORKER_THREADS"] == "7"


def test_it_lets_calls_in_flight_end(services: dict[str, Any]) -> None:
    grace = seconds(services["worker"]["stop_grace_period"])
    assert grace > parts.WORKER_STOP_S > settings.TWILIO_CONNECT_TIMEOUT_S + settings.TWILIO_READ_TIMEOUT_S
    assert seconds(services["web"]["stop_grace_period"]) > gunicorn_conf.graceful_timeout


def test_it_starts_beat_once_as_the_embedded_stack_does(services: dict[str, Any]) -> None:
    command = services["beat"]["command"]
    beat_command.make_context("beat", celery_options(command, "beat"), resilient_parsing=True)
    theirs = parts.beat({}).command
    assert command[command.index("beat") :] == list(theirs[theirs.index("beat") :])
    assert "deploy" not in services["beat"]


@pytest.mark.parametrize("name", ["worker", "beat"])
def test_it_watches_the_pulse(name: str, services: dict[str, Any]) -> None:
    service = services[name]
    file = service["environment"]["PULSE_FILE"]
    assert file.startswith("/tmp/")  # noqa: S108 - the only place that may be written to
    assert service["healthcheck"]["test"][1].startswith(f"find {file} -mmin -1 | grep -q .")
    assert pulses.EVERY_S * 6 <= 60


def test_it_migrates_without_a_statement_timeout_and_makes_the_first_admin(services: dict[str, Any]) -> None:
    migrate = services["migrate"]
    shell, flag, script = migrate["command"]
    assert (shell, flag) == ("sh", "-c")
    steps = [step.split() for step in script.split(" && ")]
    assert [step[:3] for step in steps] == [["python", "manage.py", "migrate"], ["python", "manage.py", "ensure_admin"]]
    assert {step[2] for step in steps} <= set(get_commands())
    assert migrate["environment"]["DB_STATEMENT_TIMEOUT_MS"] == "0"


def test_it_keeps_the_first_password_out_of_every_log(services: dict[str, Any]) -> None:
    steps = services["migrate"]["command"][2].split(" && ")
    parser = ensure_admin.Command().create_parser("manage.py", "ensure_admin")
    options = parser.parse_args(steps[1].split()[3:])
    [mount] = services["migrate"]["volumes"]
    assert not options.print
    assert str(options.file.parent) == mount["target"]
    assert f"cat {options.file}" in (ROOT / "docs" / "production.md").read_text()
    # The volume takes its owner and its mode from the image.
    [made] = [each.text for each in all_of("RUN") if mount["target"] in each.text]
    assert f"install -d -o app -g app -m 700 {mount['target']}" in made
    others = [name for name, service in services.items() if name != "migrate"]
    assert not [name for name in others for each in services[name].get("volumes", []) if each["source"] == "first"]


def test_it_starts_the_simulator_with_options_that_it_knows(
    services: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    simulator = services["simulator"]
    for name in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"):
        monkeypatch.setenv(name, simulator["environment"][name])
    assert simulator["command"][:3] == ["python", "-m", "local.simulator"]
    config = read_config(simulator["command"][3:])
    assert (config.host, config.port) == ("0.0.0.0", SIMULATOR_PORT)  # noqa: S104
    assert [mount["target"] for mount in simulator["volumes"]] == [str(config.data)]
    assert f":{SIMULATOR_PORT}/_control/health" in simulator["healthcheck"]["test"][-1]


def test_it_lets_web_and_simulator_reach_each_other(services: dict[str, Any]) -> None:
    # The simulator calls PUBLIC_URL, that is localhost, and the workers call the simulator by its name.
    api = urlsplit(services["worker"]["environment"]["TWILIO_API_BASE_URL"])
    assert services["simulator"]["network_mode"] == "service:web"
    assert services["web"]["networks"]["backend"]["aliases"] == [api.hostname]
    assert api.port == SIMULATOR_PORT
    assert services["web"]["environment"]["PUBLIC_URL"] == "http://localhost:8000"


def test_it_moves_to_another_port_as_a_whole(empty: Path) -> None:
    web = render(empty, {**MINIMAL_ENV, "PORT": "9000", "BIND_ADDRESS": "10.0.0.1"})["services"]["web"]
    [port] = web["ports"]
    assert (port["host_ip"], port["published"], port["target"]) == ("10.0.0.1", "9000", 9000)
    assert web["environment"]["PORT"] == "9000"
    assert web["environment"]["PUBLIC_URL"] == "http://localhost:9000"


def test_it_hands_on_the_rest_of_the_operators_file_but_not_its_places(empty: Path) -> None:
    given = {"LOTE_SIZE": "123", "DEBUG": "1", "WEB_HOST": "127.0.0.1", "STATIC_ROOT": "/x", "REDIS_URL": "redis://x"}
    env = render(empty, {**MINIMAL_ENV, **given})["services"]["web"]["environment"]
    assert env["LOTE_SIZE"] == "123"
    assert (env["DEBUG"], env["WEB_HOST"], env["STATIC_ROOT"]) == ("0", "0.0.0.0", "/srv/static")  # noqa: S104
    assert env["REDIS_URL"] == f"redis://sms:{MINIMAL_ENV['POSTGRES_PASSWORD']}@redis:6379/0"


def test_it_makes_a_database_like_the_embedded_one(services: dict[str, Any]) -> None:
    command = services["postgres"]["command"]
    for name in ("jit", "max_wal_size"):
        assert f"-c{name}={postgres.SETTINGS[name]}" in command
    # Without the encoding initdb takes the one of the locale C, which is none, and refuses.
    arguments = "--encoding=UTF8 --locale=C --locale-provider=builtin --builtin-locale=C.UTF-8"
    assert services["postgres"]["environment"]["POSTGRES_INITDB_ARGS"] == arguments


def test_it_has_connections_for_every_thread(services: dict[str, Any]) -> None:
    [limit] = [word.partition("=")[2] for word in services["postgres"]["command"] if "max_connections" in word]
    assert session.connections({}) <= int(limit)


def test_every_variable_reaches_who_reads_it(empty: Path) -> None:
    """A name of .env.example that no container is given would do nothing."""
    given = {variable.name: MINIMAL_ENV.get(variable.name) or variable.value or "7" for variable in shown()}
    found = render(empty, given)["services"]
    reach = {name for service in found.values() for name in service["environment"]}
    # What the product reads at its start reaches both who answer and who send; these two are the web's alone.
    read = {each.name for each in reads() if each.place.startswith("core/settings.py") and each.name in given}
    assert read - set(found["web"]["environment"]) == set()
    assert read - set(found["worker"]["environment"]) == {"METRICS_TOKEN", "WEB_THREADS"}
    written = COMPOSE_FILE.read_text()
    assert [name for name in given if name not in reach and f"${{{name}" not in written] == []


@pytest.mark.parametrize("name", ["migrate", "web", "worker", "beat"])
def test_the_product_accepts_what_it_gets(name: str, services: dict[str, Any]) -> None:
    """System checks in each container's environment, as `migrate` runs them before anything starts."""
    env = {"PATH": os.environ["PATH"], **services[name]["environment"]}
    done = subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
