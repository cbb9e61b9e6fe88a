"""A request that its caller has given up must not reach Twilio afterwards: somebody else may have sent the message."""

import gc
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import Mock

import pytest

from core.clock import elapsed
from tests.local.fixtures import MakeGateway
from tests.local.scripted_server import answering, scripted_server
from tests.workers.gateway.raw import message_json
from workers.gateway import watchdog
from workers.gateway.outcomes import Accepted, Ambiguous

ACCEPTING = answering(201, message_json())
# More than the other side takes before it reads, so that a part stays with our kernel: some 14 KiB on the wire.
LONG = "ñ" * 1600

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux has these timers")


@contextmanager
def deaf_server() -> Iterator[socket.socket]:
    """A server that listens and has room for very little: nobody reads until the test does."""
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        listening.settimeout(10)
        yield listening


@contextmanager
def running(code: str, *args: str) -> Iterator[subprocess.Popen[bytes]]:
    """A Python process with this program, which is over afterwards whatever it does."""
    with subprocess.Popen((sys.executable, "-c", code, *args)) as process:
        try:
            yield process
        finally:
            process.kill()


def address(listening: socket.socket) -> str:
    return f"http://127.0.0.1:{listening.getsockname()[1]}"


def what_arrives(connection: socket.socket) -> bytes:
    """All that it has to say, read now, until it ends."""
    data = b""
    try:
        while chunk := connection.recv(65536):
            data += chunk
    except ConnectionResetError:
        pass
    return data


def is_whole(request: bytes) -> bool:
    head, _, body = request.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return bool(lengths) and len(body) == int(lengths[0].split(b":")[1])


def test_the_kernel_forgets_a_request_after_its_timeout(make_gateway: MakeGateway) -> None:
    with deaf_server() as listening:
        outcome = make_gateway(address(listening), read_timeout_s=0.3).send(
            to="+573001112233", body=LONG, callback_token="t"
        )
        assert isinstance(outcome, Ambiguous)
        connection, _ = listening.accept()
        with connection:
            connection.settimeout(10)
            assert not is_whole(what_arrives(connection))


SENDER = """
import sys
from tests.local.fixtures import CONFIG
from dataclasses import replace
from workers.gateway.twilio import TwilioGateway

gateway = TwilioGateway(replace(CONFIG, api_base_url=sys.argv[1], read_timeout_s=60.0))
gateway.send(to="+573001112233", body=sys.argv[2], callback_token="t")
"""


def test_the_kernel_forgets_the_request_of_a_killed_process() -> None:
    with deaf_server() as listening, running(SENDER, address(listening), LONG) as process:
        connection, _ = listening.accept()
        with connection:
            connection.settimeout(30)
            assert connection.recv(1, socket.MSG_PEEK)  # it is writing
            process.kill()
            process.wait()
            assert not is_whole(what_arrives(connection))


@linux
def test_the_kernel_stops_delivering_for_a_process_that_stands_still(make_gateway: MakeGateway) -> None:
    """Nobody closes anything here: the time alone ends it."""
    with scripted_server(ACCEPTING) as server:
        gateway = make_gateway(server.url, read_timeout_s=7.25)
        gateway.send(to="+573001112233", body="Hola", callback_token="t")
        (kept,) = gateway._posts._by_loop.values()
        (idle,) = kept._idle.values()
        assert idle[-1]._below is not None
        sock = idle[-1]._below.get_extra_info("socket")
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 7250
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


STOPPED = """
import os, signal, sys
from core.clock import elapsed
from tests.local.fixtures import CONFIG
from dataclasses import replace
from workers.gateway import wire
from workers.gateway.twilio import TwilioGateway

class Stopping:
    def __init__(self, transport):
        self.transport = transport
    def __getattr__(self, name):
        return getattr(self.transport, name)
    def write(self, data):
        os.kill(os.getpid(), signal.SIGSTOP)
        self.transport.write(data)

connected = wire.Connection.connected
wire.Connection.connected = lambda self, transport, below, sock: connected(self, Stopping(transport), below, sock)

gateway = TwilioGateway(replace(CONFIG, api_base_url=sys.argv[1], connect_timeout_s=0.5, read_timeout_s=0.5))
gateway.send(to="+573001112233", body="Hola", callback_token="t", not_after=elapsed() + 0.5)
"""


