"""The locks: for each requirements file every package that it leads to, by version and hash."""

import hashlib
import re
from importlib.metadata import distribution

import pytest
from packaging.requirements import Requirement

from tests.docker.variables import ROOT

CHAINS = {
    "requirements": ["requirements"],
    "requirements-local": ["requirements", "requirements-local"],
    "requirements-dev": ["requirements", "requirements-local", "requirements-dev"],
    "requirements-simulator": ["requirements", "requirements-local"],
}
HASH = re.compile(r" {4}--hash=sha256:[0-9a-f]{64}( \\)?")
every_lock = pytest.mark.parametrize("name", CHAINS)


def heads(name: str) -> list[Requirement]:
    """Each package of the lock; one may stand there twice, for different Pythons."""
    lines = (ROOT / f"{name}.lock").read_text().splitlines()
    return [Requirement(line.removesuffix(" \\")) for line in lines if line and line[0] not in " #"]


def locked(name: str) -> dict[str, set[str]]:
    """Return the versions of each package."""
    found: dict[str, set[str]] = {}
    for head in heads(name):
        found.setdefault(plain(head.name), set()).add(str(head.specifier))
    return found


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def asked(name: str) -> list[Requirement]:
    lines = (line.partition("#")[0].strip() for line in (ROOT / f"{name}.txt").read_text().splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith("-r")]


@every_lock
def test_it_was_made_for_the_requirements_of_today(name: str) -> None:
    text = "".join((ROOT / f"{each}.txt").read_text().rstrip("\n") for each in CHAINS[name])
    first = (ROOT / f"{name}.lock").read_text().partition("\n")[0]
    assert first == f"# {hashlib.sha256(text.encode()).hexdigest()}", "run scripts/lock"


@every_lock
def test_it_holds_names_versions_and_hashes_and_nothing_else(name: str) -> None:
    lines = (ROOT / f"{name}.lock").read_text().splitlines()[1:]
    starts = {n for n, line in enumerate(lines) if line[0] != " "}
    for n, line in enumerate(lines):
        if n in starts:
            assert re.fullmatch(r"[a-z0-9._-]+(\[[a-z,]+\])?==[^ ]+( ; [a-zA-Z_ '<>=!.0-9()]+)? \\", line), line
            assert n + 1 not in starts, line
        else:
            assert HASH.fullmatch(line), line


@pytest.mark.parametrize("name", ["requirements", "requirements-local", "requirements-dev"])
def test_it_pins_what_the_requirements_pin(name: str) -> None:
    found = locked(name)
    for each in [requirement for part in CHAINS[name] for requirement in asked(part)]:
        assert found[plain(each.name)] == {str(each.specifier)}, each


def test_it_has_all_that_production_runs() -> None:
    here = {plain(head.name) for head in heads("requirements") if head.marker is None or head.marker.evaluate()}
    for each in asked("requirements"):
        assert plain(each.name) in here
        for need in map(Requirement, distribution(each.name).requires or ()):
            if need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in ("", *each.extras)):
                assert plain(need.name) in here, f"{need} of {each.name}"


@pytest.mark.parametrize("larger", ["requirements-local", "requirements-dev", "requirements-simulator"])
def test_the_locks_agree(larger: str) -> None:
    small, large = locked("requirements"), locked(larger)
    assert {name: large[name] for name in large if name in small}.items() <= small.items()


def test_the_simulators_is_its_server_alone() -> None:
    assert "aiohttp" in locked("requirements-simulator")
    assert not {"django", "celery", "twilio"} & set(locked("requirements-simulator"))
