"""Who runs PostgreSQL, which refuses root: several ways, and one clear line when none works."""

import os
import pwd
import subprocess
import sys

import pytest

from local.stack import identity
from local.stack.errors import StackError

AM_I_ROOT = "import os, sys; sys.exit(os.geteuid() == 0)"
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="about root")


@root_only
def test_it_finds_a_way_that_is_not_root() -> None:
    who = identity.find([sys.executable, "-I", "-c", AM_I_ROOT])
    assert who.flags[0] == "--as"


@root_only
def test_it_says_when_no_way_works() -> None:
    with pytest.raises(StackError, match="PostgreSQL does not run as root, and this machine lets root neither"):
        identity.find(["false"])


@pytest.mark.skipif(os.geteuid() == 0, reason="about everyone else")
def test_it_stays_who_it_is() -> None:
    assert identity.find(["false"]) == identity.Identity((), (os.geteuid(), os.getegid()))


@root_only
@pytest.mark.parametrize(("way", "bit"), [("reader", 1 << 2), ("override", 1 << 1)])
def test_it_keeps_one_capability_and_nothing_else_of_root(way: str, bit: int) -> None:
    command = identity.launch(["cat", "/proc/self/status"], flags=["--as", way], death_signal=9)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"this machine does not grant it: {done.stderr}")
    status = dict(line.split(":\t", 1) for line in done.stdout.splitlines() if ":\t" in line)
    nobody = str(pwd.getpwnam("nobody").pw_uid)
    assert status["Uid"].split() == [nobody] * 4
    assert status["Groups"].split() == []
    for kind in ("CapPrm", "CapEff", "CapInh", "CapAmb"):
        assert int(status[kind], 16) == bit
