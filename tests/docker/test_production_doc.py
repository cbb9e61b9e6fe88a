"""docs/production.md is copied and pasted, so what it says is compared with what there is."""

import re

from tests.docker.compose import COMPOSE_FILE, MINIMAL_ENV
from tests.docker.variables import ROOT, shown

DOC = (ROOT / "docs" / "production.md").read_text()


def test_its_smallest_env_is_the_one_that_is_tested() -> None:
    [block] = re.findall(r"cat > \.env <<EOF\n(.*?)EOF\n", DOC, re.DOTALL)
    assert {line.partition("=")[0] for line in block.splitlines()} == set(MINIMAL_ENV)
    for name in ("TWILIO_FROM", "TWILIO_API_BASE_URL"):
        assert f"{name}={MINIMAL_ENV[name]}\n" in block


def test_it_names_only_variables_that_exist() -> None:
    named = set(re.findall(r"\b([A-Z]+(?:_[A-Z]+)+)\b", DOC))
    assert named <= {variable.name for variable in shown()}


def test_its_units_run_what_the_containers_run() -> None:
    written = " ".join(COMPOSE_FILE.read_text().replace("\n      - ", " ").split())
    for command in re.findall(r"`(celery -q [^`]+)`", DOC):
        for name in re.findall(r" (--?[a-zA-Z][a-z-]*=?)(?= |$)", command):
            assert f" {name}" in written, f"{name} of {command}"


def test_its_files_exist() -> None:
    for target in re.findall(r"\]\((\.\./[^)#]+)\)", DOC):
        assert (ROOT / "docs" / target).resolve().exists(), target
