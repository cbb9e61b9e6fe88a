"""The simulator as a program: what survives its death, and how it fails to start."""

import os
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import urllib3

from local.simulator.client import SimulatorControl, SimulatorError
from tests.local.simulator.support import SENDER, create, listing
from tests.local.simulator_process import ACCOUNT_SID, AUTH_TOKEN, ROOT, RunningSimulator, running_simulator
from tests.workers.webhooks.listener import WebhookListener


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    account = {"TWILIO_ACCOUNT_SID": ACCOUNT_SID, "TWILIO_AUTH_TOKEN": AUTH_TOKEN}
    return subprocess.run(
        [sys.executable, "-m", "local.simulator", *arguments],
        cwd=ROOT,
        env={**os.environ, **account, **environment},
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
    )


def create_in_vain(simulator: RunningSimulator) -> None:
    with pytest.raises(urllib3.exceptions.HTTPError):
        create(simulator)


def test_what_it_answered_for_survives_kill_9(tmp_path: Path) -> None:
    with running_simulator(tmp_path) as simulator:
        sid = create(simulator).json["sid"]
        simulator.kill()
        simulator.restart()

        assert [row.sid for row in simulator.control.ledger()] == [sid]
        # And a new one does not take its place.
        assert create(simulator).json["sid"] != sid


def test_every_201_survives_kill_9_under_load(tmp_path: Path) -> None:
    with running_simulator(tmp_path, "--latency", "0.01") as simulator:
        answered: list[str] = []
        enough = threading.Event()

        def keep_sending(worker: int) -> None:
            for number in range(1000):
                try:
                    answer = create(simulator, To=f"+57300{worker:02d}{number:05d}")
                except Exception:  # killed under our feet, as planned
                    return
                answered.append(answer.json["sid"])
                if len(answered) >= 150:
                    enough.set()

        threads = [threading.Thread(target=keep_sending, args=(worker,)) for worker in range(8)]
        for thread in threads:
            thread.start()
        assert enough.wait(60)
        simulator.kill()
        for thread in threads:
            thread.join()
        simulator.restart()

        ledger = {row.sid for row in simulator.control.ledger()}
        assert set(answered) <= ledger
        # At most one more per connection: accepted, and cut before its answer.
        assert len(ledger) <= len(answered) + len(threads)
        assert simulator.control.stats().accepted == len(ledger)


def test_opt_outs_and_the_request_log_survive(tmp_path: Path) -> None:
    with running_simulator(tmp_path) as simulator:
        simulator.control.inbound(from_="+573001112233", to=SENDER, body="STOP")
        create(simulator)
        create(simulator, To="+573001110001")
        simulator.stop()
        simulator.restart()

        assert create(simulator).json["code"] == 21610
        simulator.stop()

    lines = (tmp_path / "requests.log").read_text().splitlines()
    assert [line.split()[3:5] for line in lines] == [["400", "21610"], ["201", "0"], ["400", "21610"]]
    assert lines[1].endswith("To=%2B573001110001&From=%2B15005550006&Body=Hola")


def test_it_reads_a_ledger_of_before_there_were_refusals(tmp_path: Path) -> None:
    with running_simulator(tmp_path) as simulator:
        old = create(simulator, To="+573001110001").json["sid"]
        simulator.stop()
        with sqlite3.connect(tmp_path / "ledger.sqlite3") as ledger:
            ledger.execute("DROP INDEX message_by_phone")
            for column in ("account", "refused", "listed", "rcs", "body_until", "to_until"):
                ledger.execute(f"ALTER TABLE message DROP COLUMN {column}")
        ledger.close()
        simulator.restart()
        create(simulator, To="whatever")

        listed = listing(simulator).json["messages"]
        assert [row["status"] == "failed" for row in listed] == [True, False]
        assert [row["sid"] for row in listing(simulator, To="+573001110001").json["messages"]] == [old]
        assert simulator.control.stats().accepted == 1


def test_callbacks_go_on_after_a_restart(tmp_path: Path, webhooks: WebhookListener) -> None:
    with running_simulator(tmp_path, "--send-delay", "0.1", "--delivery-delay", "0.9") as simulator:
        sid = create(simulator, StatusCallback=webhooks.url).json["sid"]
        webhooks.wait_for(2)
        simulator.kill()
        simulator.restart()
        simulator.control.wait_drained()

        # Those of the last second may be repeated, and then in any order, as Twilio's may.
        assert webhooks.statuses(sid)[:2] == ["sending", "sent"]
        assert set(webhooks.statuses(sid)[2:]) - {"sending", "sent"} == {"delivered"}