@linux
class TestStopped:
    """The process is stopped after it has looked at the time, and before it writes."""

    def test_it_writes_nothing_on_waking_too_late(self) -> None:
        with scripted_server(ACCEPTING) as server, running(STOPPED, server.url) as process:
            assert process.wait(30) == -signal.SIGKILL
            assert server.requests == []
            assert server.connections == 1

    def test_one_that_slept_before_it_looked_lives_on(self) -> None:
        code = STOPPED.replace("os.kill(os.getpid(), signal.SIGSTOP)", "pass").replace(
            "elapsed() + 0.5", "elapsed() - 60"
        )
        with scripted_server(ACCEPTING) as server, running(code, server.url) as process:
            assert process.wait(30) == 0
            assert server.requests == []

    def test_it_goes_on_when_it_wakes_in_time(self) -> None:
        code = STOPPED.replace("not_after=elapsed() + 0.5", "not_after=elapsed() + 60")
        with scripted_server(ACCEPTING) as server, running(code, server.url) as process:
            assert os.WIFSTOPPED(os.waitpid(process.pid, os.WUNTRACED)[1])
            process.send_signal(signal.SIGCONT)
            assert process.wait(30) == 0
            assert len(server.requests) == 1


@linux
class TestWatchdog:
    def test_a_block_that_ends_in_time_leaves_no_timer(self) -> None:
        for _ in range(3):
            with watchdog.ends_process(elapsed() + 0.05):
                pass
        time.sleep(0.1)

    def test_an_error_inside_leaves_none_either(self) -> None:
        with pytest.raises(ValueError, match="mine"), watchdog.ends_process(elapsed() + 0.05):
            raise ValueError("mine")
        time.sleep(0.1)

    def test_each_thread_has_its_own(self) -> None:
        code = """
import threading, time
from core.clock import elapsed
from workers.gateway.watchdog import ends_process

def late():
    with ends_process(elapsed() + 0.2):
        time.sleep(60)

threading.Thread(target=late).start()
while True:
    with ends_process(elapsed() + 60):
        time.sleep(0.01)
"""
        assert subprocess.run((sys.executable, "-c", code), timeout=30).returncode == -signal.SIGKILL

    def test_a_forked_child_makes_its_own(self) -> None:
        with watchdog.ends_process(elapsed() + 60):
            pass
        child = os.fork()
        if not child:
            try:
                with watchdog.ends_process(elapsed() + 0.2):
                    time.sleep(30)
            finally:
                os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL

    def test_one_that_could_not_be_made_deletes_no_other(self, monkeypatch: pytest.MonkeyPatch) -> None:
        libc = Mock()
        libc.timer_create.return_value = -1
        monkeypatch.setattr(watchdog, "_libc", lambda: libc)
        with pytest.raises(OSError):  # noqa: PT011 - whatever errno says
            watchdog._Timer()
        gc.collect()
        libc.timer_delete.assert_not_called()

    @pytest.mark.parametrize("fails", [1, 2], ids=["to set it", "to stop it"])
    def test_one_that_the_kernel_does_not_take_is_given_up(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, fails: int
    ) -> None:
        """It is said once; what is written goes out; and no timer that nobody can stop lives on."""
        libc = Mock()
        libc.timer_create.return_value = 0
        libc.timer_settime.side_effect = [0, -1] if fails == 2 else [-1]
        monkeypatch.setattr(watchdog, "_libc", lambda: libc)
        monkeypatch.setattr(watchdog, "_own", type("Own", (), {})())
        watchdog._say_once.cache_clear()
        done = []
        with watchdog.ends_process(elapsed() + 60):
            done.append(1)
        gc.collect()
        assert done == [1]
        assert watchdog._own.timer is None
        libc.timer_delete.assert_called_once()
        assert len(caplog.records) == 1

    def test_threads_that_end_give_their_timers_back(self) -> None:
        """A user has only so many: ulimit -i."""
        code = """
import threading
from core.clock import elapsed
from workers.gateway.watchdog import ends_process

def once():
    with ends_process(elapsed() + 60):
        pass

for _ in range(300):
    thread = threading.Thread(target=once)
    thread.start()
    thread.join()
print(sum(line.startswith("ID:") for line in open("/proc/self/timers")))
"""
        done = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, timeout=30, check=True)
        assert int(done.stdout) <= 1


@pytest.mark.parametrize("lacks", ["BOOTTIME", "a timer"])
def test_it_sends_where_there_is_no_such_timer(
    make_gateway: MakeGateway, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, lacks: str
) -> None:
    """macOS has none, and a user may have used up his."""

    class Refusing:
        def __init__(self) -> None:
            raise OSError(11, "Resource temporarily unavailable")

    if lacks == "BOOTTIME":
        monkeypatch.setattr(watchdog, "BOOTTIME", None)
        monkeypatch.setattr(watchdog, "_libc", watchdog._libc.__wrapped__)
    else:
        monkeypatch.setattr(watchdog, "_Timer", Refusing)
    monkeypatch.setattr(watchdog, "_own", type("Own", (), {})())
    watchdog._say_once.cache_clear()
    with scripted_server(ACCEPTING) as server:
        gateway = make_gateway(server.url)
        outcomes = [
            gateway.send(to="+573001112233", body="Hola", callback_token="t", not_after=elapsed() + 60)
            for _ in range(2)
        ]
    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    assert caplog.text.count("will not be ended") == 1
