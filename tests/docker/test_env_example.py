""".env.example shows every variable that is read, none that is not, and the defaults that the code has."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.docker.compose import MINIMAL_ENV
from tests.docker.variables import EXAMPLE, ROOT, Read, Shown, reads, shown

SHOWN = {variable.name: variable for variable in shown()}
# The settings default of LEASE_S and the like is computed, so it cannot be compared.
WITH_DEFAULTS = [read for read in reads() if read.default not in (None, "")]


def test_it_shows_every_variable_that_is_read() -> None:
    missing = {read.name: read.place for read in reads() if read.name not in SHOWN}
    assert not missing, "add these to .env.example"


def test_it_shows_no_variable_that_nobody_reads() -> None:
    assert set(SHOWN) <= {read.name for read in reads()}


def test_it_shows_each_once() -> None:
    assert [name for name, times in Counter(variable.name for variable in shown()).items() if times > 1] == []


@pytest.mark.parametrize("read", WITH_DEFAULTS, ids=lambda read: f"{read.name}@{read.place}")
def test_it_shows_the_default_of_the_code(read: Read) -> None:
    value = SHOWN[read.name].value
    match read.default:
        case bool():
            assert (value == "1") is read.default
        case int() | float():
            assert float(value) == read.default
        case _:
            assert value == read.default


@pytest.mark.parametrize("variable", shown(), ids=lambda variable: variable.name)
def test_it_sets_nothing_but_blanks(variable: Shown) -> None:
    # Copied as it is, it must change nothing; and a value here would be a secret that everybody knows.
    assert not variable.active or variable.value == ""


def test_it_explains_each() -> None:
    lines = EXAMPLE.read_text().splitlines()
    for number, line in enumerate(lines):
        if line.partition("=")[0].removeprefix("# ") in SHOWN:
            # A comment above it, or above the few that it belongs with.
            above = next(
                text for text in reversed(lines[:number]) if text.removeprefix("# ").partition("=")[0] not in SHOWN
            )
            assert above.startswith("# "), line


def test_the_product_starts_with_every_default_written_out(tmp_path: Path) -> None:
    values = {**{name: variable.value for name, variable in SHOWN.items()}, **MINIMAL_ENV}
    values |= {"DATABASE_URL": "postgresql://sms@localhost/sms", "REDIS_URL": "redis://localhost:6379/0"}
    file = tmp_path / "env"
    file.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "ENV_FILE": str(file)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
