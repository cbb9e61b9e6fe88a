"""TCP ports: the one asked for or none, and never somebody else's."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.stack import ports
from local.stack.errors import StackError
from tests.local.stack.support import environment, stack
from tests.ports import held, port_of


@pytest.fixture
def taken() -> Iterator[int]:
    """A port somebody listens on."""
    with ports.listen_loopback() as server:
        yield server.getsockname()[1]


def test_it_refuses_a_taken_port_in_one_line_and_starts_nothing(taken: int, tmp_path: Path) -> None:
    done = stack("up", "--data", str(tmp_path / "data"), env=environment(PORT=str(taken)))
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert f"port {taken} is taken" in done.stderr
    assert "PORT=" in done.stderr
    assert not (tmp_path / "data" / "run" / "stack.json").exists()
    assert not (tmp_path / "data" / "postgres" / "18").exists()


def test_it_finds_the_next_free_port(taken: int) -> None:
    with ports.listen_from("127.0.0.1", taken) as listener:
        assert taken < listener.getsockname()[1] < taken + ports.TRIES


def test_it_sees_a_stranger_on_the_other_loopback() -> None:
    """A browser asks ::1 before 127.0.0.1, and would show the stranger's pages."""
    try:
        stranger = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("this machine has no IPv6")
    port = stranger.getsockname()[1]
    with stranger, pytest.raises(StackError, match=f"port {port} is taken"):
        ports.listen("127.0.0.1", port)


def test_it_holds_the_port_from_the_check_on() -> None:
    with held() as holder, ports.listen("127.0.0.1", port_of(holder)), pytest.raises(StackError):
        ports.listen("127.0.0.1", port_of(holder))


def test_it_rejects_an_address_that_is_not_ours() -> None:
    with held() as holder, pytest.raises(StackError, match=r"203\.0\.113\.7"):
        ports.listen("203.0.113.7", port_of(holder))
