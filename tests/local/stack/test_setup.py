"""The set-up that every command shares: quick when nothing changed, clear when it cannot, healed when cut off."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.local.stack.support import ROOT, environment

pytestmark = pytest.mark.stack

USE = 'source "$1/scripts/_setup"; setup requirements-local; echo "ready $VENV_PYTHON"'


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone that needs no package, so that no test needs the network; its path has a space."""
    path = tmp_path / "my clone"
    shutil.copytree(ROOT / "scripts", path / "scripts")
    (path / "requirements-local.txt").write_text("-r requirements.txt\n")
    require(path, "# none")
    return path


def require(clone: Path, text: str, lock: str = "") -> None:
    """Write the requirements, and their locks as `scripts/lock` does: the first line says for which they were made."""
    (clone / "requirements.txt").write_text(f"{text}\n")
    for name, of in (("requirements", text), ("requirements-local", f"{text}-r requirements.txt")):
        (clone / f"{name}.lock").write_text(f"# {hashlib.sha256(of.encode()).hexdigest()}\n{lock}\n")


def setup(clone: Path, **env: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["bash", "-c", USE, "bash", str(clone)],
        cwd="/",
        env=environment(**{"PYTHON": sys.executable, "PIP_NO_INDEX": "1", **env}),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def fake_python(folder: Path, code: str) -> str:
    """An interpreter that answers as `code`, a shell script, says."""
    path = folder / "python3"
    path.write_text(f"#!/bin/sh\n{code}\n")
    path.chmod(0o755)
    return str(path)


def only_error(done: "subprocess.CompletedProcess[str]") -> str:
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1, done.stderr
    return done.stderr


def test_it_makes_everything_once(clone: Path) -> None:
    first = setup(clone)
    assert first.stdout.splitlines()[-1] == f"ready {clone}/.venv/bin/python", first.stderr
    assert "Making .venv" in first.stdout
    assert setup(clone).stdout.splitlines() == [f"ready {clone}/.venv/bin/python"]
    require(clone, "# still none")
    assert "Installing requirements-local.lock" in setup(clone).stdout


def test_it_uses_no_lock_of_other_requirements(clone: Path) -> None:
    (clone / "requirements.txt").write_text("django\n")
    error = only_error(setup(clone))
    assert "requirements-local.lock was made for other requirements: run scripts/lock" in error
    (clone / "requirements-local.lock").unlink()
    assert "run scripts/lock" in only_error(setup(clone))


def test_it_heals_what_was_cut_off_and_says_where_pip_wrote_why(clone: Path) -> None:
    (clone / ".venv" / "bin").mkdir(parents=True)
    (clone / ".venv" / "bin" / "python").write_text("half a file")
    (clone / ".venv" / ".installing").touch()
    require(clone, "no-such-package==1", f"no-such-package==1 --hash=sha256:{'0' * 64}")
    error = only_error(setup(clone))
    assert "pip could not install requirements-local.lock" in error
    assert str(clone / ".data" / "log" / "setup.log") in error
    require(clone, "# none")
    again = setup(clone)
    assert again.returncode == 0, again.stderr
    assert "Making .venv" not in again.stdout  # what pip undid itself need not be made again
    assert not (clone / ".venv" / ".installing").exists()


def test_it_names_the_version_that_is_too_old(clone: Path) -> None:
    old = fake_python(clone, 'case "$*" in *--version*) echo "Python 3.9.2";; *) exit 1;; esac')
    assert "Python 3.11 or newer is needed and this machine has Python 3.9.2" in only_error(setup(clone, PYTHON=old))


def test_it_says_when_there_is_no_python(clone: Path) -> None:
    assert "no python9" in only_error(setup(clone, PYTHON="python9"))


def test_it_names_the_package_that_holds_venv(clone: Path) -> None:
    bare = fake_python(clone, f'case "$*" in *ensurepip*) exit 1;; *) exec "{sys.executable}" "$@";; esac')
    minor = sys.version_info.minor
    assert f"apt install python3.{minor}-venv" in only_error(setup(clone, PYTHON=bare))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_it_says_when_the_clone_cannot_be_written(clone: Path) -> None:
    clone.chmod(0o500)
    try:
        assert "cannot write in" in only_error(setup(clone))
    finally:
        clone.chmod(0o700)
