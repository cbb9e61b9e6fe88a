"""docs/production.md is copied and pasted, so what it says is compared with what there is."""

import re
from pathlib import Path

from core.environment import SECRETS
from tests.docker.compose import COMPOSE_FILE, MINIMAL_ENV, render
from tests.docker.variables import ROOT, shown

DOC = (ROOT / "docs" / "production.md").read_text()


def test_its_smallest_env_is_the_one_that_is_tested() -> None:
    [block] = re.findall(r"cat > \.env <<EOF\n(.*?)EOF\n", DOC, re.DOTALL)
    assert {line.partition("=")[0] for line in block.splitlines()} == set(MINIMAL_ENV)
    for name in ("TWILIO_FROM", "TWILIO_API_BASE_URL"):
        assert f"{name}={MINIMAL_ENV[name]}\n" in block


def test_it_names_only_variables_that_exist() -> None:
    named = set(re.findall(r"\b([A-Z]+(?:_[A-Z]+)+)\b", DOC))
    known = {variable.name for variable in shown()}
    assert {name for name in named if not {name, name.removesuffix("_FILE")} & known} == set()


def test_its_secrets_in_files_are_what_compose_takes(empty: Path) -> None:
    [override] = re.findall(r"```yaml\n(x-files:.*?)```", DOC, re.DOTALL)
    (empty / "secretos").mkdir()
    services = render(empty, MINIMAL_ENV, override)["services"]
    for name in ("migrate", "web", "worker", "beat"):
        env, targets = services[name]["environment"], {each["source"] for each in services[name]["secrets"]}
        named = {value.removeprefix("/run/secrets/") for key, value in env.items() if key.endswith("_FILE") and value}
        assert named - targets <= {"/tmp/pulse"}  # noqa: S108
        assert {key.removesuffix("_FILE") for key in env if key.endswith("_FILE")} <= {*SECRETS, "ENV", "PULSE"}
    assert "twilio_auth_token" not in {each["source"] for each in services["beat"]["secrets"]}


def test_its_units_run_what_the_containers_run() -> None:
    written = " ".join(COMPOSE_FILE.read_text().replace("\n      - ", " ").split())
    for command in re.findall(r"`(celery -q [^`]+)`", DOC):
        for name in re.findall(r" (--?[a-zA-Z][a-z-]*=?)(?= |$)", command):
            assert f" {name}" in written, f"{name} of {command}"


def test_its_files_exist() -> None:
    for target in re.findall(r"\]\((\.\./[^)#]+)\)", DOC):
        assert (ROOT / "docs" / target).resolve().exists(), target