def test_it_stops_in_good_order(tmp_path: Path) -> None:
    with running_simulator(tmp_path) as simulator:
        create(simulator)
        simulator.control.set_faults({"kind": "hang"})
        thread = threading.Thread(target=create_in_vain, args=(simulator,))
        thread.start()
        while not simulator.control.stats().in_progress:
            time.sleep(0.01)
        simulator.stop()
        thread.join(5)

    assert simulator.process.returncode == 0
    assert simulator.errors == ""


def test_it_answers_again_on_the_socket_that_it_was_given(tmp_path: Path) -> None:
    """The holder of the socket holds the port: a call made while the simulator is down waits."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        for _ in range(2):
            waiting = socket.create_connection(listener.getsockname())
            process = subprocess.Popen(
                [sys.executable, "-m", "local.simulator", "--fd", str(listener.fileno()), "--data", str(tmp_path)],
                cwd=ROOT,
                env={**os.environ, "TWILIO_ACCOUNT_SID": ACCOUNT_SID, "TWILIO_AUTH_TOKEN": AUTH_TOKEN},
                stdout=subprocess.PIPE,
                text=True,
                pass_fds=(listener.fileno(),),
            )
            with process, waiting:
                assert process.stdout is not None
                assert process.stdout.readline() == f"simulator: listening on {url}\n"
                waiting.sendall(b"GET /_control/stats HTTP/1.0\r\n\r\n")
                assert waiting.recv(15) == b"HTTP/1.0 200 OK"
                process.kill()


def test_it_says_that_it_was_given_no_socket(tmp_path: Path) -> None:
    result = run("--fd", "0", "--data", str(tmp_path))

    assert result.returncode == 1
    assert result.stderr == "simulator: descriptor 0 is no socket that listens\n"


def test_it_says_that_the_port_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("--port", str(port), "--data", str(tmp_path))

    assert result.returncode == 1
    assert result.stderr == f"simulator: 127.0.0.1:{port} is already in use\n"


def test_it_says_that_the_data_is_unreadable(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite3").write_text("this is no database" * 100)
    result = run("--port", "0", "--data", str(tmp_path))

    assert result.returncode == 1
    assert result.stderr == f"simulator: {tmp_path}/ledger.sqlite3: file is not a database\n"


def test_it_says_that_the_data_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run("--port", "0", "--data", str(tmp_path / "file" / "data"))

    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1


def test_it_says_that_the_data_is_in_use(tmp_path: Path) -> None:
    with running_simulator(tmp_path):
        result = run("--port", "0", "--data", str(tmp_path))

    assert result.returncode == 1
    assert result.stderr == f"simulator: {tmp_path} is in use by another simulator\n"


def test_it_requires_an_account(tmp_path: Path) -> None:
    result = run("--port", "0", "--data", str(tmp_path), TWILIO_AUTH_TOKEN="")

    assert result.returncode == 1
    assert "TWILIO_AUTH_TOKEN" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_it_listens_on_this_machine_only(tmp_path: Path) -> None:
    with running_simulator(tmp_path) as simulator:
        SimulatorControl(simulator.url).wait_ready()

        assert simulator.url.startswith("http://127.0.0.1:")


def test_it_imports_nothing_of_the_product() -> None:
    code = (
        "import sys, local.simulator.server, local.simulator.client\n"
        "rooms = ('django', 'twilio', 'celery', 'core', 'clientes', 'campaigns', 'workers.gateway')\n"
        "print([name for name in sys.modules if name.split('.')[0] in rooms or name in rooms])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=10, check=True
    )

    assert result.stdout.strip() == "[]"


class TestClient:
    def test_it_says_that_nobody_is_there(self) -> None:
        with pytest.raises(SimulatorError, match="no simulator at"):
            SimulatorControl("http://127.0.0.1:9").wait_ready(timeout_s=0.1)

    def test_it_reads_the_ledger(self, tmp_path: Path) -> None:
        with running_simulator(tmp_path) as simulator:
            # More than one batch of the stream.
            numbers = [f"+5730011{number:05d}" for number in range(501)]
            with ThreadPoolExecutor(16) as threads:
                sids = [answer.json["sid"] for answer in threads.map(lambda to: create(simulator, To=to), numbers)]
            rows = list(simulator.control.ledger())

            assert sorted(row.sid for row in rows) == sorted(sids)
            assert [row.id for row in rows] == sorted(row.id for row in rows)
            assert {row.to for row in rows} == set(numbers)
            assert (rows[0].from_, rows[0].body) == (SENDER, "Hola")
            assert list(simulator.control.ledger(since_id=rows[-2].id)) == rows[-1:]
            assert [row.sid for row in simulator.control.ledger(to=numbers[7])] == [sids[7]]
            assert list(simulator.control.ledger(to="+573009999999")) == []
